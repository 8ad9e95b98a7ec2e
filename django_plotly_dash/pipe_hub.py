"""Messages of pipes on their way from the channel layer to the sockets of this process.

A process listens to the channel layer once, whatever the number of its sockets. A message so crosses the layer once for
each process and not once for each socket, and one that cannot be reached for a while is found again here, while the
sockets stay open.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final, Protocol

from channels.layers import BaseChannelLayer, InMemoryChannelLayer, get_channel_layer

from .exceptions import ConfigurationError

MESSAGE_TYPE: Final = "pipe.message"
# Seconds after which groups are joined again: a layer that was restarted has forgotten them, and others expire.
REJOIN_SECONDS: Final = 5.0
# Seconds that an operation of the layer may take.
LAYER_SECONDS: Final = 10.0
logger = logging.getLogger("django_plotly_dash")


class Listener(Protocol):
    """Someone who wants messages: the consumer of a socket."""

    def put(self, group: str, text: str) -> None:
        """Take a message; it must not wait."""


def group_name(channel_name: str, label: str | None) -> str:
    """The group of the channel layer for a pipe. Layers take few characters; this takes any, without collisions."""
    pipe = json.dumps([channel_name, label])
    return f"django_plotly_dash.{sha256(pipe.encode()).hexdigest()}"


def layer() -> BaseChannelLayer:
    """The channel layer of the site.

    Raises:
        ConfigurationError: there is none.
    """
    found = get_channel_layer()
    if found is None:
        raise ConfigurationError(
            "Live updating needs a channel layer, and settings.CHANNEL_LAYERS has no 'default'. For one process add "
            'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}; for several, install '
            'channels-redis and take {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", '
            '"CONFIG": {"hosts": ["redis://localhost:6379/0"]}}.'
        )
    return found


def is_of_process(found: BaseChannelLayer) -> bool:
    """Whether a layer reaches this process only. Its messages go straight to the hubs, from any thread."""
    return isinstance(found, InMemoryChannelLayer)


class Hub:
    """The listeners of one event loop, by group, and the one connection of all of them to the layer."""

    def __init__(self) -> None:
        self._listeners: dict[str, dict[Listener, None]] = {}
        self._joined: set[str] = set()
        self._channel = ""
        self._has_channel = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._lock = asyncio.Lock()
        self._is_well = True

    @property
    def has_listeners(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def distribute(self, group: str, text: str) -> None:
        """Give a message to those who listen to the group."""
        for listener in self._listeners.get(group, ()):
            listener.put(group, text)

    async def subscribe(self, group: str, listener: Listener) -> None:
        """Let a listener get the messages of a group. A layer that is away is tried again until it is back.

        Raises:
            ConfigurationError: there is no channel layer.
        """
        found = layer()
        self._listeners.setdefault(group, {})[listener] = None
        if is_of_process(found) or (self._tasks and not self._is_well):
            return  # what is away is joined when it is back, and nobody waits for that
        async with self._lock:
            if not self._tasks:
                self._tasks = [asyncio.create_task(self._receive()), asyncio.create_task(self._rejoin())]
            if self._is_well and group not in self._joined and group in self._listeners:
                await self._join(group)

    async def unsubscribe(self, groups: list[str], listener: Listener) -> None:
        """Let a listener get no more messages of these groups."""
        for group in groups:
            listeners = self._listeners.get(group, {})
            listeners.pop(listener, None)
            if not listeners:
                self._listeners.pop(group, None)
        if self._listeners and not self._is_well:
            return
        async with self._lock:
            await self._leave_unused(groups)
            if not self._listeners:
                await self._end()

    # --- the layer --------------------------------------------------------------------------------------------------

    async def _join(self, group: str) -> None:
        try:
            found = layer()
            if not self._channel:
                self._channel = await asyncio.wait_for(found.new_channel(), LAYER_SECONDS)
                self._has_channel.set()
            await asyncio.wait_for(found.group_add(group, self._channel), LAYER_SECONDS)
        except Exception as error:  # each layer has errors of its own, and none of them may end a socket
            self._note(error)
        else:
            self._joined.add(group)
            self._note(None)

    async def _leave_unused(self, groups: list[str]) -> None:
        """Leave those of the groups in which nobody listens. While the layer is away, that waits until it is back."""
        for group in groups:
            if not self._is_well:
                return
            if group in self._joined and group not in self._listeners:
                try:
                    await asyncio.wait_for(layer().group_discard(group, self._channel), LAYER_SECONDS)
                except Exception as error:  # as above
                    self._note(error)
                else:
                    self._joined.discard(group)

    async def _rejoin(self) -> None:
        while True:
            await asyncio.sleep(REJOIN_SECONDS if self._is_well else 1)
            await self._join_all(list(self._listeners))
            # Who came while the layer was away has not waited for it.
            await self._join_all([group for group in self._listeners if group not in self._joined])
            async with self._lock:
                await self._leave_unused(list(self._joined))

    async def _join_all(self, groups: list[str]) -> None:
        for group in groups:
            async with self._lock:
                if group in self._listeners:
                    await self._join(group)
            if not self._is_well:
                return

    async def _receive(self) -> None:
        while True:
            try:
                await self._has_channel.wait()
                message = await layer().receive(self._channel)
                self.distribute(message["group"], message["text"])
            except Exception as error:  # as above
                self._note(error)
                await asyncio.sleep(1)

    def _note(self, error: Exception | None) -> None:
        """Say once that the layer is away, and once that it is back."""
        if error is not None and self._is_well:
            logger.warning("The channel layer does not answer; pipes wait for it: %s: %s", type(error).__name__, error)
        elif error is None and not self._is_well:
            logger.warning("The channel layer answers again. Messages that were sent meanwhile are lost.")
        self._is_well = error is None

    async def _end(self) -> None:
        tasks, self._tasks, self._channel = self._tasks, [], ""
        self._joined.clear()
        self._has_channel.clear()
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def of_this_loop() -> Hub:
    """The hub of the event loop that runs here."""
    loop = asyncio.get_running_loop()
    for other in [other for other in _hubs if other.is_closed()]:
        del _hubs[other]
    return _hubs.setdefault(loop, Hub())


def serves_here() -> bool:
    """Whether an event loop runs here that has listeners: a server's."""
    try:
        hub = _hubs.get(asyncio.get_running_loop())
    except RuntimeError:
        return False
    return hub is not None and hub.has_listeners


def deliver_in_process(group: str, text: str) -> None:
    """Give a message to the listeners of this process, from any thread."""
    for loop, hub in list(_hubs.items()):
        with suppress(RuntimeError):  # the loop is closed, and with it all of its sockets
            loop.call_soon_threadsafe(hub.distribute, group, text)


def message(group: str, text: str) -> dict[str, Any]:
    """What crosses the channel layer."""
    return {"type": MESSAGE_TYPE, "group": group, "text": text}
