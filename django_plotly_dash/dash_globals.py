"""The only room that touches what Dash keeps per process, so that several apps can live in one.

Dash documents one app per process: the app made last owns ``dash.get_app``, ``dash.page_registry`` and their like, and
the app that is asked first takes every callback of ``dash.callback``. Here objects of ours stand in the places of
Dash's globals. They answer for the app of the request that is being answered; while modules are imported, for the
app that is being made or that the module has made; otherwise for the app made last. Callbacks wait in an inbox,
with a note of where they came from, until their app is set up.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from pathlib import Path
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any

import dash
from dash import _callback, _get_app, _get_paths, _pages, dcc
from dash.background_callback.managers import BaseBackgroundCallbackManager as _Managers

from . import background
from . import registry as apps
from .attribution import Origin, owners
from .exceptions import InjectionError
from .injection import error_handler, inject_callback
from .json_values import returning_plain
from .page_registry import PageRegistry
from .signatures import BACKGROUND_EXTRAS, EXTRAS, DashArguments, is_async

if TYPE_CHECKING:
    from dash import Dash

    from .djangodash import DjangoDash

_being_made: list[DjangoDash] = []
_api_paths: set[str] = set()
_set_up_lock = threading.RLock()


# --- which app Dash's module-level functions speak for ----------------------------------------------------------


class _AppContext:
    """In the place of Dash's ``app_context`` variable."""

    def __init__(self) -> None:
        self._explicit: ContextVar[Any] = ContextVar("django_plotly_dash_app")

    def get(self) -> Any:
        app = self._explicit.get(None) or _app_of_import(apps.importing_module())
        app = app or (_being_made[-1] if _being_made else None)
        if app is None:
            raise LookupError
        return app

    def set(self, app: Any) -> Token[Any]:
        return self._explicit.set(app)

    def reset(self, token: Token[Any]) -> None:
        self._explicit.reset(token)


def _app_of_import(module: str) -> DjangoDash | None:
    """The app that a module belongs to which is being imported: it has made the app, or is one of its pages. A page
    may import other modules, which do not belong to its app for that."""
    making = _being_made[-1] if _being_made else None
    if making is not None:
        folder = making.config.pages_folder if "_config_of_requests" in vars(making) else None
        if module == making.module or (folder and Path(apps.importing_file()).is_relative_to(folder)):
            return making
    return apps.registry.last_of_module(module)


class _CurrentConfig:
    """Stands for ``app.config`` of the app that ``dash.get_app()`` gives."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_get_app.get_app().config, name)

    def __getitem__(self, name: str) -> Any:
        return _get_app.get_app().config[name]

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return _get_app.get_app().config.get(name, default)
        except dash.exceptions.AppNotFoundError:
            return default


def _current_app() -> DjangoDash | None:
    try:
        app = _get_app.get_app()
    except dash.exceptions.AppNotFoundError:
        return None
    return app if hasattr(app, "pages") else None


_app_context = _AppContext()
_current_config: Any = _CurrentConfig()
page_registry: Any = PageRegistry(_current_app)


@contextmanager
def making(app: DjangoDash) -> Iterator[None]:
    """Around the making of an app: its pages are imported meanwhile, and Dash leaves traces of the app behind."""
    _being_made.append(app)
    try:
        yield
    finally:
        _being_made.pop()
        _take_places()
        _drop_repeated_plotlyjs()


@contextmanager
def speaking_for(app: Dash) -> Iterator[None]:
    """Let Dash's module-level functions speak for ``app`` inside the ``with`` block."""
    token = _app_context.set(app)
    try:
        yield
    finally:
        _app_context.reset(token)


# --- callbacks that name no app ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Registration:
    """One call of ``dash.callback`` or ``dash.clientside_callback``."""

    callback_id: str
    origin: Origin
    entry: dict[str, Any]
    spec: dict[str, Any] = field(default_factory=dict)
    script: str | None = None
    run: Any = None
    repeats: list[dict[str, Any]] = field(default_factory=list)


