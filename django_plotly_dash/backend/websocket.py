"""Dash's websocket callbacks, as far as they are Dash's: what ``ctx.websocket`` is, and what the page is told.

A callback that comes over a websocket is answered as any other: it passes middleware, URLconf and view decorators on a
request of its own, which the room ``websocket_callbacks`` makes. Its ``WebsocketCall`` tells the backend.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from dash import Patch
from dash._utils import stringify_id, to_json
from dash.exceptions import PreventUpdate, WebsocketDisconnected
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from .. import context, prefix
from ..conf import app_settings
from ..json_values import plain
from .outbox import Outbox
from .response import DjangoResponseAdapter

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

logger = logging.getLogger("django_plotly_dash")
PATH: Final = "_dash-ws-callback"
_WSGI: Final = "This process serves WSGI, which has no websockets; serve the site by ASGI, with daphne or uvicorn."
_answering: list[str] = []
_told: set[str] = set()


class BrowserGoneError(WebsocketDisconnected, PreventUpdate):
    """Raised in a callback whose page has gone; it ends the callback, past ``on_error``."""

    def __init__(self) -> None:
        super().__init__("The page that has called this callback is not there any more.")  # type: ignore[no-untyped-call]


class Link:
    """One open socket, as callbacks see it.

    Args:
        outbox: what goes out to the browser.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self._questions: dict[str, Future[Any]] = {}

    def ask(self, renderer_id: str, component_id: str, names: list[str]) -> tuple[str, Future[Any]]:
        """Ask a page for properties of a component. Gives the question's id and the answer to come."""
        question, answer = uuid4().hex, Future[Any]()
        self._questions[question] = answer
        self.outbox.put(
            to_json(
                {
                    "type": "get_props_request",
                    "rendererId": renderer_id,
                    "requestId": question,
                    "payload": {"componentId": component_id, "properties": names},
                }
            )
        )
        if self.outbox.closed.is_set():
            self.forget(question)
        return question, answer

    def waits_for(self, question: object) -> bool:
        """Whether this is the id of a question that has not been answered."""
        return question in self._questions

    def answer(self, question: str, values: Any) -> None:
        """Hand over what the page has answered."""
        future = self._questions.pop(question, None)
        if future is not None and not future.done():
            future.set_result(values)

    def forget(self, question: str) -> None:
        """Nobody waits for this answer any more."""
        future = self._questions.pop(question, None)
        if future is not None and not future.done():
            future.set_exception(BrowserGoneError())

    def close(self) -> None:
        """The browser has gone: nothing is sent, and whoever waits for an answer is told."""
        self.outbox.close()
        for question in list(self._questions):
            self.forget(question)


class WebsocketCallback:
    """What ``dash.ctx.websocket`` is in a callback that came over a websocket. Usable in any thread.

    Args:
        link: the socket.
        renderer_id: which page of those that share the socket.
    """

    def __init__(self, link: Link, renderer_id: str) -> None:
        self._link, self.renderer_id = link, renderer_id
        self._ended = False
        self.last_component: str | None = None
        # Learns what is sent, for a saved instance; the request that answers the callback has it.
        self.recorder: context.StateRecorder | None = None

    @property
    def is_shutdown(self) -> bool:
        """Whether the page has gone, or may not be served any more."""
        return self._ended or self._link.outbox.closed.is_set()

    def end(self) -> None:
        """For the server: the callback is to come to an end."""
        self._ended = True

    def set_prop_sync(self, component_id: str | dict[str, Any], prop_name: str, value: Any) -> None:
        """Send a property's new value to the page; does not wait for the page.

        Raises:
            BrowserGoneError: nobody is there any more. It ends the callback if nobody catches it.
            SerializationError: the value cannot be written as JSON.
        """
        self._check()
        component_id = stringify_id(component_id)
        is_change = isinstance(value, Patch)
        value = plain(value, f"set_props of {component_id}.{prop_name}")
        text = to_json(
            {
                "type": "set_props",
                "rendererId": self.renderer_id,
                "payload": {"componentId": component_id, "props": {prop_name: value}},
            }
        )
        self.last_component = component_id
        key = None if is_change else (self.renderer_id, component_id, prop_name)
        self._link.outbox.put_value(prefix.resolve_marks(text), key)
        if self.recorder is not None:
            self.recorder.streamed(component_id, prop_name, value)

    async def set_prop(self, component_id: str | dict[str, Any], prop_name: str, value: Any) -> None:
        """The same, to be awaited. Errors are those of ``set_prop_sync``."""
        self.set_prop_sync(component_id, prop_name, value)

    async def get_prop(self, component_id: str | dict[str, Any], prop_name: str, timeout: float = 30.0) -> Any:
        """The value that a property has in the page now; None if the page has no such component or property.

        Args:
            timeout: how long to wait for the page, in seconds.

        Raises:
            BrowserGoneError: nobody is there any more.
            TimeoutError: the page has not answered.
        """
        self._check()
        component_id = stringify_id(component_id)
        question, future = self._link.ask(self.renderer_id, component_id, [prop_name])
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(future), timeout)
        except asyncio.TimeoutError:
            raise TimeoutError(f"The page has not told {component_id}.{prop_name} in {timeout} seconds.") from None
        finally:
            self._link.forget(question)
        return found.get(prop_name) if isinstance(found, dict) else None

    def _check(self) -> None:
        if self.is_shutdown:
            raise BrowserGoneError


