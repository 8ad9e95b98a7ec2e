"""Callbacks of ``dash.callback`` and ``dash.clientside_callback``, which name no app.

They wait here, with a note of where they came from, until their app is set up.
"""

from __future__ import annotations

import functools
import inspect
import logging
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any

from dash import _callback
from dash.background_callback.managers import BaseBackgroundCallbackManager as _Managers

from .. import background, context
from .. import registry as apps
from ..attribution import Origin, owners
from ..exceptions import InjectionError, RegistrationError
from ..injection import error_handler, inject_callback
from ..json_values import returning_plain
from ..signatures import BACKGROUND_EXTRAS, EXTRAS, DashArguments, is_async
from .current import app_of_import
from .pages import check_pages

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

logger = logging.getLogger("django_plotly_dash")
_api_paths: set[str] = set()


@dataclass(slots=True)
class Registration:
    """One call of ``dash.callback`` or ``dash.clientside_callback``.

    Attributes:
        in_request: it came while an app answered a request, from a layout function that imports a module for instance.
        is_named: the log has been told that nobody knows whose it is.
    """

    callback_id: str
    origin: Origin
    entry: dict[str, Any]
    spec: dict[str, Any] = field(default_factory=dict)
    script: str | None = None
    run: Any = None
    repeats: list[dict[str, Any]] = field(default_factory=list)
    in_request: bool = False
    is_named: bool = False

    @property
    def is_complete(self) -> bool:
        """Dash registers in several steps; another thread may be between two of them."""
        return bool(self.spec and ("callback" in self.entry or self.spec["clientside_function"]))

    @property
    def specs(self) -> list[dict[str, Any]]:
        return [*self.repeats, self.spec]


class Inbox:
    """What has been registered, in order. It is never emptied: shared callbacks serve apps that are made later.

    Attributes:
        completions: changes with each registration that has become complete.
    """

    def __init__(self) -> None:
        self._registrations: dict[tuple[str, str, str], Registration] = {}
        self._of_thread = threading.local()
        self._count_lock = threading.Lock()
        self.completions = 0

    @property
    def last(self) -> Registration | None:
        """What this thread has registered last: Dash takes several steps to do so."""
        return getattr(self._of_thread, "last", None)

    def open(self, callback_id: str, entry: dict[str, Any]) -> None:
        module = apps.importing_module()
        app = app_of_import(module)
        self.add(callback_id, Origin(module, app, is_shared(entry)), Entry(entry, callback_id))

    def add(self, callback_id: str, origin: Origin, entry: dict[str, Any]) -> None:
        # A module that is run again registers its callbacks again. In one run, the same outputs twice are a mistake
        # that the renderer reports: it has to be told of both.
        run = getattr(sys.modules.get(origin.module), "__spec__", None)
        last = Registration(callback_id, origin, entry, run=run, in_request=context.current() is not None)
        self._of_thread.last = last
        self._of_thread.begun = [*(r for r in self._begun() if not r.is_complete), last]
        key = origin.module, origin.app.slug if origin.app else "", callback_id
        earlier = self._registrations.get(key)
        if earlier is not None and earlier.run is run and earlier.origin.app is origin.app:
            last.repeats = [*earlier.repeats, earlier.spec]
        self._registrations[key] = last

    def awaiting(self, callback_id: str) -> Registration | None:
        """The one of this thread that waits for its function, the newest first. Decorators may stand above each other,
        and are then applied from below."""
        return next((r for r in reversed(self._begun()) if r.callback_id == callback_id and not r.is_complete), None)

    def newest(self, callback_id: str) -> Registration | None:
        """The one of any thread: decorators may be kept, and applied elsewhere, or twice."""
        found = [r for r in list(self._registrations.values()) if r.callback_id == callback_id]
        return next((r for r in reversed(found) if not r.is_complete), found[-1] if found else None)

    def has_changed(self) -> None:
        with self._count_lock:
            self.completions += 1

    def of(self, app: DjangoDash) -> list[Registration]:
        """Those of one app that are complete. One that is registered when requests are answered must not stop the site:
        if nobody knows whose it is, the log names it, and no app has it.

        Raises:
            RegistrationError: the app is not set up yet, and it cannot be decided whose an earlier one is.
        """
        everyone, is_set_up = list(apps.registry), app._got_first_request["setup_server"]
        known = list(self._registrations.values())
        return [r for r in known if app in _owners(r, everyone, or_none=is_set_up or r.in_request) and r.is_complete]

    def check(self) -> None:
        for registration in list(self._registrations.values()):
            owners(registration.callback_id, registration.origin, list(apps.registry))

    def _begun(self) -> list[Registration]:
        return getattr(self._of_thread, "begun", [])


