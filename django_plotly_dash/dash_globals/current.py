"""Which app Dash's module-level functions speak for.

It is the app of the request that is being answered; while modules are imported, the app that is being made or that the
module has made; otherwise the app made last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dash
from dash import _get_app

from .. import registry as apps
from ..page_registry import PageRegistry

if TYPE_CHECKING:
    from dash import Dash

    from ..djangodash import DjangoDash

_being_made: list[DjangoDash] = []


class _AppContext:
    """In the place of Dash's ``app_context`` variable."""

    def __init__(self) -> None:
        self._explicit: ContextVar[Any] = ContextVar("django_plotly_dash_app")

    def get(self) -> Any:
        app = self._explicit.get(None) or app_of_import(apps.importing_module())
        app = app or (_being_made[-1] if _being_made else None)
        if app is None:
            raise LookupError
        return app

    def set(self, app: Any) -> Token[Any]:
        return self._explicit.set(app)

    def reset(self, token: Token[Any]) -> None:
        self._explicit.reset(token)


def app_of_import(module: str) -> DjangoDash | None:
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


app_context = _AppContext()
current_config: Any = _CurrentConfig()
page_registry: Any = PageRegistry(_current_app)


@contextmanager
def speaking_for(app: Dash) -> Iterator[None]:
    """Let Dash's module-level functions speak for ``app`` inside the ``with`` block."""
    token = app_context.set(app)
    try:
        yield
    finally:
        app_context.reset(token)


@contextmanager
def being_made(app: DjangoDash) -> Iterator[None]:
    """Around the making of an app: its pages are imported meanwhile, and speak for it."""
    _being_made.append(app)
    try:
        yield
    finally:
        _being_made.pop()
