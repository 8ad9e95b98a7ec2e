"""The websocket of a page: pipes' messages go out of it, subscriptions come in.

``send_to_pipe_channel`` and ``async_send_to_pipe_channel`` are imported from here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from . import pipe_access, pipe_hub
from .conf import app_settings
from .exceptions import DjangoPlotlyDashError, SerializationError
from .pipes import async_send_to_pipe_channel, send_to_pipe_channel
from .scopes import Visitor, origin_is_ours
from .socket_limits import BAD_MESSAGE, NO_LAYER, SERVER_ERROR, TOO_LARGE, TOO_MANY, TOO_OFTEN, Allowance

__all__ = ["MessageConsumer", "async_send_to_pipe_channel", "send_to_pipe_channel"]

BAD_ORIGIN: Final = 4403
# Pipes repeat their subscriptions every ten seconds, as they have to. What comes more often counts.
_REPEAT_SECONDS: Final = 5.0
_LONGEST_NAME: Final = 1000
# Bytes of messages that go out together. A single one may be larger.
_LARGEST_FRAME: Final = 65_536
logger = logging.getLogger("django_plotly_dash")


@dataclass(slots=True)
class _Subscription:
    channel_name: str
    label: str | None
    checked: float
    repeated: float


class _Refused(Exception):  # noqa: N818 - it ends the socket, and is no error of the server
    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason


class MessageConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One page's websocket, for all of its pipes."""

    # A consumer has a channel of its own in the layer of this name, if there is one. All sockets share the hub's.
    channel_layer_alias = "pipes have one channel for each process"
    _hub: pipe_hub.Hub

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._subscriptions: dict[str, _Subscription] = {}
        self._outbox: deque[tuple[str, str]] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._is_closed = self._is_slow = False

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one socket; nothing is left of it, however it ends."""

        async def send_if_open(message: dict[str, Any]) -> None:
            try:
                await send(message)
            except (OSError, RuntimeError):  # what servers raise if the browser has just gone; they say so soon
                self._is_closed = True

        try:
            await super().__call__(scope, receive, send_if_open)
        finally:
            await asyncio.shield(self._end())

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without the look at database connections that consumers take in the one thread that all of them share: a
        pipe's socket uses the database in other threads, and sees to its connections there."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Take the socket if a page of this site opens it."""
        if not origin_is_ours(self.scope):
            logger.warning(
                "A websocket for pipes was refused: its Origin %r is not this site's. Where that is right, add it to "
                "CSRF_TRUSTED_ORIGINS.",
                dict(self.scope["headers"]).get(b"origin", b"").decode("latin1"),
            )
            await self.close(code=BAD_ORIGIN)
            return
        self._hub = pipe_hub.of_this_loop()
        self._visitor = Visitor(self.scope)
        self._takes_lists = "lists" in parse_qs(self.scope.get("query_string", b"").decode("latin1"))
        self._settings = app_settings()  # once: they are asked for with each message
        self._allowance = Allowance(self._settings.pipe_max_rate, self._settings.pipe_max_subscriptions)
        await self.accept()

    async def _end(self) -> None:
        self._is_closed = True
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        groups = list(self._subscriptions)
        self._subscriptions.clear()
        self._outbox.clear()
        self._waiting_bytes = 0
        if groups:
            await self._hub.unsubscribe(groups, self)

    # --- from the page ----------------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A subscription, the end of one, or a message for other pages."""
        if self._is_closed:
            return
        try:
            message = _read(text_data)
            problem = _problem(message)
            self._count(message, problem)
            if problem:
                await self.send(text_data=json.dumps({"type": "refused", "reason": problem}))
            elif message.get("type") == "connection_triplet":
                await self._subscribe(message["channel_name"], message.get("label"))
            elif message.get("type") == "unsubscribe":
                await self._unsubscribe(pipe_hub.group_name(message["channel_name"], message.get("label")))
            else:
                await self._publish(message["channel_name"], message.get("label"), message["value"])
        except _Refused as refused:
            self._is_closed = True
            logger.warning("A websocket of %s was closed with %s: %s", self._address(), refused.code, refused.reason)
            await self.close(code=refused.code, reason=refused.reason)
            await self._end()

    def _count(self, message: dict[str, Any], problem: str) -> None:
        known = None
        if not problem and "value" not in message:
            known = self._subscriptions.get(pipe_hub.group_name(message["channel_name"], message.get("label")))
        now = time.monotonic()
        if known is not None and (message["type"] == "unsubscribe" or now - known.repeated > _REPEAT_SECONDS):
            known.repeated = now
        elif not self._allowance.takes():
            rate = self._settings.pipe_max_rate
            raise _Refused(TOO_OFTEN, f"More than {rate} messages a second (pipe_max_rate).")

    async def _subscribe(self, channel_name: str, label: str | None) -> None:
        group = pipe_hub.group_name(channel_name, label)
        known = self._subscriptions.get(group)
        limit = self._settings.pipe_max_subscriptions
        if known is None and len(self._subscriptions) >= limit:
            raise _Refused(TOO_MANY, f"More than {limit} subscriptions (pipe_max_subscriptions).")
        # Pages repeat their subscriptions, and each time this is asked again.
        answer = await pipe_access.allows(self._visitor, channel_name, label, "subscribe", self.scope)
        if known is not None and answer is not False:
            known.checked = time.monotonic() if answer else -math.inf
            return
        if not answer:
            await self._unsubscribe(group)
            await self._tell_refusal(channel_name, label, "subscribe")
            return
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        now = time.monotonic()
        self._subscriptions[group] = _Subscription(channel_name, label, now, now)
        try:
            await self._hub.subscribe(group, self)
        except DjangoPlotlyDashError as error:
            del self._subscriptions[group]
            raise _Refused(NO_LAYER, "The site has no channel layer.") from error

    async def _unsubscribe(self, group: str) -> None:
        if self._subscriptions.pop(group, None) is not None:
            await self._hub.unsubscribe([group], self)

    async def _publish(self, channel_name: str, label: str | None, value: Any) -> None:
        if not await pipe_access.allows(self._visitor, channel_name, label, "publish", self.scope):
            await self._tell_refusal(channel_name, label, "publish")
            return
        try:
            await async_send_to_pipe_channel(channel_name, label, value)
        except SerializationError as error:
            await self.send(text_data=json.dumps({"type": "refused", "reason": str(error)}))
        except DjangoPlotlyDashError as error:
            logger.error("A page's message for the pipe channel %r was lost: %s", channel_name, error)

    async def _tell_refusal(self, channel_name: str, label: str | None, action: str) -> None:
        logger.info("pipe_access refused %s of %r of the pipe channel %r.", action, label, channel_name)
        refusal = {"type": "refused", "action": action, "channel_name": channel_name, "label": label}
        await self.send(text_data=json.dumps(refusal))

    def _address(self) -> str:
        return str((self.scope.get("client") or ["an unknown address"])[0])

    # --- to the page ------------------------------------------------------------------------------------------------

    def put(self, group: str, text: str) -> None:
        """Take a message of the hub; a page that is too slow loses the oldest."""
        if self._is_closed:
            return
        self._outbox.append((group, text))
        self._waiting_bytes += _size(text)
        while len(self._outbox) > self._settings.pipe_queue_size or (
            self._waiting_bytes > self._settings.pipe_queue_bytes and len(self._outbox) > 1
        ):
            self._take()
            if not self._is_slow:
                self._is_slow = True
                logger.warning("The browser at %s reads too slowly: it loses old messages of pipes.", self._address())
        self._wake.set()

    def _take(self) -> tuple[str, str]:
        group, text = self._outbox.popleft()
        self._waiting_bytes -= _size(text)
        return group, text

    async def _write(self) -> None:
        try:
            while not self._is_closed:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    await self._write_waiting()
                self._is_slow = False
        except Exception:  # rather no socket, which the page opens again, than one that is silent
            logger.exception("The websocket of %s was closed.", self._address())
            self._is_closed = True
            await self.close(code=SERVER_ERROR)

    async def _write_waiting(self) -> None:
        """What has come while the last message was on its way goes out together, if the page understands that."""
        waiting, size = [self._take()], 0
        while self._outbox and self._takes_lists:
            size += _size(waiting[-1][1])
            if size + _size(self._outbox[0][1]) > _LARGEST_FRAME:
                break  # the rest still waits, where it is bounded
            waiting.append(self._take())
        texts = [text for group, text in waiting if await self._may_still_listen(group)]
        if texts:
            text = f"[{','.join(texts)}]" if len(texts) > 1 else texts[0]
            await self.base_send({"type": "websocket.send", "text": text})

    async def _may_still_listen(self, group: str) -> bool:
        found = self._subscriptions.get(group)
        if found is None:
            return False
        now = time.monotonic()
        if now - found.checked < pipe_access.ANSWER_SECONDS or pipe_access.is_open():
            return True
        # The page has not asked again; it may do so on purpose.
        answer = await pipe_access.allows(self._visitor, found.channel_name, found.label, "subscribe", self.scope)
        if answer:
            found.checked = now
        elif answer is False:  # and not for want of an answer, which the next message may get
            await self._unsubscribe(group)
            await self._tell_refusal(found.channel_name, found.label, "subscribe")
        return bool(answer)


def _read(text: str | None) -> dict[str, Any]:
    limit = app_settings().pipe_max_message_size
    if text is not None and len(text.encode(errors="replace")) > limit:
        raise _Refused(TOO_LARGE, f"A message of more than {limit} bytes (pipe_max_message_size).")
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        raise _Refused(BAD_MESSAGE, "A message is not JSON text.") from None
    if not isinstance(message, dict):
        raise _Refused(BAD_MESSAGE, "A message is not a JSON object.")
    return message


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def _problem(message: dict[str, Any]) -> str:
    channel_name, label = message.get("channel_name"), message.get("label")
    if not isinstance(channel_name, str) or not 0 < len(channel_name) <= _LONGEST_NAME:
        return f"channel_name has to be a text of 1 to {_LONGEST_NAME} characters."
    if label is not None and (not isinstance(label, str) or len(label) > _LONGEST_NAME):
        return f"label has to be a text of at most {_LONGEST_NAME} characters, or null."
    if message.get("type") not in ("connection_triplet", "unsubscribe") and "value" not in message:
        return "A message is a connection_triplet, an unsubscribe, or has a value."
    return ""
