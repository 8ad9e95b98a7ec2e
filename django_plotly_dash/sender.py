"""One event loop in a thread of its own, from which a process sends to its channel layer.

Connections of a channel layer belong to an event loop. Code that sends has all kinds of loops: none, one for the length
of a call, one that it must not block. From this loop, which lives as long as the process, anything can be sent from
anywhere over connections that stay open.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_all
from typing import Any, Final

SECONDS_AT_EXIT: Final = 5.0


class Sender:
    """The thread and its loop. It starts with the first coroutine.

    Attributes:
        runs: the thread has got as far as its loop; where threads are switched off, it never does.
    """

    def __init__(self) -> None:
        self.runs = False
        self._loop = asyncio.new_event_loop()
        self._pending: set[Future[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="django_plotly_dash.sender", daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, None]) -> Future[None]:
        """Run a coroutine in the sender's loop."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return future

    def close(self) -> None:
        """Wait for what is under way, for some seconds, and close all connections."""
        wait_for_all(list(self._pending), SECONDS_AT_EXIT)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS_AT_EXIT)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(setattr, self, "runs", True)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()  # channels_redis closes its connections here


_sender: Sender | None = None
_lock = threading.Lock()


def sender() -> Sender:
    """The sender of this process."""
    global _sender
    with _lock:
        if _sender is None:
            _sender = Sender()
        return _sender


def close() -> None:
    """Close the sender, if there is one. The next message makes another."""
    global _sender
    with _lock:
        found, _sender = _sender, None
    if found is not None:
        found.close()


def _forget() -> None:
    """Threads do not cross a fork, and the lock may have been taken in the parent."""
    global _sender, _lock
    _sender, _lock = None, threading.Lock()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
