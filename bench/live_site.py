"""The site whose server processes are measured: sessions, users, and the middleware of a new Django project."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from typing import Any

SESSION = "of-all-sockets-of-this-benchmark"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def configure(**more: Any) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="of the benchmark",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="django_plotly_dash.urls",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "django_plotly_dash",
        ],
        MIDDLEWARE=MIDDLEWARE,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DPD_BENCH_DATABASE"]}},
        **more,
    )
    django.setup()


def set_up(**more: Any) -> None:
    """Settings, tables, a user, and the session whose cookie the sockets bring."""
    configure(**more)
    # Servers import the site on their event loop, where Django does not let the database be used.
    in_thread = threading.Thread(target=_log_in)
    in_thread.start()
    in_thread.join()


def layers() -> dict[str, Any]:
    return {"CHANNEL_LAYERS": {"default": json.loads(os.environ["DPD_BENCH_LAYER"])}}


def site() -> Any:
    """The ASGI application of ``live.py``; the environment says which channel layer and which consumer."""
    set_up(**layers())
    from django_plotly_dash import routing

    if os.environ["DPD_BENCH_CONSUMER"] == "synchronous":
        from channels.routing import ProtocolTypeRouter

        http = routing.application.application_mapping["http"]
        return with_sender(ProtocolTypeRouter({"http": http, "websocket": synchronous_consumer().as_asgi()}))
    return with_sender(routing.application)


def _log_in() -> None:
    from django.contrib import auth
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    user = User.objects.create(username="reader")
    session = SessionStore(SESSION)
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save(must_create=True)


def synchronous_consumer() -> Any:
    """A consumer as it was written before: synchronous, and with a channel of its own in the layer."""
    from asgiref.sync import async_to_sync
    from channels.generic.websocket import WebsocketConsumer

    from django_plotly_dash.pipe_hub import group_name

    class Synchronous(WebsocketConsumer):  # type: ignore[misc]
        def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
            message = json.loads(text_data or "")
            async_to_sync(self.channel_layer.group_add)(
                group_name(message["channel_name"], message["label"]), self.channel_name
            )

        def pipe_message(self, event: dict[str, Any]) -> None:
            self.send(event["text"])

    return Synchronous


async def send_all(rate: float, number: int) -> None:
    """Send so many messages a second, each with the time when it was due."""
    from django_plotly_dash import pipe_hub, pipes

    start = time.time()
    in_group = os.environ["DPD_BENCH_CONSUMER"] == "synchronous"
    for count in range(number):
        due = start + count / rate
        await asyncio.sleep(max(0.0, due - time.time()))
        value = {"n": count, "due": due, "late": time.time() - due}
        if in_group:
            group, text = pipe_hub.group_name("bench", "b"), pipes.message_text("bench", "b", value)
            await pipe_hub.layer().group_send(group, pipe_hub.message(group, text))
        else:
            await pipes.async_send_to_pipe_channel("bench", "b", value)


async def send_when_told(rate: float, number: int) -> None:
    """The same in a process of its own, as a worker or a management command would; connected before it begins."""
    configure(**layers())
    from django_plotly_dash import pipes

    await pipes.async_send_to_pipe_channel("bench", "nobody", None)
    print("ready", flush=True)
    input()
    await send_all(rate, number)


def with_sender(application: Any) -> Any:
    """The application, and a path that lets this process send: messages a second, and how many."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/bench/"):
            _, _, rate, number = scope["path"].split("/")
            if int(number):
                tasks.append(asyncio.create_task(send_all(float(rate), int(number))))
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})
        else:
            await application(scope, receive, send)

    tasks: list[Any] = []
    return answer
