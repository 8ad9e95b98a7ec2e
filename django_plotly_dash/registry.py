"""Which apps this process has, by name."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from hashlib import sha256
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import URLResolver
from django.utils.module_loading import import_string
from django.utils.text import slugify

from . import context
from .conf import app_settings
from .exceptions import AppNotFoundError, RegistrationError

if TYPE_CHECKING:
    from .djangodash import DjangoDash

_urlconf_module: Any = vars(URLResolver)["urlconf_module"]
_URLCONF_IMPORT = _urlconf_module.func.__code__
_NONE_KNOWN = "No app is known at all: modules named dash_apps of the installed apps are imported at start-up."
# Apps that a loader has made so far; they become known all at once, when they are complete.
_loading: ContextVar[dict[str, DjangoDash] | None] = ContextVar("django_plotly_dash_loading", default=None)


def slug_of(name: str) -> str:
    """The name as it stands in URLs: lower case, words joined by hyphens, letters of any script."""
    return slugify(name, allow_unicode=True) or sha256(name.encode()).hexdigest()[:12]


class AppRegistry:
    """Apps by slug. Looking up accepts the name in any spelling that gives the same slug."""

    def __init__(self) -> None:
        self._apps: dict[str, DjangoDash] = {}
        self._load_lock = threading.RLock()

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and slug_of(name) in self._apps

    def __getitem__(self, name: str) -> DjangoDash:
        """The app of that name; asks ``PLOTLY_DASH["stateless_loader"]`` for one that is not known.

        Raises:
            AppNotFoundError: nobody knows it.
        """
        app = self._apps.get(slug_of(name)) or self._load(name)
        if app is None:
            raise AppNotFoundError("DjangoDash app", name, self.nearest(name), "" if self._apps else _NONE_KNOWN)
        return app

    def __iter__(self) -> Iterator[DjangoDash]:
        return iter(list(self._apps.values()))

    def __len__(self) -> int:
        return len(self._apps)

    def nearest(self, name: str) -> tuple[str, ...]:
        """Up to five known names that look most like ``name``; all of them where there are few."""
        names = {slug: app.app_name for slug, app in self._apps.items()}
        slugs = get_close_matches(slug_of(name), names, n=5) or (sorted(names) if len(names) <= 5 else [])
        return tuple(names[slug] for slug in slugs)

    def with_loading(self) -> list[DjangoDash]:
        """All apps, and behind them those that a loader has made so far that this code was called by."""
        return [*self, *self.loading()]

    def loading(self) -> list[DjangoDash]:
        """The apps that a loader has made so far that this code was called by."""
        return list((_loading.get() or {}).values())

    def last_of_module(self, module: str) -> DjangoDash | None:
        """The app that the module has made last."""
        return next((app for app in reversed(self.with_loading()) if app.module == module), None)

    def generated_name(self, module: str) -> str:
        """A name for an app that was given none: the same in every process that runs the same code."""
        taken = sum(1 for app in self.with_loading() if app.module == module)
        return module.replace(".", "-") + (f"-{taken + 1}" if taken else "")

    def register(self, app: DjangoDash) -> None:
        """Make an app known. When a module is run again, its apps replace the earlier ones of the same names.

        Raises:
            RegistrationError: another app of the module, or of another one, has that name, the slug belongs to another
                name, or a request is being answered, so that other processes would not have the app.
        """
        loading = _loading.get()
        known = (loading or {}).get(app.slug) or self._apps.get(app.slug)
        if known not in (None, app) and not _is_again(known, app):
            raise RegistrationError(
                f"Two DjangoDash apps would answer at {app.slug!r}: {known.app_name!r} of module {known.module} "
                f"and {app.app_name!r} of module {app.module}. Give one of them another name."
            )
        if loading is None and _answers_a_request():
            raise RegistrationError(
                f"DjangoDash app {app.app_name!r} is being made while a request is answered. Other worker processes "
                "would not have it, and its URLs would fail there. Make it when a module is imported (a module named "
                "dash_apps of an installed app is found by itself), or make it in PLOTLY_DASH['stateless_loader']."
            )
        (self._apps if loading is None else loading)[app.slug] = app

    @contextmanager
    def isolated(self) -> Iterator[AppRegistry]:
        """For tests: apps that are registered inside the ``with`` block are forgotten after it."""
        before = dict(self._apps)
        try:
            yield self
        finally:
            self._apps = before

    def _load(self, name: str) -> DjangoDash | None:
        loader = app_settings().stateless_loader
        if loader is None:
            return None
        with self._load_lock:
            slug = slug_of(name)
            if slug in self._apps:  # another request has had it loaded meanwhile
                return self._apps[slug]
            with self._made_by_loader():  # its own module may make apps as well
                load = import_string(loader) if isinstance(loader, str) else loader
            if slug in self._apps:
                return self._apps[slug]
            with self._made_by_loader():
                app: DjangoDash | None = load(name)
            return app

    @contextmanager
    def _made_by_loader(self) -> Iterator[None]:
        made: dict[str, DjangoDash] = {}
        token = _loading.set(made)
        try:
            yield
        finally:
            _loading.reset(token)
        self._apps.update(made)


def importing_module(maker: object = None) -> str:
    """Name of the module that is being imported, even if the code that runs is a function of another module.

    Outside of an import, the module of the code that called Dash or this package.

    Args:
        maker: an object that is being made; the frames of its constructors are passed over.
    """
    return str(_globals(_importing(maker)).get("__name__", "__main__"))


def importing_file() -> str:
    """Path of the file of that module; empty if it has none."""
    return str(_globals(_importing()).get("__file__") or "")


def run_of_module(maker: object = None) -> CodeType | None:
    """Stands for this run of the module that is being imported: another one for each time that it is run, be it by a
    reload or as a cell of a notebook. None outside of an import."""
    frame = _importing(maker)
    return frame.f_code if frame is not None and frame.f_code.co_name == "<module>" else None


def modules_in_import() -> list[str]:
    """Names of the modules that are being imported, the innermost first, with that of a script that runs."""
    frame, names = sys._getframe(1), []
    while frame is not None:
        if frame.f_code.co_name == "<module>" and not _is_ours(frame):
            names.append(str(frame.f_globals.get("__name__", "__main__")))
        frame = frame.f_back  # type: ignore[assignment]
    return names


def _importing(maker: object = None) -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (_is_ours(frame) or (maker is not None and frame.f_locals.get("self") is maker)):
        frame = frame.f_back
    caller = frame
    while frame is not None:
        module: str = frame.f_globals.get("__name__", "__main__")
        if frame.f_code.co_name == "<module>" and (module != "__main__" or frame is caller):
            return frame
        frame = frame.f_back
    return caller


def _globals(frame: FrameType | None) -> dict[str, Any]:
    return frame.f_globals if frame is not None else {}


def _is_again(known: DjangoDash, app: DjangoDash) -> bool:
    """Whether an app takes the place of a known one, because its module is run again."""
    is_same = (known.module, known.app_name) == (app.module, app.app_name)
    return is_same and (app.run_of_module is None or known.run_of_module is not app.run_of_module)


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).split(".")[0] in ("dash", __name__.split(".")[0])


def _answers_a_request() -> bool:
    """True if the code that runs was called by a view, a middleware, a callback or a layout function.

    Importing the URLconf counts as start-up although Django does it within the first request, at times in a
    middleware: every process does.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code is _URLCONF_IMPORT:
            return False
        if any(isinstance(frame.f_locals.get(n), HttpRequest) for n in code.co_varnames[: code.co_argcount]):
            return True
        frame = frame.f_back
    # A synchronous callback under ASGI has a thread, and so a stack, of its own.
    return context.current() is not None


registry = AppRegistry()
