"""The thread that Django keeps for an asynchronous request, and how to do without it."""

from __future__ import annotations

from asgiref.sync import AsyncToSync, SyncToAsync, sync_to_async
from django.db import connections


async def let_go_of_thread() -> None:
    """End the thread of this request, if it has one that waits for work, and close its database connections.

    Middleware leaves such a thread behind. The next call of ``sync_to_async`` in the request makes another.
    """
    own = SyncToAsync.thread_sensitive_context.get(None)
    if own is None or own not in SyncToAsync.context_to_thread_executor:
        return
    if getattr(AsyncToSync.executors, "current", None) is not None:
        return  # below a synchronous middleware, which waits in that thread
    await sync_to_async(connections.close_all)()
    executor = SyncToAsync.context_to_thread_executor.pop(own, None)
    if executor is not None:
        executor.shutdown(wait=False)
