"""Paths that stand in the settings. They are read when a request comes, and not frozen when a module is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls.resolvers import RoutePattern, URLPattern

from .conf import app_settings


def ws_route() -> str:
    """Path of the websocket of pipes, below the root of the site, without slashes around it."""
    return app_settings().ws_route.strip("/")


def poke_route() -> str:
    """Path at which messages for pipes are posted, without slashes around it."""
    return f"{app_settings().http_route.strip('/')}/poke"


def matches(wanted: str, path: str) -> bool:
    """Whether a path is the one that is wanted, with or without a slash behind."""
    return path.removesuffix("/") == wanted


class _SettingPattern(RoutePattern):
    """A pattern that asks for its route each time."""

    def __init__(self, route: Callable[[], str]) -> None:
        super().__init__("", is_endpoint=True)
        self._of_settings = route

    def match(self, path: str) -> tuple[str, tuple[Any, ...], dict[str, Any]] | None:
        return ("", (), {}) if matches(self._of_settings(), path) else None

    def __str__(self) -> str:
        return self._of_settings()


def pattern(route: Callable[[], str], view: Callable[..., Any]) -> URLPattern:
    """A URL pattern for a view or an ASGI application, at the path that a function gives."""
    return URLPattern(_SettingPattern(route), view)