class _Inbox:
    """What has been registered, in order. It is never emptied: shared callbacks serve apps that are made later."""

    def __init__(self) -> None:
        self._registrations: dict[tuple[str, str, str], _Registration] = {}
        self.last: _Registration | None = None

    def open(self, callback_id: str, entry: dict[str, Any]) -> None:
        module = apps.importing_module()
        app = _app_of_import(module)
        self.add(callback_id, Origin(module, app, _is_shared(entry)), _Entry(entry, callback_id))

    def add(self, callback_id: str, origin: Origin, entry: dict[str, Any]) -> None:
        # A module that is run again registers its callbacks again. In one run, the same outputs twice are a mistake
        # that the renderer reports: it has to be told of both.
        run = getattr(sys.modules.get(origin.module), "__spec__", None)
        self.last = _Registration(callback_id, origin, entry, run=run)
        key = origin.module, origin.app.slug if origin.app else "", callback_id
        earlier = self._registrations.get(key)
        if earlier is not None and earlier.run is run and earlier.origin.app is origin.app:
            self.last.repeats = [*earlier.repeats, earlier.spec]
        self._registrations[key] = self.last

    def latest(self, callback_id: str) -> _Registration:
        return next(r for r in reversed(self._registrations.values()) if r.callback_id == callback_id)

    def of(self, app: DjangoDash) -> list[_Registration]:
        """Those of one app; raises ``RegistrationError`` where that cannot be decided."""
        everyone = list(apps.registry)
        return [r for r in self._registrations.values() if app in owners(r.callback_id, r.origin, everyone)]

    def check(self) -> None:
        for registration in self._registrations.values():
            owners(registration.callback_id, registration.origin, list(apps.registry))


class _Entry(dict[str, Any]):
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
        self.api_paths = [path for path, known in _callback.GLOBAL_API_PATHS.items() if known is function]
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


class _CallbackMap(dict[str, Any]):
    """In the place of Dash's global callback map; always empty for who reads it."""

    def __setitem__(self, callback_id: str, entry: dict[str, Any]) -> None:
        _inbox.open(callback_id, entry)

    def __getitem__(self, callback_id: str) -> dict[str, Any]:
        return _inbox.latest(callback_id).entry


class _CallbackList(list[Any]):
    """In the place of Dash's global callback list; its last item is what was registered last."""

    def append(self, spec: dict[str, Any]) -> None:
        if _inbox.last is not None:
            _inbox.last.spec = spec

    def __getitem__(self, index: Any) -> Any:
        return _inbox.last.spec if _inbox.last is not None and index == -1 else super().__getitem__(index)


class _InlineScripts(list[str]):
    """In the place of Dash's global list of inline clientside functions."""

    def append(self, script: str) -> None:
        if _inbox.last is not None:
            _inbox.last.script = script


@contextmanager
def callbacks_of(app: DjangoDash) -> Iterator[None]:
    """Inside the ``with`` block Dash's globals hold the callbacks of ``app`` and no others.

    Raises:
        RegistrationError: it cannot be decided which app a callback belongs to.
    """
    with _set_up_lock:
        mine = _inbox.of(app)
        _callback.GLOBAL_CALLBACK_MAP = {r.callback_id: _copied(r.entry) for r in mine}
        _callback.GLOBAL_CALLBACK_LIST = [dict(spec) for r in mine for spec in (*r.repeats, r.spec)]
        _callback.GLOBAL_INLINE_SCRIPTS = [r.script for r in mine if r.script is not None]
        try:
            yield
        finally:
            _take_places()


def check_callbacks() -> None:
    """Find out whether each callback's app can be told.

    Raises:
        RegistrationError: it cannot; the message names the callback and the apps.
    """
    _inbox.check()


def entries_of(app: DjangoDash) -> dict[str, dict[str, Any]]:
    """Callbacks of ``dash.callback`` that are this app's, by id, set up or not."""
    return {registration.callback_id: registration.entry for registration in _inbox.of(app)}


