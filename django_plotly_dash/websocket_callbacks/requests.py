"""A websocket's messages as Django requests: through the site's middleware, URLconf and view decorators.

So users, sessions, languages, permissions, error reports and whatever else a site does to requests are what they are
for a callback over HTTP. The path is the one at which the callback would have been posted, and cookies and headers are
those with which the socket was opened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any, Final

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.handlers.asgi import ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import setting_changed
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch, set_script_prefix
from django.views.decorators.csrf import csrf_exempt

from ..backend.websocket import PATH, WebsocketCall
from ..prefix import URL_NAMESPACE

# Names of URLs of apps begin with it, those of saved instances do not.
OF_APPS: Final = "app-"
_URLS: Final = "django_plotly_dash.urls"
_CALLBACK_PATH: Final = "_dash-update-component"
# Of the handshake, or of a body that has another length and form here.
_NOT_OURS: Final = (b"sec-websocket-", b"upgrade", b"connection", b"accept-encoding", b"content-", b"transfer-encoding")
_JSON: Final = [(b"content-type", b"application/json"), (b"accept", b"application/json")]


class WebsocketRequest(ASGIRequest):
    """A POST to an app's callback URL that stands for something that came over a websocket.

    Args:
        scope: of the socket.
        call: what came; without a body it only asks who may.
    """

    def __init__(self, scope: Mapping[str, Any], call: WebsocketCall) -> None:
        super().__init__(_as_http(scope), BytesIO())
        self.websocket_call = call

    @property
    def body(self) -> bytes:
        """The callback's body, written when somebody asks for it."""
        if not hasattr(self, "_body"):
            self._body = json.dumps(self.websocket_call.body).encode()
            self._stream = BytesIO(self._body)
        return self._body


class _Handler(BaseHandler):
    def resolve_request(self, request: HttpRequest) -> Any:
        match = super().resolve_request(request)
        if not is_of_callbacks(match):
            return _not_an_app, (), {}
        # A handshake carries no token. Its Origin has been checked, which no page can forge. Views of the site's own
        # know nothing of that.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return match

    async def answer(self, request: WebsocketRequest) -> HttpResponseBase:
        # As Django's own handler of ASGI: one thread for what is synchronous in this request.
        async with ThreadSensitiveContext():
            set_script_prefix(get_script_prefix(request.scope) or "/")
            await signals.request_started.asend(sender=self.__class__, scope=request.scope)
            response: HttpResponseBase = HttpResponse(status=500)
            try:
                response = await self.get_response_async(request)
                request.identity = await sync_to_async(_identity)(request)  # type: ignore[attr-defined]
                return response
            finally:
                response._handler_class = self.__class__  # type: ignore[attr-defined]
                await sync_to_async(_end)(response)


@csrf_exempt  # it does nothing
async def _not_an_app(request: HttpRequest) -> HttpResponse:
    """In the place of a view of the site's own that happens to be at this path."""
    return HttpResponse(status=404)


@cache
def _handler() -> _Handler:
    handler = _Handler()
    handler.load_middleware(is_async=True)
    return handler


def _reload(*, setting: str, **_: Any) -> None:
    if setting == "MIDDLEWARE":
        _handler.cache_clear()


setting_changed.connect(_reload)


def is_of_callbacks(match: ResolverMatch) -> bool:
    """Whether a URL is that of an app's callbacks, and not of a view of the site's own."""
    name = (match.url_name or "").removeprefix(OF_APPS).removesuffix("--args")
    # Without include(), as a whole URLconf, our patterns have no namespace.
    included = match.app_names[-1:] == [URL_NAMESPACE]
    is_ours = included or getattr(match.func, "__module__", "") == _URLS
    return is_ours and name == "update-component"


async def answer(request: WebsocketRequest) -> HttpResponseBase:
    """Let the site answer a request; must run on an event loop.

    Raises:
        Exception: what Django raises instead of answering, under ``DEBUG_PROPAGATE_EXCEPTIONS``.
    """
    return await _handler().answer(request)


def identity_of(request: WebsocketRequest) -> tuple[str | None, str | None] | None:
    """Whose request it was, after it has been answered: key of the session that exists, and user. None for a callback:
    only the question who may is asked for it."""
    return getattr(request, "identity", None)


def lost_cookies(request: HttpRequest, response: HttpResponseBase) -> list[str]:
    """Names of cookies that the response would have changed in the browser, which a websocket cannot do."""
    return [name for name, cookie in response.cookies.items() if request.COOKIES.get(name) != cookie.value]


def _identity(request: WebsocketRequest) -> tuple[str | None, str | None] | None:
    if request.websocket_call.body is not None:
        return None  # it would ask the database at each callback
    session = getattr(request, "session", None)
    user = getattr(request, "user", None)
    pk = getattr(user, "pk", None)
    if session is not None:
        session.get("_auth_user_id")  # loads it, and finds out whether it still exists
    return getattr(session, "session_key", None), None if pk is None else str(pk)


def _end(response: HttpResponseBase) -> None:
    response.close()  # tells Django's listeners that the request is over
    connections.close_all()  # the thread ends here, and would leave them open


def _as_http(scope: Mapping[str, Any]) -> dict[str, Any]:
    headers = [item for item in scope.get("headers", ()) if not item[0].lower().startswith(_NOT_OURS)]
    return {
        **scope,
        "type": "http",
        "method": "POST",
        "scheme": "https" if scope.get("scheme") == "wss" else "http",
        "path": scope["path"].removesuffix(PATH) + _CALLBACK_PATH,
        "headers": [*headers, *_JSON],
    }
