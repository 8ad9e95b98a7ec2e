"""What stands in the places of Dash's globals, and when."""

from __future__ import annotations

import threading
from collections import UserDict, UserList
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dash
from dash import _callback, _get_app, _get_paths, _pages, dcc
from dash.background_callback.managers import BaseBackgroundCallbackManager as _Managers

from ..attribution import Origin
from .callbacks import Entry, Spec, inbox, is_shared
from .current import app_context, being_made, current_config, page_registry
from .pages import register_page

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

_jobs_lock = threading.RLock()


@dataclass(slots=True)
class _Taking:
    """What Dash finds in its globals while it sets one app up."""

    entries: dict[str, Any]
    specs: list[dict[str, Any]]
    scripts: list[str]


# Which app is set up is a matter of the context: other threads register callbacks meanwhile, or set other apps up.
_taking: ContextVar[_Taking | None] = ContextVar("django_plotly_dash_taking", default=None)


class _CallbackMap(UserDict[str, Any]):
    """In the place of Dash's global callback map: what is put in goes to the inbox, what is read are the callbacks of
    the app that is being set up in this context."""

    def __init__(self) -> None:
        pass

    @property
    def data(self) -> dict[str, Any]:  # type: ignore[override]
        taking = _taking.get()
        return taking.entries if taking is not None else {}

    def __setitem__(self, callback_id: str, entry: dict[str, Any]) -> None:
        inbox.open(callback_id, entry)

    def __getitem__(self, callback_id: str) -> Any:
        # Dash looks its entry up when a decorator is applied, to put the function in.
        found = inbox.awaiting(callback_id)
        if found is None and callback_id not in self.data:
            found = inbox.newest(callback_id)
        return found.entry if found is not None else self.data[callback_id]

    def pop(self, callback_id: str) -> Any:  # type: ignore[override]
        return self.data.pop(callback_id)


class _CallbackList(UserList[Any]):
    """In the place of Dash's global callback list; its last item is what this thread has registered last."""

    def __init__(self) -> None:
        pass

    @property
    def data(self) -> list[dict[str, Any]]:  # type: ignore[override]
        taking = _taking.get()
        return taking.specs if taking is not None else []

    def append(self, spec: dict[str, Any]) -> None:
        if inbox.last is not None:
            inbox.last.spec = Spec(spec)

    def __getitem__(self, index: Any) -> Any:
        return inbox.last.spec if inbox.last is not None and index == -1 else self.data[index]


class _InlineScripts(UserList[str]):
    """In the place of Dash's global list of inline clientside functions."""

    def __init__(self) -> None:
        pass

    @property
    def data(self) -> list[str]:  # type: ignore[override]
        taking = _taking.get()
        return taking.scripts if taking is not None else []

    def append(self, script: str) -> None:
        if inbox.last is not None:
            inbox.last.script = script


_plain_asset_url = _get_paths.app_get_asset_url


def _asset_url(config: Any, path: str) -> str:
    """``dash.get_asset_url`` answers as ``get_asset_url`` of the app that it speaks for, which knows static files."""
    if config is not current_config:
        return str(_plain_asset_url(config, path))  # type: ignore[no-untyped-call]
    return str(_get_app.get_app().get_asset_url(path))


_map, _list, _scripts = _CallbackMap(), _CallbackList(), _InlineScripts()


@contextmanager
def making(app: DjangoDash) -> Iterator[None]:
    """Around the making of an app, of which Dash leaves traces behind."""
    try:
        with being_made(app):
            yield
    finally:
        take_places()
        _drop_repeated_plotlyjs()


@contextmanager
def callbacks_of(app: DjangoDash) -> Iterator[None]:
    """Inside the ``with`` block Dash's globals hold the callbacks of ``app`` and no others.

    Raises:
        RegistrationError: it cannot be decided which app a callback belongs to.
    """
    mine = inbox.of(app)
    app.ids_from_inbox = {registration.callback_id for registration in mine}
    token = _taking.set(
        _Taking(
            {r.callback_id: copied(r.entry) for r in mine},
            [dict(spec) for r in mine for spec in r.specs],
            list(dict.fromkeys(r.script for r in mine if r.script is not None)),
        )
    )
    try:
        yield
    finally:
        _taking.reset(token)


def take_api_path(path: str) -> Any:
    """Remove the function that has just been registered for an ``api_endpoint`` from Dash's list and give it."""
    return _callback.GLOBAL_API_PATHS.pop(path)


@contextmanager
def jobs_apart() -> Iterator[None]:
    """A background function that is registered in the ``with`` block is not put down for all managers: ours have one
    job for all callbacks, and Dash's name for a job is not unique among apps."""
    with _jobs_lock:
        kept = _Managers.managers, _Managers.functions
        _Managers.managers, _Managers.functions = [], []
        try:
            yield
        finally:
            _Managers.managers, _Managers.functions = kept


def is_dashs_own(function: Any) -> bool:
    """True for callbacks that Dash registers for itself, such as the router of multi-page apps."""
    return str(getattr(function, "__module__", "")).split(".")[0] == "dash"


def copied(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry for one app. Dash takes things out of the background entry when it sets an app up."""
    return {**entry, "background": dict(entry["background"]) if entry["background"] else entry["background"]}


def take_in_earlier_callbacks() -> None:
    """Libraries may have been imported, and have registered callbacks, before this package was."""
    specs = {spec["output"]: spec for spec in _callback.GLOBAL_CALLBACK_LIST}
    for callback_id, values in _callback.GLOBAL_CALLBACK_MAP.items():
        wrapper = values.get("callback")
        module = wrapper.__wrapped__.__module__ if wrapper else ""
        entry = Entry({key: value for key, value in values.items() if key != "callback"}, callback_id)
        inbox.add(callback_id, Origin(module, None, is_shared(entry)), entry)
        if wrapper:
            entry["callback"] = wrapper
        _list.append(specs[callback_id])
        function = specs[callback_id].get("clientside_function")
        for script in _callback.GLOBAL_INLINE_SCRIPTS if function else ():
            if f'"{function["function_name"]}"' in script:
                _scripts.append(script)


def take_places() -> None:
    """Put our objects in the places of Dash's. Making and setting up an app puts others there."""
    _get_app.app_context = app_context  # type: ignore[assignment]
    _get_paths.CONFIG = current_config
    _get_paths.app_get_asset_url = _asset_url
    _pages.CONFIG = current_config
    _pages.PAGE_REGISTRY = page_registry
    dash.page_registry = page_registry
    _pages.register_page = register_page
    dash.register_page = register_page
    _callback.GLOBAL_CALLBACK_MAP = _map  # type: ignore[assignment]
    _callback.GLOBAL_CALLBACK_LIST = _list  # type: ignore[assignment]
    _callback.GLOBAL_INLINE_SCRIPTS = _scripts  # type: ignore[assignment]


def _drop_repeated_plotlyjs() -> None:
    """Each new app lists plotly.js once more for all apps."""
    first: dict[str, Any] = {}
    for resource in dcc._js_dist:
        first.setdefault(repr(resource), resource)
    dcc._js_dist[:] = first.values()
