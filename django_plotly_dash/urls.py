"""URLs of apps and saved instances. Include them anywhere: ``path("dash/", include("django_plotly_dash.urls"))``."""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.urls.resolvers import RegexPattern, ResolverMatch, URLPattern
from django.views.decorators.csrf import csrf_exempt

from . import access, csrf, lookup, mcp, own_scripts, views
from .app_name import app_name, main_view_label

__all__ = ["app_name", "urlpatterns"]

# URL name, what follows the app's prefix, the same with the groups of the pattern filled in
_PARTS = (
    (main_view_label, "", ""),
    ("layout", "_dash-layout", "_dash-layout"),
    ("dependencies", "_dash-dependencies", "_dash-dependencies"),
    ("update-component", "_dash-update-component", "_dash-update-component"),
    (
        "component-suites",
        r"_dash-component-suites/(?P<component>[^/]+)/(?P<resource>.+)",
        "_dash-component-suites/{component}/{resource}",
    ),
    ("asset-redirect", r"assets/(?P<path>.+)", "assets/{path}"),
    # everything else below an app: its pages, and the routes of hooks and plugins
    ("routes", r"(?P<path>.+)", "{path}"),
)


class _Pattern(URLPattern):
    """Gives Django the view in the colour of the handler that asks: neither pays for the other's."""

    def resolve(self, path: str) -> ResolverMatch | None:
        match = super().resolve(path)
        if match is None:
            return None
        for_programs = self.is_of_routes and mcp.answers_at(
            match.kwargs["path"], match.kwargs["ident"] if self.is_of_app else None
        )
        if _on_event_loop():
            match.func = self.view_async_of_programs if for_programs else self.view_async
        elif for_programs:
            match.func = self.view_of_programs
        return match

    is_of_app: bool
    is_of_routes: bool
    view_async: Any
    view_of_programs: Any
    view_async_of_programs: Any


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
        return views.serve(request, find, ident, local_path.format(**groups))

    async def view_async(request: HttpRequest, ident: str, cache_id: str = "", **groups: str) -> HttpResponseBase:
        return await views.serve_async(request, find, ident, local_path.format(**groups))

    label = ("app-" if kind == "app" else "") + name + suffix
    decorate = {"route_name": kind, "url_part": part, "name": name}
    start = f"{kind}/{ident}/" if ident else ""
    pattern = _Pattern(
        RegexPattern(f"^{start}{part}$", name=label, is_endpoint=True),
        access.decorated(view, **decorate),
        default,
        name=label,
    )
    pattern.is_of_app, pattern.is_of_routes = kind == "app", name == "routes"
    decorated = access.decorated(view_async, **decorate)
    # A decorator that knows nothing of coroutines has made an ordinary function of it.
    pattern.view_async = decorated if iscoroutinefunction(decorated) else pattern.callback
    # MCP calls callbacks, so what lets people call those decides here too.
    callbacks = {"route_name": kind, "url_part": "_dash-update-component", "name": "update-component"}
    of_programs, of_programs_async = access.decorated(view, **callbacks), access.decorated(view_async, **callbacks)
    if not iscoroutinefunction(of_programs_async):
        of_programs_async = of_programs
    pattern.view_of_programs = _for_programs(of_programs)
    pattern.view_async_of_programs = _for_programs(of_programs_async)
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
    _pattern(kind, ident, suffix, *part) for kind in ("app", "instance") for ident, suffix in _IDENTS for part in _PARTS
]
urlpatterns.append(path("own/<slug:fingerprint>/<str:script>", own_scripts.serve, name=own_scripts.URL_NAME))