def _owners(registration: Registration, everyone: list[DjangoDash], *, or_none: bool) -> list[DjangoDash]:
    try:
        return owners(registration.callback_id, registration.origin, everyone)
    except RegistrationError as error:
        if not or_none:
            raise
        if not registration.is_named:
            registration.is_named = True
            logger.error("%s Until then no app has it.", error)
        return []


class Entry(dict[str, Any]):
    """An entry of the callback map; the function gets its extra arguments when Dash puts it in."""

    def __init__(self, values: dict[str, Any], callback_id: str) -> None:
        super().__init__(values)
        self._callback_id = callback_id
        background.attach(self, callback_id)
        self.api_paths: list[str] = []

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "callback":
            value = self._injected(value)
        super().__setitem__(key, value)
        if key == "callback":
            inbox.has_changed()

    def _injected(self, wrapper: Any) -> Any:
        function = wrapper.__wrapped__
        if is_async(function) and not inspect.iscoroutinefunction(wrapper):
            raise InjectionError(
                f"{self._callback_id!r}: dash.callback takes coroutine functions, but not other objects with an async "
                "__call__. Use the callback method of the app."
            )
        # Noted at once, since another app's endpoint of the same path takes its place in Dash's list.
        self.api_paths = [path for path, known in list(_callback.GLOBAL_API_PATHS.items()) if known is function]
        _api_paths.update(self.api_paths)
        in_worker = self["background"]
        injected = inject_callback(
            function, DashArguments.of_callback(self), BACKGROUND_EXTRAS if in_worker else EXTRAS
        )
        made = returning_plain(injected)
        if in_worker:
            in_worker["manager"].function = made
            _Managers.functions[:] = [job for job in _Managers.functions if job[1] is not function]
        on_error = inspect.getclosurevars(wrapper).nonlocals.get("on_error")
        return _rebound(wrapper, func=made, on_error=error_handler(on_error))


class Spec(dict[str, Any]):
    """What the renderer is told of a callback; one that runs in the browser is complete when its function is in it."""

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if key == "clientside_function":
            inbox.has_changed()


inbox = Inbox()


def check_callbacks() -> None:
    """Find out whether the app of each callback, and of each page, can be told.

    Raises:
        RegistrationError: it cannot; the message names the callback or the page, and the apps.
    """
    inbox.check()
    check_pages()


def entries_of(app: DjangoDash) -> dict[str, dict[str, Any]]:
    """Callbacks of ``dash.callback`` that are this app's, by id, set up or not."""
    return {registration.callback_id: registration.entry for registration in inbox.of(app)}


def api_paths_of(app: DjangoDash) -> dict[str, Callable[..., Any]]:
    """Functions that were registered with ``dash.callback`` and an ``api_endpoint``, for this app."""
    entries = [registration.entry for registration in inbox.of(app)]
    return {path: entry["callback"].__wrapped__ for entry in entries for path in getattr(entry, "api_paths", ())}


def all_api_paths() -> Collection[str]:
    """Each ``api_endpoint`` that was given to ``dash.callback``, whosever it is."""
    return _api_paths


def is_shared(entry: dict[str, Any]) -> bool:
    output = entry["output"]
    outputs = list(output) if isinstance(output, (list, tuple)) else [output]
    return all(isinstance(dependency.component_id, dict) for dependency in outputs or entry["raw_inputs"])


def _rebound(function: Any, **cells: Any) -> Any:
    """A copy of a closure in which some of its variables have other values."""
    code = function.__code__
    closure = tuple(
        CellType(cells[name]) if name in cells else cell
        for name, cell in zip(code.co_freevars, function.__closure__, strict=True)
    )
    copy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, closure)
    copy.__kwdefaults__ = function.__kwdefaults__
    return functools.update_wrapper(copy, cells["func"])
