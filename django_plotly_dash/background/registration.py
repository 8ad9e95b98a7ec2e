"""What is done about background callbacks before anybody asks for one: when they are registered, and at start-up."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from types import FunctionType, MethodType
from typing import Any

import dash

from .. import standalone
from ..exceptions import ConfigurationError
from .jobs import BackgroundCallback, background_callbacks


def attach(entry: dict[str, Any], callback_id: str) -> None:
    """Put a ``BackgroundCallback`` in the manager's place, where Dash looks for it.

    Args:
        entry: the callback's entry of Dash's callback map; nothing happens if it is not a background callback.

    Raises:
        ConfigurationError: this release of Dash does not sign what it hands to the browser.
    """
    background = entry["background"]
    if not background or isinstance(background.get("manager"), BackgroundCallback):
        return
    if find_spec("dash._callback_signing") is None:
        raise ConfigurationError(
            f"The background callback {callback_id!r} needs Dash 4.4 or later. This is Dash {dash.__version__}, which "
            "gives the browser unsigned keys of results and jobs: anybody could read a result or end a job."
        )
    standalone.help_workers()
    callback = BackgroundCallback(callback_id, entry["manager"], bool(background.get("progress")), entry["no_output"])
    background["manager"] = callback
    entry["manager"] = callback


def with_source(function: Callable[..., Any]) -> Callable[..., Any]:
    """The wrapper of a callback, so that Dash can read its source: it asks for that of what is wrapped, and fails
    where that is a partial or an object that can be called."""
    if not isinstance(inspect.unwrap(function), (FunctionType, MethodType)):
        del function.__wrapped__  # type: ignore[attr-defined]
    return function


def prepare(app: Any, entries: Iterable[dict[str, Any]]) -> None:
    """Make the managers of an app's background callbacks, so that a Celery worker knows their task.

    Raises:
        ConfigurationError: a manager cannot be made.
    """
    for callback in background_callbacks(entries):
        callback.manager_of(app)
