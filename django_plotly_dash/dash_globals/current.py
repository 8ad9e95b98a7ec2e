"""Which app Dash's module-level functions speak for.

It is the app of the request that is being answered; while a module is imported, the app that the module has made or
lies beside; otherwise the app that is being made, or the only one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dash
from dash import _get_app
from django.apps import apps as installed

from .. import registry as apps
from ..attribution import beside
from ..page_registry import PageRegistry

if TYPE_CHECKING:
    from dash import Dash

    from ..djangodash import DjangoDash

# A context variable, since apps may be made in several threads, and others answer requests meanwhile.
_being_made: ContextVar[DjangoDash | None] = ContextVar("django_plotly_dash_being_made", default=None)


class _AppContext:
    """In the place of Dash's ``app_context`` variable."""

    def __init__(self) -> None:
        self._explicit: ContextVar[Any] = ContextVar("django_plotly_dash_app")

    def get(self) -> Any:
        app = self.explicit() or _app_of_code() or _being_made.get() or next(reversed(apps.registry.loading()), None)
        if app is None:
            _refuse_to_guess()
            raise LookupError
        return app

    def explicit(self) -> Any:
        return self._explicit.get(None)

    def set(self, app: Any) -> Token[Any]:
        return self._explicit.set(app)

    def reset(self, token: Token[Any]) -> None:
        self._explicit.reset(token)


def known_apps() -> list[DjangoDash]:
    """All apps that code in this context can mean, one that is being made among them."""
    making = _being_made.get()
    known = apps.registry.with_loading()
    return known if making is None else [*(app for app in known if app.slug != making.slug), making]


def app_of_import(module: str) -> DjangoDash | None:
    """The app that a module belongs to which is being imported: it has made the app, or is one of its pages. A page
    may import other modules, which do not belong to its app for that."""
    making = _being_made.get()
    if making is not None:
        folder = making.config.pages_folder if "_config_of_requests" in vars(making) else None
        if module == making.module or (folder and Path(apps.importing_file()).is_relative_to(folder)):
            return making
    return apps.registry.last_of_module(module)


def _module_in_import() -> str | None:
    module = apps.importing_module()
    return module if module in apps.modules_in_import()[:1] else None


def _app_of_code() -> DjangoDash | None:
    """The app that the module belongs to, or alone lies beside, whose import runs this code."""
    module = _module_in_import()
    if module is None:
        return None
    found = beside(module, known_apps())
    return app_of_import(module) or (found[0] if len(found) == 1 else None)


def _refuse_to_guess() -> None:
    """Dash would take the app made last. That is right where there is one, and there will be no other.

    Raises:
        dash.exceptions.AppNotFoundError: it may be another app.
    """
    known, module = apps.registry.with_loading(), _module_in_import()
    names = ", ".join(repr(app.app_name) for app in known[:5]) + (", ..." if len(known) > 5 else "")
    if module is None and len(known) > 1:
        raise dash.exceptions.AppNotFoundError(
            f"Dash is asked for the current app where there is none, and there are several: {names}. A thread that a "
            "callback starts does not know the callback's app: let it run in a copy of its context, such as "
            "pool.submit(contextvars.copy_context().run, function). Elsewhere, ask in a block 'with app.speaking():'."
        )
    starting = not installed.ready and not {app.module for app in known}.intersection(apps.modules_in_import())
    if module is not None and (len(known) > 1 or (known and starting)):
        raise dash.exceptions.AppNotFoundError(
            f"While module {module} is imported, Dash is asked for the current app, and nothing says which that is. "
            f"The apps so far are: {names}. Ask in the module of the app, below it, or in a module of its package that "
            "is imported after the app is made; or name the module where the app is made: "
            f"DjangoDash(..., global_callbacks=[{module!r}])."
        )


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
    # It is asked for at each read of dash.page_registry, with no need to list the apps.
    if not (len(apps.registry) or apps.registry.loading() or _being_made.get()):
        return None
    app = _get_app.get_app()
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
    making, speaking = _being_made.set(app), app_context.set(None)
    try:
        yield
    finally:
        app_context.reset(speaking)
        _being_made.reset(making)
