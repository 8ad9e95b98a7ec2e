"""What a websocket has in common with an HTTP request: where it comes from, who asks, and in which language."""

from __future__ import annotations

import io
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings
from django.contrib import auth
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest
from django.utils import translation
from django.utils.http import is_same_domain

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[Any]]
# Seconds after which a visitor's session and user are read anew: a logout must not go unnoticed.
USER_SECONDS: Final = 5.0


def request_of(scope: Scope) -> HttpRequest:
    """The request that opened a websocket, with headers, cookies and path; without user and session."""
    scheme = "https" if scope.get("scheme") in ("wss", "https") else "http"
    return ASGIRequest({"method": "GET", **scope, "type": "http", "scheme": scheme}, io.BytesIO())


def origin_is_ours(scope: Scope) -> bool:
    """Whether the page that opens a websocket may do so: it is of this site, or of one in ``CSRF_TRUSTED_ORIGINS``.

    A browser sends cookies with a websocket from any page, and the page's origin with it. This is the rule by which
    Django takes forms. A client that names no origin is no browser, and brings nobody's cookies but its own.
    """
    request = request_of(scope)
    try:
        host = request.get_host()
    except DisallowedHost:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    origin = origin.lower()
    if origin == f"{request.scheme}://{host}".lower():
        return True
    scheme, _, origin_host = origin.partition("://")
    for trusted in settings.CSRF_TRUSTED_ORIGINS:
        trusted_scheme, _, trusted_host = trusted.lower().partition("://")
        # "https://*.example.com" means its subdomains; Django's function takes that without the star.
        if scheme == trusted_scheme and is_same_domain(origin_host, trusted_host.removeprefix("*")):
            return True
    return False


def language_of(scope: Scope) -> str:
    """The language that an HTTP request with this path, these cookies and headers would get."""
    if not settings.USE_I18N or not _has_locale_middleware():
        return str(settings.LANGUAGE_CODE)
    return translation.get_language_from_request(request_of(scope), check_path=True)


def _has_locale_middleware() -> bool:
    return any(name.endswith("LocaleMiddleware") for name in settings.MIDDLEWARE)


class LanguageMiddleware:
    """Inside of it, the language is the request's. It is in ``scope["language"]`` too."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        language = language_of(scope)
        with translation.override(language):
            return await self.inner({**scope, "language": language}, receive, send)


class Visitor:
    """Who is at the other end of a websocket, now: a socket may be open for longer than a login lasts.

    Where the session names the user, both are read again after some seconds. A user that somebody else's middleware has
    put into the scope stays.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._session = scope.get("session")
        self._user: Any = None
        self._until = 0.0
        self._by_session: bool | None = None

    def user(self) -> Any:
        """The user; not on an event loop, since it may ask the database."""
        if time.monotonic() >= self._until:
            self._user = self._read()
            self._until = time.monotonic() + USER_SECONDS
        return self._user

    def _read(self) -> Any:
        given = self._scope.get("user")
        if self._session is None or not _has_users():
            return given if given is not None else _anonymous()
        if self._by_session is None:
            named = auth.SESSION_KEY in self._session
            self._by_session = named or not getattr(given, "is_authenticated", False)
        if not self._by_session:
            return given
        request = request_of(self._scope)
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(self._session.session_key)
        return auth.get_user(request)


def _has_users() -> bool:
    return apps.is_installed("django.contrib.auth")


def _anonymous() -> Any:
    if not _has_users():
        return None
    from django.contrib.auth.models import AnonymousUser

    return AnonymousUser()


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in a thread of the event loop's pool, and leave no database connection behind.

    Not in the one thread that ``sync_to_async`` keeps by default: sockets would wait for each other there.
    """

    def call() -> Any:
        close_old_connections()
        try:
            return function(*args)
        finally:
            close_old_connections()

    return await sync_to_async(call, thread_sensitive=False)()
