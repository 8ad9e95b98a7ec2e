"""ASGI: ``application`` serves the whole site, ``websocket_urlpatterns`` are for an ``asgi.py`` of your own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.apps import apps
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.urls import re_path

from . import poke_urls, setting_routes
from .backend import websocket
from .consumers import MessageConsumer
from .scopes import Application, LanguageMiddleware, Scope
from .websocket_callbacks import CallbackConsumer

NOT_FOUND: Final = 4404
logger = logging.getLogger("django_plotly_dash")


def ws_route() -> str:
    """Path of the websocket of pipes, without a slash before it."""
    return setting_routes.ws_route()


# The URLconf knows where apps are; a socket for callbacks may be at any of those places.
websocket_urlpatterns: list[Any] = [
    setting_routes.pattern(ws_route, LanguageMiddleware(MessageConsumer.as_asgi())),
    re_path(rf"^(?:.*/)?{websocket.PATH}$", LanguageMiddleware(CallbackConsumer.as_asgi())),
]
websocket.announce()


class _Http(ASGIHandler):
    """Django, and the address for poking as the older package has it: below the root, without a line in the URLconf."""

    def create_request(self, scope: Mapping[str, Any], body_file: Any) -> Any:
        request, refusal = super().create_request(scope, body_file)
        if isinstance(request, ASGIRequest) and setting_routes.matches(
            setting_routes.poke_route(), request.path_info.removeprefix("/")
        ):
            request.urlconf = poke_urls.__name__
        return request, refusal


class _Websockets:
    """Our websockets, with session and user as an HTTP request has them. Consumers check the origin."""

    def __init__(self) -> None:
        inner: Application = URLRouter(websocket_urlpatterns)
        if apps.is_installed("django.contrib.auth") and apps.is_installed("django.contrib.sessions"):
            from channels.auth import AuthMiddleware

            inner = AuthMiddleware(inner)
        if apps.is_installed("django.contrib.sessions"):
            inner = SessionMiddleware(inner)
        self._inner = CookieMiddleware(inner)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        root = scope.get("root_path", "")
        if root and not scope["path"].startswith(root):
            # Servers differ in whether the path contains the root path.
            scope = {**scope, "path": root + scope["path"]}
        local = scope["path"][len(root) :].lstrip("/")
        if not any(route.pattern.match(local) for route in websocket_urlpatterns):
            logger.warning(
                "No websocket answers at %s. PLOTLY_DASH['ws_route'] is %r.", scope["path"], setting_routes.ws_route()
            )
            await send({"type": "websocket.close", "code": NOT_FOUND})
            return None
        return await self._inner(scope, receive, send)


def _application() -> ProtocolTypeRouter:
    django.setup(set_prefix=False)
    return ProtocolTypeRouter({"http": _Http(), "websocket": _Websockets()})


application = _application()
