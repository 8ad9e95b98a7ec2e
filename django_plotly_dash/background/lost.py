"""How a job is noticed that will never end, and what its page gets then: an error, rather than nothing for ever."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from dash.background_callback.managers import BaseBackgroundCallbackManager

from .. import context
from ..conf import app_settings
from . import managers
from .handles import Handle
from .store import Contact, JobRecord

_contacts: WeakKeyDictionary[BaseBackgroundCallbackManager, Contact] = WeakKeyDictionary()


def contact_with(manager: BaseBackgroundCallbackManager) -> Contact:
    """When the result store of a manager has last answered this process."""
    return _contacts.setdefault(manager, Contact())


def trouble(manager: BaseBackgroundCallbackManager, handle: Handle, record: JobRecord | None) -> str | None:
    """Why no result will come, or None as long as one may."""
    failure = _failure_of_task(manager, handle)
    if failure is not None or record is None:
        return failure
    lease, longest_wait = app_settings().background_callback_lease, app_settings().background_callback_queue_timeout
    state, seconds = record.state()
    if state == "queued" and seconds > longest_wait:
        return f"No worker has begun with it for {longest_wait} seconds."
    if state == "running" and seconds > lease:
        return "Its worker has given no sign of life any more. It was killed, or has lost the result store."
    if state == "missing" and seconds > lease:
        return "The result store knows nothing of it any more."
    return None


def _failure_of_task(manager: Any, handle: Handle) -> str | None:
    """What the manager itself knows of a job that has ended, and ended without storing a result."""
    if not handle.task:
        return None
    if hasattr(manager, "get_task"):
        task = manager.get_task(handle.task)
        status = task.status
        if status == "FAILURE":
            return f"{type(task.result).__name__}: {task.result}"
        if status == "REVOKED":
            return "It was revoked."
        return "It has ended, and its result is gone." if status == "SUCCESS" else None
    task = managers.living_task(manager, handle.task)
    if task and manager.job_running(task):
        return None
    return "Its process has ended without a result."


def as_error(message: str) -> dict[str, Any]:
    """A message in the place of a result, in the form in which Dash stores what a callback has raised."""
    return {"background_callback_error": {"msg": f"The job was lost. {message}", "tb": ""}}


def is_error(value: Any) -> bool:
    """True for a result in that form."""
    return isinstance(value, dict) and "background_callback_error" in value


def for_reader(error: dict[str, Any]) -> dict[str, Any]:
    """The error as whoever asks may see it: Dash sends all of it to clients of MCP. A page gets an answer that shows
    nothing of it, unless dev tools are on."""
    app = context.require().app
    if app.mcp_callback_map is None:
        return error
    shown = error["background_callback_error"]["msg"] if app.backend.show_errors else "The server could not answer."
    return {"background_callback_error": {"msg": shown, "tb": ""}}
