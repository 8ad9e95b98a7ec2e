"""Sending to pipes: from views, callbacks, signals, commands and workers, on an event loop, in a thread, or without."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Final
from weakref import WeakValueDictionary

from asgiref.sync import sync_to_async
from channels.layers import BaseChannelLayer
from django.db import transaction

from . import pipe_hub
from .exceptions import PipeError
from .json_values import plain, written
from .sender import sender

# Seconds that the sender's thread may take beyond what the layer may take.
_GRACE_SECONDS: Final = 15.0
logger = logging.getLogger("django_plotly_dash")
# So many messages of one pipe wait for their turn. More come only where the layer does not keep up, or hangs.
_MOST_WAITING: Final = 10_000


class _Turn(asyncio.Lock):
    """Messages of one pipe that leave from one loop keep their order."""

    waiting = 0


_turns: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], _Turn] = WeakValueDictionary()
_under_way: set[asyncio.Task[None]] = set()


def send_to_pipe_channel(
    channel_name: str, label: str | None, value: Any, *, on_commit: bool = False, using: str | None = None
) -> None:
    """Send a value to all pipes of a channel that have this label.

    It returns when the channel layer has the message. On the thread of a running event loop, which must not wait, it
    returns at once, and a failure is logged; use ``async_send_to_pipe_channel`` to learn of it there.

    Args:
        channel_name: any text that is not empty.
        label: any text, or None for pipes without a label.
        value: anything that a callback may return.
        on_commit: wait until the transaction is committed; nothing is sent if it is rolled back. The value is read
            now, and a failure is logged.
        using: alias of the database whose transaction is meant.

    Raises:
        ConfigurationError: the site has no channel layer.
        SerializationError: the value cannot be written as JSON.
        PipeError: the channel layer did not take the message, or the thread of an event loop was to wait for a
            transaction, of which it knows nothing.
    """
    message = _message(channel_name, label, value)
    if on_commit and _on_event_loop():
        raise PipeError(
            "send_to_pipe_channel(..., on_commit=True) was called on an event loop, where no transaction can be seen. "
            "Use: await async_send_to_pipe_channel(..., on_commit=True)."
        )
    if on_commit:
        _send_on_commit(message, using)
    else:
        _send(message)


async def async_send_to_pipe_channel(
    channel_name: str, label: str | None, value: Any, *, on_commit: bool = False, using: str | None = None
) -> None:
    """The same for coroutines: it never blocks the event loop. Arguments and errors as for ``send_to_pipe_channel``."""
    message = _message(channel_name, label, value)
    if on_commit:
        await sync_to_async(_send_on_commit)(message, using)
        return
    sending = _start(*message)
    if sending is not None:
        await (asyncio.wrap_future(sending) if isinstance(sending, Future) else sending)


def message_text(channel_name: str, label: str | None, value: Any) -> str:
    """What a page gets: the JSON that a callback's result would be.

    Raises:
        TypeError: the channel's name or the label is no text, or the name is empty.
        SerializationError: the value, or one of the names, cannot be written.
    """
    if not isinstance(channel_name, str) or not channel_name:
        raise TypeError(f"The channel's name is {channel_name!r}; it has to be a text that is not empty.")
    if label is not None and not isinstance(label, str):
        raise TypeError(f"The label is {label!r}; it has to be a text, or None.")
    shown = plain(value, f"The value for {label!r} of the pipe channel {channel_name!r}")
    message = {"channel_name": channel_name, "label": label, "value": shown}
    return written(message, f"A message for {label!r} of the pipe channel {channel_name!r}")


def _message(channel_name: str, label: str | None, value: Any) -> tuple[BaseChannelLayer, str, str]:
    text = message_text(channel_name, label, value)
    return pipe_hub.layer(), pipe_hub.group_name(channel_name, label), text


def _send_on_commit(message: tuple[BaseChannelLayer, str, str], using: str | None) -> None:
    def send() -> None:  # Django 5.2 logs the name of what fails, which a partial has not
        _send(message)

    # Robust: the data is saved by then, and other functions wait for the commit too.
    transaction.on_commit(send, using=using, robust=True)


def _send(message: tuple[BaseChannelLayer, str, str]) -> None:
    sending = _start(*message)
    if sending is None:
        return
    if not isinstance(sending, Future) or _on_event_loop():
        sending.add_done_callback(_log_failure)
        return
    try:
        sending.result(pipe_hub.LAYER_SECONDS + _GRACE_SECONDS)
    except FutureTimeoutError as error:
        sending.cancel()
        raise PipeError(
            "The channel layer did not take the message, and blocks the thread that sends to it."
            if sender().runs
            else "The thread that sends to the channel layer does not run. Under uWSGI, set enable-threads."
        ) from error


def _start(layer: BaseChannelLayer, group: str, text: str) -> Future[None] | asyncio.Task[None] | None:
    """None: there is nothing to wait for."""
    if pipe_hub.is_of_process(layer):
        pipe_hub.deliver_in_process(group, text)
        return None
    sending = _hand_over(layer, group, text)
    if not pipe_hub.serves_here():
        return sender().submit(sending)
    # A server's loop lasts. On a busy one, a thread would wait long for its turns.
    task = asyncio.get_running_loop().create_task(sending)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return task


async def _hand_over(layer: BaseChannelLayer, group: str, text: str) -> None:
    turn = _turns.setdefault((asyncio.get_running_loop(), group), _Turn())
    if turn.waiting >= _MOST_WAITING:
        raise PipeError(f"{turn.waiting} messages of this pipe wait for the channel layer already; this one is lost.")
    turn.waiting += 1
    try:
        # To wait for earlier messages counts: where the layer hangs, each sender is told in time.
        await asyncio.wait_for(_in_turn(turn, layer, group, pipe_hub.message(group, text)), pipe_hub.LAYER_SECONDS)
    except Exception as error:  # each layer has errors of its own; senders get one that they can name
        what = str(error) or f"no answer within {pipe_hub.LAYER_SECONDS:g} seconds"
        raise PipeError(f"The channel layer did not take the message: {type(error).__name__}: {what}") from error
    finally:
        turn.waiting -= 1


async def _in_turn(turn: _Turn, layer: BaseChannelLayer, group: str, message: dict[str, Any]) -> None:
    async with turn:
        try:
            await layer.group_send(group, message)
        except Exception:  # an idle connection may be dead, which is found out by using it; the next is a new one
            await layer.group_send(group, message)


def _log_failure(future: Future[None] | asyncio.Task[None]) -> None:
    error = None if future.cancelled() else future.exception()
    if error is not None:
        logger.error("%s", error, exc_info=error)


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
