"""Who may see and call what. A name that cannot be found raises; nothing is open by mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required as django_login_required
from django.utils.module_loading import import_string

from .conf import app_settings
from .exceptions import ConfigurationError

View = Callable[..., Any]


def login_required(view_function: View, **kwargs: Any) -> View:
    """A value for ``PLOTLY_DASH["view_decorator"]``: every page and every callback asks for a login.

    Args:
        view_function: the view, sync or async.
        kwargs: ``route_name``, ``url_part`` and ``name`` of the URL, which are not used.
    """
    return django_login_required(view_function)


def decorated(view: View, *, route_name: str, url_part: str, name: str) -> View:
    """The view inside the decorator that the settings name, if they name one.

    Args:
        route_name: ``app`` or ``instance``.
        url_part: what follows the app's prefix.
        name: main, layout, dependencies, update-component, component-suites, asset-redirect or routes.

    Raises:
        ConfigurationError: the decorator cannot be imported.
    """
    decorator = view_decorator()
    return decorator(view, route_name=route_name, url_part=url_part, name=name) if decorator else view


def view_decorator() -> Callable[..., View] | None:
    """The decorator that ``PLOTLY_DASH["view_decorator"]`` names.

    Raises:
        ConfigurationError: it cannot be imported, or cannot be called.
    """
    given = app_settings().view_decorator
    try:
        found = import_string(given) if isinstance(given, str) else given
    except ImportError as error:
        raise ConfigurationError(
            f"settings.PLOTLY_DASH['view_decorator'] is {given!r}, which cannot be imported: {error}. "
            "Give the dotted path of a function, such as 'django_plotly_dash.access.login_required'."
        ) from error
    if found is not None and not callable(found):
        raise ConfigurationError(f"settings.PLOTLY_DASH['view_decorator'] is {given!r}, which cannot be called.")
    return found
