"""Who may listen to a pipe, and who may send to one: ``PLOTLY_DASH["pipe_access"]``."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any, Final, Literal

from asgiref.sync import iscoroutinefunction
from django.utils.module_loading import import_string

from .conf import app_settings
from .exceptions import ConfigurationError
from .scopes import Scope, Visitor, in_thread

Action = Literal["subscribe", "publish"]
# Seconds for which an answer holds for a subscription.
ANSWER_SECONDS: Final = 10.0
logger = logging.getLogger("django_plotly_dash")


def hook() -> Callable[..., Any] | None:
    """The function that ``PLOTLY_DASH["pipe_access"]`` names.

    Raises:
        ConfigurationError: it cannot be imported, or cannot be called.
    """
    given = app_settings().pipe_access
    try:
        found = import_string(given) if isinstance(given, str) else given
    except ImportError as error:
        raise ConfigurationError(
            f"settings.PLOTLY_DASH['pipe_access'] is {given!r}, which cannot be imported: {error}. "
            "Give the dotted path of a function (user, channel_name, label, action, scope) -> bool."
        ) from error
    if found is not None and not callable(found):
        raise ConfigurationError(f"settings.PLOTLY_DASH['pipe_access'] is {given!r}, which cannot be called.")
    return found


def is_open() -> bool:
    """Whether anybody may listen to anything."""
    return app_settings().pipe_access is None


async def allows(visitor: Visitor, channel_name: str, label: str | None, action: Action, scope: Scope) -> bool | None:
    """Whether this visitor may do this; None if it cannot be told now. Without a hook all may listen, none may send.

    Args:
        action: ``subscribe`` or ``publish``.
        scope: the ASGI scope of the websocket.
    """
    try:
        function = hook()
        if function is None:
            return action == "subscribe"
        arguments = channel_name, label, action, scope
        if iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None)):
            answer = function(await in_thread(visitor.user), *arguments)
        else:
            answer = await in_thread(lambda: function(visitor.user(), *arguments))
        if inspect.isawaitable(answer):
            answer = await answer
    except Exception:  # whatever the site's function raises: nothing is open by mistake
        logger.exception("pipe_access failed for %r of the pipe channel %r: refused.", label, channel_name)
        return None
    return bool(answer)
