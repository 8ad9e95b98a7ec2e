"""URLs of apps and saved instances. Include them anywhere: ``path("dash/", include("django_plotly_dash.urls"))``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponseBase
from django.urls import re_path
from django.urls.resolvers import RegexPattern, ResolverMatch, URLPattern
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from . import access, csrf, file_urls, find_apps, lookup, mcp, views
from .app_name import app_name, main_view_label
from .backend import direct_answers
from .conf import app_settings
from .exceptions import AppNotFoundError
from .prefix import SCRIPTS, SHARED_BUNDLES
from .registry import registry

__all__ = ["app_name", "urlpatterns"]

_SUITES = r"_dash-component-suites/(?P<component>[^/]+)/(?P<resource>.+)"
# URL name, what follows the app's prefix, the same with the groups of the pattern filled in
_PARTS = (
    (main_view_label, "", ""),
    ("layout", "_dash-layout", "_dash-layout"),
    ("dependencies", "_dash-dependencies", "_dash-dependencies"),
    ("update-component", "_dash-update-component", "_dash-update-component"),
    ("component-suites", _SUITES, "_dash-component-suites/{component}/{resource}"),
    ("asset-redirect", r"assets/(?P<path>.+)", "assets/{path}"),
    # everything else below an app: its pages, and the routes of hooks and plugins
    ("routes", r"(?P<path>.+)", "{path}"),
)


class _Pattern(URLPattern):
    """Gives Django the view in the colour of the handler that asks: neither pays for the other's."""

    find: views.Find
    local_path: str
    is_there: Callable[[], bool] = staticmethod(lambda: True)
    own: _Colours
    # for what belongs to the page of an app without a frame
    of_page: _Colours
    # for ``api_endpoint`` and MCP, which call callbacks: what lets people call those decides there too
    of_callbacks: _Colours
    of_programs: _Colours

    def resolve(self, path: str) -> ResolverMatch | None:
        match = super().resolve(path)
        if match is not None and not self.is_there():
            return None
        if match is not None:
            # Most requests are for a part of an app that is nothing else.
            colours = self._colours_of_route(**match.kwargs) if self.local_path == "{path}" else self.own
            match.func = colours.asynchronous if _on_event_loop() else colours.synchronous
        return match

    def _colours_of_route(self, ident: str, path: str, **_: str) -> _Colours:
        is_of_app = self.find is lookup.app
        own = self.of_page if path in direct_answers.PATHS else self.own
        if mcp.answers_at(path, ident if is_of_app else None):
            return self.of_programs
        if is_of_app and ident in registry:
            return self.of_callbacks if lookup.has_endpoint(registry[ident], path) else own
        may_be_loaded = is_of_app and app_settings().stateless_loader
        if may_be_loaded or any(lookup.has_endpoint(app, path) for app in registry):
            return _chosen_later(self, own)
        return own


@dataclass(frozen=True, slots=True)
class _Colours:
    """A view as a function and as a coroutine function."""

    synchronous: Any
    asynchronous: Any

    def decorated(self, **about: str) -> _Colours:
        """Both inside the decorator that the settings name."""
        synchronous = access.decorated(self.synchronous, **about)
        asynchronous = access.decorated(self.asynchronous, **about)
        # A decorator that knows nothing of coroutines has made an ordinary function of it.
        return _Colours(synchronous, asynchronous if iscoroutinefunction(asynchronous) else synchronous)


def _chosen_later(pattern: _Pattern, own: _Colours) -> _Colours:
    """For a path that may be a callback's: that is known once the instance's row is read, or the app is loaded."""

    def colours(ident: str, path: str) -> _Colours:
        try:
            app = pattern.find(ident).app
        except AppNotFoundError:
            return own
        return pattern.of_callbacks if lookup.has_endpoint(app, path) else own

    def view(request: HttpRequest, ident: str, path: str, **groups: str) -> HttpResponseBase:
        response: HttpResponseBase = colours(ident, path).synchronous(request, ident=ident, path=path, **groups)
        return response

    async def view_async(request: HttpRequest, ident: str, path: str, **groups: str) -> HttpResponseBase:
        chosen = (await sync_to_async(colours)(ident, path)).asynchronous
        run = chosen if iscoroutinefunction(chosen) else sync_to_async(chosen)
        response: HttpResponseBase = await run(request, ident=ident, path=path, **groups)
        return response

    # What middleware reads of a view, such as csrf_exempt, holds if it does for both.
    others = vars(pattern.of_callbacks.synchronous)
    shared = {name: value for name, value in vars(own.synchronous).items() if others.get(name) == value}
    for chooser in (view, view_async):
        vars(chooser).update(shared)
    return _Colours(view, view_async)


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    # Django refuses coroutine views there, since a transaction belongs to a thread.
    return not any(database["ATOMIC_REQUESTS"] for database in connections.settings.values())


