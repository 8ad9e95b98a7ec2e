"""One websocket of a page, or of several pages that share it: who may, what comes, and which callbacks are under way.

Each callback is a request of its own through the whole site (``requests``); what it sends waits in the
socket's outbox. The renderer tries again after any close code but 1000 and 4001, so 4001 is for those who may not.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpResponseBase

from ..backend import websocket
from ..backend.outbox import Outbox
from ..backend.websocket import Link, WebsocketCall, WebsocketCallback
from ..conf import app_settings
from ..scopes import in_thread
from ..socket_limits import BAD_MESSAGE, SERVER_ERROR, TOO_LARGE, TOO_MANY, TOO_OFTEN, TOO_SLOW, Allowance
from .messages import CHANGED, REFUSED, error, failure, parsed, payload, refusal
from .origins import may_open, origin_of
from .pages import HookedWebsocket, Pages
from .pools import place
from .requests import WebsocketRequest, answer, identity_of

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

logger = logging.getLogger("django_plotly_dash")
# Seconds that the site may take to say who may.
_ASKING_SECONDS: Final = 10.0
_TELLING_SECONDS: Final = 5.0
# More than servers give a browser to agree, after which they cut the connection.
_CLOSING_SECONDS: Final = 30.0
_LONGEST_REASON: Final = 120  # bytes; the protocol allows 123


class CallbackSocket:
    """The life of one socket.

    Args:
        scope: the ASGI scope.
        accept: accepts the socket.
        send: sends a text; may wait for the network.
        close: closes the socket with a code and a reason.
    """

    def __init__(
        self,
        scope: dict[str, Any],
        *,
        accept: Callable[[], Awaitable[None]],
        send: Callable[[str], Awaitable[None]],
        close: Callable[..., Awaitable[None]],
    ) -> None:
        self._scope, self._accept, self._send, self._close_socket = scope, accept, send, close
        self._app: DjangoDash | None = None
        self._link: Link | None = None
        self._pages = Pages()
        self._calls: dict[asyncio.Task[None], WebsocketCall] = {}
        self._own_tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._identity: object = None
        self._checked = 0.0
        self._allowance = Allowance(app_settings().websocket_max_rate, app_settings().websocket_max_callbacks)
        self._is_closed = self._is_accepted = False

    # --- opening and closing ------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Accept the socket, if its page, its user and the app's hooks let it in."""
        if not await may_open(self._scope):
            logger.warning(
                "A websocket for callbacks was refused at %s: its Origin is %r, which is neither this site's, nor in "
                "CSRF_TRUSTED_ORIGINS, nor in the app's websocket_allowed_origins.",
                self._scope["path"],
                origin_of(self._scope),
            )
            self._is_closed = True
            await self._close_socket(code=REFUSED)  # not accepted yet: the browser sees a 403
            return
        request, reason, code = await self._ask()
        if reason is None and self._app is not None:
            hooks = self._app._hooks.get_hooks("websocket_connect")
            code, reason = await self._by_hooks(hooks, "Connection rejected", request) or (code, None)
        await self._accept()
        self._is_accepted = True
        if reason is not None or self._app is None:
            await self.close(code, reason or "This is not the address of an app.")
            return
        delay = self._app._websocket_batch_delay or 0.0
        outbox = Outbox(self._send, delay, app_settings().websocket_queue_size, self._gave_up)
        self._link = Link(outbox)
        self._begin(outbox.run())
        self._begin(self._check_regularly())

    async def end(self) -> None:
        """The browser has gone: its callbacks come to an end."""
        self._is_closed = True
        self._end_calls()
        for task in list(self._own_tasks):
            task.cancel()

    async def close(self, code: int, reason: str) -> None:
        """End the callbacks and close the socket."""
        if self._is_closed:
            return
        self._is_closed = True
        level = logging.INFO if code in (REFUSED, CHANGED) else logging.WARNING
        logger.log(level, "A websocket for callbacks at %s was closed (%d): %s", self._scope["path"], code, reason)
        self._end_calls()
        short = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        # Each with a time of its own: a browser that takes no message is to be closed all the same.
        if code != CHANGED:
            await _within(_TELLING_SECONDS, self._tell(error(page, reason, code) for page in self._pages.known))
        await _within(_CLOSING_SECONDS, self._close_socket(code=code, reason=short))

    async def _tell(self, texts: Iterable[str]) -> None:
        for text in texts:
            await self._send(text)

    def _end_calls(self) -> None:
        if self._link is not None:
            self._link.close()
        for call in list(self._calls.values()):
            call.end()

    def _gave_up(self, reason: str) -> None:
        self._begin(self.close(TOO_SLOW, reason))

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._own_tasks.add(task)
        task.add_done_callback(self._own_tasks.discard)
        return task

    # --- messages -----------------------------------------------------------------------------------------------

    async def receive(self, text: str | None) -> None:
        """Take one message of the renderer's."""
        if self._is_closed or self._app is None or self._link is None:
            return
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if text is not None and limit is not None and len(text) > limit:
            await self.close(TOO_LARGE, "A message is larger than DATA_UPLOAD_MAX_MEMORY_SIZE allows.")
            return
        message = parsed(text)
        if message is None:
            await self.close(BAD_MESSAGE, "A message was not one of Dash's renderer.")
            return
        # What the server has asked for does not count.
        if not self._link.waits_for(message.get("requestId")) and not self._allowance.takes():
            rate = app_settings().websocket_max_rate
            await self.close(TOO_OFTEN, f"More than {rate} messages a second (websocket_max_rate).")
            return
        hooks = self._app._hooks.get_hooks("websocket_message")
        said = await self._by_hooks(hooks, "Message rejected", None, message)
        if said is not None:
            await self.close(*said)
        elif message["type"] == "heartbeat":
            self._link.outbox.put('{"type":"heartbeat_ack"}')
        elif message["type"] == "get_props_response":
            self._link.answer(message["requestId"], message["payload"])
            if self._pages.is_back(message["rendererId"]):
                await self.close(CHANGED, "A page that seemed to have gone is there again.")
        else:
            await self._start(self._app, self._link, message)

    async def _start(self, app: DjangoDash, link: Link, message: dict[str, Any]) -> None:
        renderer_id = message["rendererId"]
        if len(self._calls) >= app_settings().websocket_max_callbacks:
            await self.close(TOO_MANY, f"{len(self._calls)} callbacks are under way on one websocket.")
            return
        if time.monotonic() - self._checked > app_settings().websocket_recheck_seconds and not await self._recheck():
            return
        busy = {call.callback.renderer_id for call in self._calls.values() if call.callback is not None}
        if self._pages.add(renderer_id, busy):
            self._look(link)
        call = WebsocketCall(message["payload"], WebsocketCallback(link, renderer_id))
        task = asyncio.create_task(self._run(app, link, call, message["requestId"]))
        self._calls[task] = call
        task.add_done_callback(self._calls.pop)

    async def _run(self, app: DjangoDash, link: Link, call: WebsocketCall, request_id: str) -> None:
        try:
            output = (call.body or {}).get("output")
            spec = app.callback_map.get(output, {}) if isinstance(output, str) else {}
            request = WebsocketRequest(self._scope, call)
            async with place(app, self, in_thread=not iscoroutinefunction(spec.get("callback"))) as held:
                call.give_up_place = held.aclose
                response = await answer(request)
            if call.app is None:
                await self.close(*refusal(response))
                return
            answered = payload(request, response)
        except asyncio.CancelledError:
            return  # the page has gone, or may not be served any more
        except Exception:  # whatever the site's middleware raises; the socket serves other callbacks too
            logger.exception("A callback over a websocket failed at %s", self._scope["path"])
            answered = failure("The server could not answer.")
        renderer_id = call.callback.renderer_id if call.callback is not None else ""
        head = json.dumps({"type": "callback_response", "rendererId": renderer_id, "requestId": request_id})
        link.outbox.put(f'{head[:-1]},"payload":{answered}}}')

    # --- who may ------------------------------------------------------------------------------------------------

    async def _ask(self) -> tuple[WebsocketRequest, str | None, int]:
        """Let the site say whether this visitor may call callbacks here: the request, and why not with a close code."""
        call = WebsocketCall()
        request = WebsocketRequest(self._scope, call)
        try:
            response = await self._answer_in_time(request)
        except Exception:  # it takes too long, or whatever the site's middleware raises
            logger.exception("A websocket for callbacks could not be checked at %s", self._scope["path"])
            return request, "The server could not answer.", SERVER_ERROR
        if call.app is None:
            code, reason = refusal(response)
            return request, reason, code
        if not websocket.is_used_by(call.app):
            return request, "This app has no websocket callbacks.", REFUSED
        self._checked = time.monotonic()
        if self._app is None:
            self._app, self._identity = call.app, identity_of(request)
        return request, None, REFUSED

    async def _answer_in_time(self, request: WebsocketRequest) -> HttpResponseBase:
        answering = asyncio.ensure_future(answer(request))
        try:
            done, _ = await asyncio.wait({answering}, timeout=_ASKING_SECONDS)
        finally:
            answering.cancel()  # and not waited for: a thread that hangs cannot be stopped
        if not done:
            raise TimeoutError(f"The site has not said within {_ASKING_SECONDS:g} seconds who may.")
        return answering.result()

    async def _recheck(self) -> bool:
        """Whether the visitor is who it was and still may; the socket is closed otherwise."""
        request, reason, code = await self._ask()
        if reason is not None:
            await self.close(code, reason)
        elif identity_of(request) != self._identity:
            await self.close(CHANGED, "The login has changed.")
        return not self._is_closed

    async def _check_regularly(self) -> None:
        while not self._is_closed:
            await asyncio.sleep(app_settings().websocket_recheck_seconds)
            if self._calls and await self._recheck() and self._link is not None:
                self._look(self._link)

    def _look(self, link: Link) -> None:
        """Look for pages that have gone. It may take long, and nothing waits for it."""
        if self._looking is None or self._looking.done():
            self._looking = self._begin(self._look_for_pages(link))

    async def _look_for_pages(self, link: Link) -> None:
        for call in await self._pages.gone(link, list(self._calls.values())):
            call.end()

    async def _by_hooks(
        self, hooks: list[Any], default: str, request: WebsocketRequest | None, *message: Any
    ) -> tuple[int, str] | None:
        """What a hook says against it: a close code and a reason."""
        if not hooks:
            return None
        socket = HookedWebsocket(self._scope, request)
        for hook in hooks:
            try:
                if iscoroutinefunction(getattr(hook, "func", hook)):  # Dash keeps the function in an object
                    said = await hook(socket, *message)
                else:
                    said = await in_thread(hook, socket, *message)
            except Exception:  # the hook is the user's; who cannot be checked is not let in
                logger.exception("A websocket hook failed at %s", self._scope["path"])
                return REFUSED, "Authentication error"
            if said is False:
                return REFUSED, default
            if isinstance(said, tuple) and len(said) == 2:
                return int(said[0]), str(said[1])
        return None


async def _within(seconds: float, sending: Awaitable[None]) -> None:
    with suppress(Exception):  # it takes too long, or an error of the server's for a browser that has gone
        await asyncio.wait_for(sending, seconds)
