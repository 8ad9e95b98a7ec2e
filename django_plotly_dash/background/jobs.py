"""What stands between Dash and a manager: one object for each background callback.

Dash asks it as if it were the manager. It finds the manager, decides what goes to the broker and under which key a
result lies. One job function serves all callbacks of a manager, and the sealed facts say which is meant: callbacks of
two apps cannot be taken for one another, and a worker with other code says so.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from dash import NoUpdate
from dash.background_callback.managers import BaseBackgroundCallbackManager
from dash.exceptions import PreventUpdate

from .. import context
from ..conf import app_settings
from ..exceptions import ConfigurationError, RequestError
from . import managers, travel
from .handles import Handle, digest, keyed_digest
from .lost import as_error, contact_with, for_reader, is_error, trouble
from .sharing import seen_by, sees_request, sees_user
from .store import JobRecord, ResultStore, store_of

if TYPE_CHECKING:
    from ..context import RequestContext

UNDEFINED: Final = BaseBackgroundCallbackManager.UNDEFINED


class BackgroundCallback:
    """One background callback of one app, or of several that share it; to Dash, the manager.

    Args:
        callback_id: Dash's id of the callback.
        own_manager: what was given as ``manager=``: a manager, a function that makes one, a dotted path, or None.
        takes_progress: the function wants ``set_progress`` as its first argument.
        no_output: the callback has no outputs.

    Attributes:
        function: the user's function, which also gets its extra arguments. To who asks for its signature, as MCP
            does for the names of a tool's arguments, it shows nothing of ``set_progress``.
    """

    UNDEFINED = UNDEFINED
    # Dash looks up the job function here and hands it back to ``call_job_fn``, which needs none.
    func_registry: Final[dict[str, Any]] = {}

    def __init__(self, callback_id: str, own_manager: Any, takes_progress: bool, no_output: bool) -> None:
        self.callback_id = callback_id
        self.takes_progress = takes_progress
        self._function: Callable[..., Any] = _not_decorated
        self._own_manager = own_manager
        self._no_output = no_output

    @property
    def function(self) -> Callable[..., Any]:
        return self._function

    @function.setter
    def function(self, function: Callable[..., Any]) -> None:
        self._function = function
        if self.takes_progress:
            signature = inspect.signature(function)
            visible = list(signature.parameters.values())[1:]
            function.__signature__ = signature.replace(parameters=visible)  # type: ignore[attr-defined]

    @property
    def manager(self) -> BaseBackgroundCallbackManager:
        """The manager of the callback, of the app that answers, or of the settings.

        Raises:
            ConfigurationError: there is none, or what was given is not one.
        """
        return self.manager_of(context.require().app)

    def manager_of(self, app: Any) -> BaseBackgroundCallbackManager:
        """The manager of the callback where it serves ``app``. Errors are those of ``manager``."""
        for given, where in (
            (self._own_manager, f"manager= of the callback {self.callback_id!r}"),
            (app._background_manager, f"background_callback_manager= of {app!r}"),
            (app_settings().background_callback_manager, "settings.PLOTLY_DASH['background_callback_manager']"),
        ):
            if given is not None:
                return managers.resolve(given, where)
        raise ConfigurationError(
            f"The background callback {self.callback_id!r} of {app!r} has no manager. Give one as "
            "DjangoDash(..., background_callback_manager=...), as manager= of the callback, or to all apps as "
            "PLOTLY_DASH['background_callback_manager'], a dotted path."
        )

    def store_for(self, app: Any) -> ResultStore | None:
        """The result store of the manager; None for a kind of manager that is not Dash's."""
        return store_of(self.manager_of(app))

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the extra arguments that the function gets."""
        return tuple(getattr(self.function, "extras", ()))

    # --- what Dash asks a manager -------------------------------------------------------------------------------

    @property
    def expire(self) -> Any:
        return getattr(self.manager, "expire", None)

    def build_cache_key(self, function: Any, args: Any, ignored: Any, triggered: Any) -> str:
        """The key of a result. Without caching, it is this one job's: two users who ask the same must not take
        each other's results away. With caching, it holds whatever the function can see beside its arguments."""
        manager = self.manager
        if not manager.cache_by:
            return uuid4().hex
        found = context.require()
        asked = manager.build_cache_key(function, args, ignored, triggered)
        return digest(asked, self.callback_id, *seen_by(found, self.wanted))

    def call_job_fn(self, key: str, job_function: None, args: Any, values: Any) -> str:
        """Hand a job to the manager; what it gives goes to the browser, signed."""
        try:
            return str(self._start(key, args, values))
        finally:
            self._leave_thread()

    def _start(self, key: str, args: Any, values: Any) -> Handle:
        manager, found = self.manager, context.require()
        handle = Handle(uuid4().hex, *self._owner(found), str(int(time.time())))
        # A result that is kept for others must not depend on what the key does not hold.
        own = not manager.cache_by
        facts = travel.facts_of(
            found, self.callback_id, handle.job, self.wanted, sees_user=own or sees_user(self.wanted)
        )
        sent = travel.crossing(values, facts, sees_request=own or sees_request(self.wanted))
        record = self._record(handle)
        if record is not None:
            record.queue()
        if manager.cache_by and manager.result_ready(key):
            return handle
        function = manager.func_registry[managers.JOB]
        return handle.with_task(managers.name_of_task(manager, manager.call_job_fn(key, function, args, sent)))

    def get_progress(self, key: str) -> Any:
        try:
            return self.manager.get_progress(key)
        except self._errors:
            return None

    def result_ready(self, key: str) -> bool:
        return bool(self.manager.result_ready(key))

    def get_result(self, key: str, job: str | None) -> Any:
        """The result, an error as Dash writes it, or ``UNDEFINED`` while the job goes on.

        Raises:
            RequestError: the job is another user's or another callback's.
            PreventUpdate: the job was cancelled.
        """
        handle = self._handle(job)
        memory = context.require().scratch
        memory.background_over = False
        memory.background_props = {}
        contact = contact_with(self.manager)
        try:
            value = self._result(key, handle)
            contact.made()
        except self._errors as error:
            lease = app_settings().background_callback_lease
            if handle.age <= lease or not contact.is_lost_for(lease):
                return UNDEFINED
            value = as_error(f"The result store does not answer: {error}")
        finally:
            self._leave_thread()
        memory.background_over = value is not UNDEFINED
        if is_error(value):
            value = for_reader(value)
        if self._no_output and NoUpdate.is_no_update(value):
            return None  # Dash refuses anything else of a callback without outputs
        return value

    def get_updated_props(self, key: str | None) -> dict[str, Any]:
        """What the worker has set, read together with the result.

        Raises:
            RequestError: the browser's handle was not signed by this site, or for another page.
        """
        memory = context.require().scratch
        if key is None or not hasattr(memory, "background_props"):
            raise RequestError("This page's background job is not known here any more. Reload the page.")
        if store_of(self.manager) is None:
            return self.manager.get_updated_props(key)  # type: ignore[no-any-return]
        props: dict[str, Any] = memory.background_props
        return props

    def job_running(self, job: str) -> bool:
        over = getattr(context.require().scratch, "background_over", None)
        if over is not None:
            return not over
        handle = self._handle(job)
        record = self._record(handle)
        cancelled = record is not None and record.is_cancelled()
        return not cancelled and trouble(self.manager, handle, record) is None

    def terminate_job(self, job: str | None) -> None:
        """Cancel a job. One button may cancel jobs of several callbacks; the handle tells whose it is."""
        if job is None:
            return
        app = context.require().app
        for callback in [self, *background_callbacks(app.callback_map.values())]:
            handle = Handle.parse(job)
            if (handle.callback, handle.user) == callback._owner(context.require()):
                callback._cancel(handle)
                callback._leave_thread()
                return

    def terminate_unhealthy_job(self, job: str) -> bool:
        return False

    # --- jobs ---------------------------------------------------------------------------------------------------

    @property
    def _errors(self) -> tuple[type[BaseException], ...]:
        store = store_of(self.manager)
        return store.errors if store is not None else ()

    def _owner(self, found: RequestContext) -> tuple[str, str]:
        instance = found.instance.slug if found.instance is not None else ""
        user = travel.user_key(found.request) or ""
        return digest(found.app.slug, instance, self.callback_id)[:12], keyed_digest(user)[:12]

    def _leave_thread(self) -> None:
        """The thread of a request may end with it, and diskcache has a connection for each thread."""
        store = store_of(self.manager)
        if store is not None:
            store.close_thread()

    def _handle(self, job: str | None) -> Handle:
        handle = Handle.parse(job or "")
        if (handle.callback, handle.user) != self._owner(context.require()):
            raise RequestError("This background job is not known here, or belongs to another login.", 403)
        return handle

    def _record(self, handle: Handle) -> JobRecord | None:
        store = store_of(self.manager)
        return JobRecord(store, handle.job) if store is not None else None

    def _cancel(self, handle: Handle) -> None:
        record = self._record(handle)
        if record is not None:
            record.cancel()
        task = managers.living_task(self.manager, handle.task)
        if task:
            self.manager.terminate_job(task)

    def _result(self, key: str, handle: Handle) -> Any:
        manager: Any = self.manager
        record = self._record(handle)
        value = manager.get_result(key, None)
        if value is UNDEFINED:
            if record is not None and record.is_cancelled():
                raise PreventUpdate
            reason = trouble(manager, handle, record)
            if reason is not None:
                # It may have come while we were looking.
                value = manager.get_result(key, None)
                if value is UNDEFINED:
                    self._cancel(handle)  # should it wake up, nobody waits for it
                    value = as_error(reason)
        if is_error(value) and manager.cache_by:
            manager.clear_cache_entry(key)  # the next one who asks shall not get the error from the cache
        if record is not None:
            context.require().scratch.background_props = record.take_props()
            if value is not UNDEFINED:
                record.delete()
        return value


def background_callbacks(entries: Iterable[dict[str, Any]]) -> list[BackgroundCallback]:
    """Those among the entries of a callback map that run in the background."""
    found = [(entry.get("background") or {}).get("manager") for entry in entries]
    return [callback for callback in found if isinstance(callback, BackgroundCallback)]


def _not_decorated(*args: Any, **kwargs: Any) -> Any:
    raise ConfigurationError("The background callback has no function yet.")
