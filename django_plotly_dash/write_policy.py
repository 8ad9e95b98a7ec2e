"""Who may save the state of an instance by using it. What cannot be decided is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import iscoroutinefunction
from django.utils.module_loading import import_string

from .conf import app_settings
from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .djangodash import DjangoDash
    from .models import DashApp

Policy = Callable[[Any, "DashApp", "HttpRequest"], bool]
logger = logging.getLogger("django_plotly_dash")


def _anybody(user: Any, instance: DashApp, request: HttpRequest) -> bool:
    return True


def _with_permission(name: str) -> Policy:
    def policy(user: Any, instance: DashApp, request: HttpRequest) -> bool:
        return bool(user is not None and user.has_perm(f"django_plotly_dash.{name}"))

    return policy


def _owner(user: Any, instance: DashApp, request: HttpRequest) -> bool:
    if user is None or not user.is_authenticated or not user.is_active:
        return False
    return bool(user.is_superuser or user.pk == getattr(instance, "owner_id", None))


POLICIES: Final[dict[str, Policy]] = {
    "anybody": _anybody,
    "change_permission": _with_permission("change_dashapp"),
    "save_permission": _with_permission("save_dashapp_state"),
    "owner": _owner,
}


def refuse_unknown(given: Any, where: str) -> None:
    """Raise for what cannot be a policy. A dotted path is not imported yet: its module may need the apps.

    Args:
        given: what was given.
        where: where it was given, for the error.

    Raises:
        ConfigurationError: it is none of the names, no dotted path and no function.
    """
    if iscoroutinefunction(given):
        raise ConfigurationError(f"{where} is {given!r}, a coroutine function. It has to be an ordinary one.")
    if callable(given) or (isinstance(given, str) and (given in POLICIES or "." in given.strip("."))):
        return
    raise ConfigurationError(
        f"{where} is {given!r}. It has to be one of {', '.join(map(repr, POLICIES))}, or a function of user, instance "
        "and request that returns True or False, or its dotted path."
    )


def policy_of(app: DjangoDash) -> Policy:
    """The policy of an app: its own, else that of the settings.

    Raises:
        ConfigurationError: it is not one, or cannot be imported.
    """
    if app.state_write_policy is not None:
        return _resolved(app.state_write_policy, f"state_write_policy of the app {app.app_name!r}")
    return policy_of_settings()


def policy_of_settings() -> Policy:
    """The policy of ``PLOTLY_DASH["state_write_policy"]``. Errors are those of ``policy_of``."""
    return _resolved(app_settings().state_write_policy, "settings.PLOTLY_DASH['state_write_policy']")


def _resolved(given: Any, where: str) -> Policy:
    refuse_unknown(given, where)
    if callable(given):
        return given  # type: ignore[no-any-return]
    if given in POLICIES:
        return POLICIES[given]
    try:
        found = import_string(given)
    except ImportError as error:
        raise ConfigurationError(f"{where} is {given!r}, which cannot be imported: {error}.") from error
    return _resolved(found, f"What {where} names")


def may_save(instance: DashApp, app: DjangoDash, request: HttpRequest) -> bool:
    """Whether the user of a request may save the state of an instance. A policy that raises says no, and is logged.

    Raises:
        ConfigurationError: there is no such policy.
    """
    policy = policy_of(app)
    try:
        # Anything but True is no: the coroutine of an async function, which nobody awaits, would pass for a yes.
        return policy(getattr(request, "user", None), instance, request) is True
    except Exception:  # whatever the site's function raises
        logger.exception("The state_write_policy of %s failed; the state of %s is not saved", app.app_name, instance)
        return False
