"""What waits to go out to one browser: bounded, in batches, and fed from any thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import Final

# A browser that has not taken a batch after so many seconds is given up.
STALLED_SECONDS: Final = 30.0
# Seconds for which a thread waits for room. There are few of them, and all pages of an app share them.
HELD_SECONDS: Final = 10.0
# With so many messages waiting a producer is faster than the network, whoever is to blame.
_MANY: Final = 256


class Outbox:
    """Messages for one socket, sent in the order in which they were put.

    Values of properties that are put within the batch delay travel together. While the browser or the network is
    behind, a newer value of a property takes the place of one that still waits: whoever is slow sees fewer values, not
    older ones. Nobody else waits for a slow browser.

    Args:
        send: sends one text; may wait for the network.
        batch_delay: seconds for which a value waits for company.
        limit: how many characters may wait. A thread that puts more is held back until there is room, for some
            seconds at most; on the event loop, where nobody can be held back, the socket is given up.
        give_up: called once, on the loop, with the reason, when the browser is too slow.
    """

    def __init__(
        self, send: Callable[[str], Awaitable[None]], batch_delay: float, limit: int, give_up: Callable[[str], None]
    ) -> None:
        self.closed = threading.Event()
        self._send, self._delay, self._limit, self._give_up = send, batch_delay, limit, give_up
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Message] = deque()
        self._replaceable: dict[Hashable, _Message] = {}
        self._size = 0
        self._size_lock = threading.Lock()
        self._sending = False
        self._something, self._at_once = asyncio.Event(), asyncio.Event()

    def put(self, text: str) -> None:
        """Add a message that ends the batch; from any thread."""
        self._hand_over(_Message(text, ends_batch=True))

    def put_value(self, text: str, key: Hashable | None) -> None:
        """Add a value of a property; from any thread.

        Args:
            key: whose value it is, if it may take the place of an older one. None for a change that builds upon the
                values before it.
        """
        self._hand_over(_Message(text, key=key))

    def close(self) -> None:
        """Nothing is sent any more."""
        self.closed.set()
        self._something.set()

    async def run(self) -> None:
        """Send what is put, until the outbox is closed, the browser has gone or is too slow."""
        while not self.closed.is_set():
            await self._something.wait()
            if self._delay and self._waiting:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._at_once.wait(), self._delay)
            batch = self._take()
            if not batch or self.closed.is_set():
                continue
            self._sending = True
            try:
                await asyncio.wait_for(self._send(batch), STALLED_SECONDS)
            except asyncio.TimeoutError:
                self._too_slow(f"the browser has not taken what was sent {STALLED_SECONDS:g} seconds ago")
            except Exception:  # each server has an error of its own for a browser that has just gone
                self.close()
            finally:
                self._sending = False

    def _hand_over(self, message: _Message) -> None:
        if self.closed.is_set():
            return
        try:
            on_loop = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            on_loop = False
        if on_loop:
            self._add(message.length)
            self._put(message)
            return
        with suppress(RuntimeError):  # the loop has ended, and the socket with it
            if not self._has_room(message.length):
                self._loop.call_soon_threadsafe(self._too_slow, self._full())
                return
            self._add(message.length)
            self._loop.call_soon_threadsafe(self._put, message)

    def _has_room(self, length: int) -> bool:
        """Hold a thread back until there is room, or until the socket is closed. False: it has taken too long."""
        until = time.monotonic() + HELD_SECONDS
        while self._size + length > self._limit and self._size and not self.closed.is_set():
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def _full(self) -> str:
        return f"more than {self._limit} characters wait for the browser"

    def _put(self, message: _Message) -> None:
        behind = self._sending or len(self._waiting) >= _MANY
        older = self._replaceable.get(message.key) if message.key is not None else None
        if older is not None and behind:
            self._add(-older.length)
            older.text, older.length = message.text, message.length
        else:
            self._waiting.append(message)
            if message.ends_batch:
                self._replaceable.clear()  # what comes later stays behind it
                self._at_once.set()
            elif message.key is not None:
                self._replaceable[message.key] = message
            else:
                self._replaceable.clear()
        self._something.set()
        if self._size > self._limit and len(self._waiting) > 1:
            self._too_slow(self._full())

    def _take(self) -> str:
        """The next batch: values, and at most one message that ends it. The renderer shows the values first."""
        texts: list[str] = []
        while self._waiting:
            message = self._waiting.popleft()
            if self._replaceable.get(message.key) is message:
                del self._replaceable[message.key]
            texts.append(message.text)
            self._add(-message.length)
            if message.ends_batch:
                break
        if not self._waiting:
            self._something.clear()
        if not any(message.ends_batch for message in self._waiting):
            self._at_once.clear()
        return texts[0] if len(texts) == 1 else f"[{','.join(texts)}]" if texts else ""

    def _add(self, characters: int) -> None:
        with self._size_lock:
            self._size += characters

    def _too_slow(self, reason: str) -> None:
        if not self.closed.is_set():
            self.close()
            self._give_up(reason)


class _Message:
    __slots__ = ("ends_batch", "key", "length", "text")

    def __init__(self, text: str, *, key: Hashable | None = None, ends_batch: bool = False) -> None:
        self.text, self.key, self.ends_batch = text, key, ends_batch
        self.length = len(text)
