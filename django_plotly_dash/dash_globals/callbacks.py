"""Callbacks of ``dash.callback`` and ``dash.clientside_callback``, which name no app.

They wait here, with a note of where they came from, until their app is set up.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any

from dash import _callback
from dash.background_callback.managers import BaseBackgroundCallbackManager as _Managers

from .. import background
from .. import registry as apps
from ..attribution import Origin, owners
from ..exceptions import InjectionError
from ..injection import error_handler, inject_callback
from ..json_values import returning_plain
from ..signatures import BACKGROUND_EXTRAS, EXTRAS, DashArguments, is_async
from .current import app_of_import
from .pages import check_pages

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

_api_paths: set[str] = set()


@dataclass(slots=True)
class Registration:
    """One call of ``dash.callback`` or ``dash.clientside_callback``."""

    callback_id: str
    origin: Origin
    entry: dict[str, Any]
    spec: dict[str, Any] = field(default_factory=dict)
    script: str | None = None
    run: Any = None
    repeats: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Dash registers in several steps; another thread may be between two of them."""
        return bool(self.spec and ("callback" in self.entry or self.spec["clientside_function"]))


class Inbox:
    """What has been registered, in order. It is never emptied: shared callbacks serve apps that are made later."""

    def __init__(self) -> None:
        self._registrations: dict[tuple[str, str, str], Registration] = {}
        self._of_thread = threading.local()
        self.additions = 0

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
        self._of_thread.last = last = Registration(callback_id, origin, entry, run=run)
        key = origin.module, origin.app.slug if origin.app else "", callback_id
        earlier = self._registrations.get(key)
        if earlier is not None and earlier.run is run and earlier.origin.app is origin.app:
            last.repeats = [*earlier.repeats, earlier.spec]
        self._registrations[key] = last
        self.additions += 1

    def of(self, app: DjangoDash) -> list[Registration]:
        """Those of one app; raises ``RegistrationError`` where that cannot be decided."""
        everyone = list(apps.registry)
        return [r for r in list(self._registrations.values()) if app in owners(r.callback_id, r.origin, everyone)]

    def check(self) -> None:
        for registration in list(self._registrations.values()):
            owners(registration.callback_id, registration.origin, list(apps.registry))


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