def api_paths_of(app: DjangoDash) -> dict[str, Callable[..., Any]]:
    """Functions that were registered with ``dash.callback`` and an ``api_endpoint``, for this app."""
    entries = [registration.entry for registration in _inbox.of(app)]
    return {path: entry["callback"].__wrapped__ for entry in entries for path in getattr(entry, "api_paths", ())}


def all_api_paths() -> Collection[str]:
    """Each ``api_endpoint`` that was given to ``dash.callback``, whosever it is."""
    return _api_paths


def take_api_path(path: str) -> Any:
    """Remove the function that has just been registered for an ``api_endpoint`` from Dash's list and give it."""
    return _callback.GLOBAL_API_PATHS.pop(path)


@contextmanager
def jobs_apart() -> Iterator[None]:
    """A background function that is registered in the ``with`` block is not put down for all managers: ours have one
    job for all callbacks, and Dash's name for a job is not unique among apps."""
    kept = _Managers.managers, _Managers.functions
    _Managers.managers, _Managers.functions = [], []
    try:
        yield
    finally:
        _Managers.managers, _Managers.functions = kept


def is_dashs_own(function: Any) -> bool:
    """True for callbacks that Dash registers for itself, such as the router of multi-page apps."""
    return str(getattr(function, "__module__", "")).split(".")[0] == "dash"


def _is_shared(entry: dict[str, Any]) -> bool:
    output = entry["output"]
    outputs = list(output) if isinstance(output, (list, tuple)) else [output]
    return all(isinstance(dependency.component_id, dict) for dependency in outputs or entry["raw_inputs"])


def _copied(entry: dict[str, Any]) -> dict[str, Any]:
    # Dash takes things out of the background entry when it sets an app up.
    return {**entry, "background": dict(entry["background"]) if entry["background"] else entry["background"]}


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


# --- taking the places of Dash's globals ------------------------------------------------------------------------


_inbox = _Inbox()
_map, _list, _scripts = _CallbackMap(), _CallbackList(), _InlineScripts()


def _take_in_earlier_callbacks() -> None:
    """Libraries may have been imported, and have registered callbacks, before this package was."""
    specs = {spec["output"]: spec for spec in _callback.GLOBAL_CALLBACK_LIST}
    for callback_id, values in _callback.GLOBAL_CALLBACK_MAP.items():
        wrapper = values.get("callback")
        module = wrapper.__wrapped__.__module__ if wrapper else ""
        entry = _Entry({key: value for key, value in values.items() if key != "callback"}, callback_id)
        _inbox.add(callback_id, Origin(module, None, _is_shared(entry)), entry)
        if wrapper:
            entry["callback"] = wrapper
        _list.append(specs[callback_id])
    if _callback.GLOBAL_CALLBACK_MAP:
        # Which function is whose cannot be told any more; they are named by hashes and do not get in each other's way.
        _scripts.append("\n".join(_callback.GLOBAL_INLINE_SCRIPTS))


_plain_asset_url = _get_paths.app_get_asset_url


def _asset_url(config: Any, path: str) -> str:
    """``dash.get_asset_url`` answers as ``get_asset_url`` of the app that it speaks for, which knows static files."""
    if config is not _current_config:
        return str(_plain_asset_url(config, path))  # type: ignore[no-untyped-call]
    return str(_get_app.get_app().get_asset_url(path))


def _take_places() -> None:
    _get_app.app_context = _app_context  # type: ignore[assignment]
    _get_paths.CONFIG = _current_config
    _get_paths.app_get_asset_url = _asset_url
    _pages.CONFIG = _current_config
    _pages.PAGE_REGISTRY = page_registry
    dash.page_registry = page_registry
    _callback.GLOBAL_CALLBACK_MAP = _map
    _callback.GLOBAL_CALLBACK_LIST = _list
    _callback.GLOBAL_INLINE_SCRIPTS = _scripts


def _drop_repeated_plotlyjs() -> None:
    """Each new app lists plotly.js once more for all apps."""
    first: dict[str, Any] = {}
    for resource in dcc._js_dist:
        first.setdefault(repr(resource), resource)
    dcc._js_dist[:] = first.values()


_take_in_earlier_callbacks()
_take_places()
