"""What tests of pipes share: sockets of pages, by Channels' own test client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
PATH = "/dpd/ws/channel"


def headers(origin: str | None = None, session: str = "", **more: str) -> list[tuple[bytes, bytes]]:
    """Headers of a page's handshake."""
    found = {"host": "testserver", **more}
    if origin is not None:
        found["origin"] = origin
    if session:
        found["cookie"] = f"{settings.SESSION_COOKIE_NAME}={session}"
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in found.items()]


def session_of(username: str) -> str:
    """Log a user in, who is made if need be; gives the session's key."""
    client = Client()
    client.force_login(User.objects.get_or_create(username=username)[0])
    return str(client.session.session_key)


@asynccontextmanager
async def socket(
    path: str = PATH, application: Any = None, **of_handshake: Any
) -> AsyncIterator[WebsocketCommunicator]:
    """An open websocket."""
    if application is None:
        from django_plotly_dash.routing import application
    communicator = WebsocketCommunicator(application, path, headers(**of_handshake))
    accepted, code = await communicator.connect(timeout=20)
    assert accepted, code
    try:
        yield communicator
    finally:
        await communicator.disconnect(timeout=20)


def triplet(channel_name: Any = "c", label: Any = "l", **more: Any) -> dict[str, Any]:
    """What a pipe sends."""
    return {"type": "connection_triplet", "uid": "u", "channel_name": channel_name, "label": label, **more}


async def subscribe(communicator: WebsocketCommunicator, *pipe: Any) -> None:
    """Subscribe, and wait until that has been done."""
    await communicator.send_json_to(triplet(*pipe))
    await settled(communicator)


async def settled(communicator: WebsocketCommunicator) -> None:
    """Wait until what was sent before has been seen to: a message without a value is answered."""
    await communicator.send_json_to({"channel_name": "settled"})
    answer = await received(communicator)
    assert "connection_triplet" in answer["reason"], answer


async def received(communicator: WebsocketCommunicator) -> Any:
    """The next message."""
    return json.loads(await communicator.receive_from(timeout=20))
