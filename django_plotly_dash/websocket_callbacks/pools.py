"""How many threads synchronous callbacks may have that came over websockets: a pool for each app."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from ..conf import app_settings

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

logger = logging.getLogger("django_plotly_dash")
_LONG_SECONDS: Final = 5.0
_SILENCE_SECONDS: Final = 60.0


class _Pool:
    def __init__(self, size: int) -> None:
        # One browser that holds its threads back, or calls many, leaves some for the others.
        self.size, self.share = size, max(1, size // 2)
        self.places = asyncio.Semaphore(size)
        self.shares: WeakKeyDictionary[object, asyncio.Semaphore] = WeakKeyDictionary()
        self.last_said = 0.0


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Pool]] = WeakKeyDictionary()


def size_for(app: DjangoDash) -> int:
    """How many synchronous callbacks of an app may run at once over websockets: its ``websocket_max_workers``, or
    ``PLOTLY_DASH["websocket_pool_size"]``."""
    return app.websocket_pool_size or app_settings().websocket_pool_size


@asynccontextmanager
async def place(app: DjangoDash, socket: object, *, in_thread: bool) -> AsyncIterator[AsyncExitStack]:
    """A place in the app's pool for the length of an ``async with`` block, or until the stack that it gives is closed;
    waits for one.

    Args:
        socket: whose callback it is. One socket has at most half of the places.
        in_thread: False for a coroutine function, which needs no place.
    """
    if not in_thread:
        yield AsyncExitStack()
        return
    pool = _pool(app)
    share = pool.shares.setdefault(socket, asyncio.Semaphore(pool.share))
    async with AsyncExitStack() as held:
        for places, whose in ((share, f"all {pool.share} that one socket may have"), (pool.places, f"all {pool.size}")):
            await _acquire(places, pool, app, whose)
            held.callback(places.release)
        yield held


async def _acquire(places: asyncio.Semaphore, pool: _Pool, app: DjangoDash, whose: str) -> None:
    try:
        await asyncio.wait_for(places.acquire(), _LONG_SECONDS)
        return
    except asyncio.TimeoutError:
        pass
    if time.monotonic() - pool.last_said > _SILENCE_SECONDS:
        pool.last_said = time.monotonic()
        logger.warning(
            "Synchronous callbacks of %r wait for a thread: %s are taken. Let callbacks that last be async def, or "
            "raise PLOTLY_DASH['websocket_pool_size'].",
            app.app_name,
            whose,
        )
    await places.acquire()


def _pool(app: DjangoDash) -> _Pool:
    pools = _pools.setdefault(asyncio.get_running_loop(), {})
    size = size_for(app)
    pool = pools.get(app.slug)
    if pool is None or pool.size != size:
        pool = pools[app.slug] = _Pool(size)
    return pool