@dataclass(eq=False)
class WebsocketCall:
    """A callback that came over a websocket, or the question whether one would be let in.

    Attributes:
        body: what the renderer has sent; None asks only who may.
        callback: what ``ctx.websocket`` is to be.
        app: the app that has been reached, behind everything that could have refused.
        task: the event loop's task in which the user's coroutine function runs, as long as it runs.
        give_up_place: gives back the place for a thread that a callback has been given which is not known before its
            call, if it turns out to be a coroutine function.
    """

    body: dict[str, Any] | None = None
    callback: WebsocketCallback | None = None
    app: DjangoDash | None = field(default=None, init=False)
    task: asyncio.Task[Any] | None = field(default=None, init=False)
    give_up_place: Callable[[], Awaitable[None]] | None = field(default=None, init=False)

    def end(self) -> None:
        """Let the callback come to an end: a coroutine is cancelled, a thread is told by ``ctx.websocket``."""
        if self.callback is not None:
            self.callback.end()
        if self.task is not None:
            self.task.cancel()


def call_of(request: HttpRequest) -> WebsocketCall | None:
    """What a request is that stands for something that came over a websocket; None for one that came by HTTP."""
    return getattr(request, "websocket_call", None)


class WebsocketResponseAdapter(DjangoResponseAdapter):
    """What ``dash.ctx.response`` is over a websocket: there are no headers, so none are lost without a word."""

    def _refuse(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            "This callback came over a websocket, and its answer can carry no cookies or headers. Set them in a "
            "callback without websocket=True, or in a view."
        )

    set_cookie = append_header = set_header = _refuse


# --- what the page is told --------------------------------------------------------------------------------------


def announce() -> None:
    """Called by the module that has the route of the socket: this process answers at it."""
    _answering.append(PATH)


def is_used_by(app: DjangoDash) -> bool:
    """Whether any callback of the app asks for a websocket."""
    return bool(app._websocket_callbacks) or any(spec.get("websocket") for spec in app.callback_map.values())


def config_entry(app: DjangoDash, entry: dict[str, Any]) -> dict[str, Any] | None:
    """What the page's configuration says of websockets, or None if the page shall open none.

    Args:
        entry: what Dash would say.
    """
    found = context.current()
    if found is None or not is_used_by(app) or not _is_answered(found.request):
        return None
    # Pages that load the same worker share its socket, and with it whose cookies were sent when it was opened.
    return {**entry, "worker_url": f"{entry['worker_url']}?for={_visitor(found.request)}"}


def prepare_page(app: DjangoDash, request: HttpRequest) -> None:
    """Before a page is made of an app that uses websockets: make sure of a session if callbacks over the websocket may
    change its state, since only HTTP can give the browser a session's cookie. Say once per process if the app's
    callbacks are answered over HTTP."""
    if not _is_answered(request):
        _tell(app, why_not(request))
        return
    session = getattr(request, "session", None)
    if session is not None and session.session_key is None and _changes_session_state(app):
        session.create()


def tell_under_wsgi(apps: Iterable[DjangoDash]) -> None:
    """When a process that serves WSGI begins: say which apps' callbacks are answered over HTTP, once per process."""
    if app_settings().websocket_callbacks is None:
        for app in apps:
            if app.uses_websockets():
                _tell(app, _WSGI)


def _tell(app: DjangoDash, reason: str) -> None:
    if app.slug not in _told:
        _told.add(app.slug)
        logger.warning(
            "The websocket callbacks of %r are answered over HTTP, and persistent ones not at all. %s",
            app.app_name,
            reason,
        )


def why_not(request: HttpRequest) -> str:
    """Why a callback that asks for a websocket is answered over HTTP, for an error or a log line."""
    if app_settings().websocket_callbacks is False:
        return "PLOTLY_DASH['websocket_callbacks'] is False."
    if not isinstance(request, ASGIRequest):
        return _WSGI
    if not _answering:
        return "The ASGI application does not route websockets to django_plotly_dash.routing."
    return "The page did not open a websocket, or the browser cannot."


def _changes_session_state(app: DjangoDash) -> bool:
    return any(
        "session_state" in getattr(spec.get("callback"), "extras", ())
        for spec in app.callback_map.values()
        if app._websocket_callbacks or spec.get("websocket")
    )


def _is_answered(request: HttpRequest) -> bool:
    wanted = app_settings().websocket_callbacks
    return isinstance(request, ASGIRequest) and bool(_answering) if wanted is None else wanted


def _visitor(request: HttpRequest) -> str:
    session = getattr(request, "session", None)
    key = getattr(session, "session_key", None) or request.COOKIES.get(settings.SESSION_COOKIE_NAME) or ""
    return salted_hmac("django_plotly_dash.websocket", key, algorithm="sha256").hexdigest()[:16]