def at_root(slug: str) -> list[URLPattern]:
    """Patterns that serve one app, and nothing else, at the place where they are included."""
    return [_pattern("app", None, "", *part, default={"ident": slug}) for part in _PARTS]


def _pattern(
    kind: str,
    ident: str | None,
    suffix: str,
    name: str,
    part: str,
    local_path: str,
    default: dict[str, str] | None = None,
) -> URLPattern:
    find = lookup.app if kind == "app" else lookup.instance

    def view(request: HttpRequest, ident: str, cache_id: str = "", **groups: str) -> HttpResponseBase:
        return views.serve(request, find, ident, local_path.format(**groups), cache_id)

    async def view_async(request: HttpRequest, ident: str, cache_id: str = "", **groups: str) -> HttpResponseBase:
        return await views.serve_async(request, find, ident, local_path.format(**groups), cache_id)

    bare = _Colours(view, view_async)
    own = bare.decorated(route_name=kind, url_part=part, name=name)
    label = ("app-" if kind == "app" else "") + name + suffix
    start = f"{kind}/{ident}/" if ident else ""
    regex = RegexPattern(f"^{start}{part}$", name=label, is_endpoint=True)
    pattern = _Pattern(regex, own.synchronous, default, name=label)
    pattern.find, pattern.local_path, pattern.own = find, local_path, own
    pattern.of_page = bare.decorated(route_name=kind, url_part="", name=main_view_label) if part else own
    callbacks = {"route_name": kind, "url_part": "_dash-update-component", "name": "update-component"}
    pattern.of_callbacks = of_callbacks = bare.decorated(**callbacks)
    pattern.of_programs = _Colours(_for_programs(of_callbacks.synchronous), _for_programs(of_callbacks.asynchronous))
    return pattern


def _shared_bundles() -> URLPattern:
    """Bundles for all apps at once. To a decorator they are an app's; but there is no ``ident`` of one."""
    colours = _Colours(require_safe(views.bundle), require_safe(views.bundle_async))
    decorate = {"route_name": "app", "url_part": _SUITES, "name": "component-suites"}
    pattern = _of_mount(SHARED_BUNDLES, f"^{_SUITES}$", colours.decorated(**decorate))
    pattern.is_there = file_urls.are_shared
    return pattern


def _scripts() -> URLPattern:
    """Scripts of this package. They tell nothing of any app, so nobody is asked who he is."""
    colours = _Colours(require_safe(views.script), require_safe(views.script_async))
    return _of_mount(SCRIPTS, r"^_dpd/(?P<resource>[a-z_]+\.[0-9a-f]+\.js)$", colours)


def _of_mount(name: str, regex: str, colours: _Colours) -> _Pattern:
    """A pattern beside those of apps and instances."""
    pattern = _Pattern(RegexPattern(regex, name=name, is_endpoint=True), colours.synchronous, name=name)
    pattern.local_path, pattern.own = "", colours
    return pattern


def _for_programs(view: Any) -> Any:
    """The view with a CSRF check of its own, which also lets programs in that no browser stands behind."""
    if iscoroutinefunction(view):

        async def guarded_async(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            # The token may be in the session, which may be in the database.
            return await sync_to_async(csrf.refusal)(request) or await view(request, **kwargs)

        return csrf_exempt(guarded_async)

    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return csrf.refusal(request) or view(request, **kwargs)

    return csrf_exempt(guarded)


_IDENTS = ((r"(?P<ident>[^/]+)/initial/(?P<cache_id>[^/]+)", "--args"), (r"(?P<ident>[^/]+)", ""))

urlpatterns = [
    *(
        _pattern(kind, ident, suffix, *part)
        for kind in ("app", "instance")
        for ident, suffix in _IDENTS
        for part in _PARTS
    ),
    re_path(r"^add_stateless_apps/?$", find_apps.add_stateless_apps, name="add_stateless_apps"),
    _shared_bundles(),
    _scripts(),
]
