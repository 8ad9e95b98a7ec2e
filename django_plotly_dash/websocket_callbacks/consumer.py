"""The consumer at which pages of apps with websocket callbacks open their sockets."""

from __future__ import annotations

import asyncio
from typing import Any

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from .socket import CallbackSocket


class CallbackConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Hands what comes over a websocket to a ``CallbackSocket``, which knows what to do with it."""

    # Callbacks have no use for a channel layer, and a consumer without one does not wait for it.
    channel_layer_alias = "websocket callbacks have no channel layer"
    _socket: CallbackSocket | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one socket; its callbacks end with it, however it ends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._socket is not None:
                await asyncio.shield(self._socket.end())

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without the look at database connections that consumers take in a thread that all of them share: each
        callback has a thread of its own for the database."""
        await getattr(self, get_handler_name(message))(message)

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """Let the socket in, or not."""
        self._socket = CallbackSocket(self.scope, accept=self.accept, send=self._text, close=self.close)
        await self._socket.open()

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Take a message."""
        if self._socket is not None:
            await self._socket.receive(message.get("text"))

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """The browser has gone."""
        raise StopConsumer

    async def _text(self, text: str) -> None:
        await self.base_send({"type": "websocket.send", "text": text})
