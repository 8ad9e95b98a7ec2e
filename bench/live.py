"""What live updating can do: many sockets on one server process, many messages to all of them.

    python bench/live.py [sockets] [messages a second] [seconds]

A real server process (uvicorn), real sockets on loopback, receivers in a process of their own. Measured are the rate
at which the server has really sent, the part of the messages that arrived (each counts once for each socket), the time
from when a message was due to its receipt, and what the server needed. It fails if pipes have lost messages, or if the
server did not keep up with the rate. Each row has another channel layer; "synchronous" is a consumer as older packages
wrote them: its handlers in one thread, and a channel of the layer for each socket.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
LAYERS: dict[str, dict[str, Any]] = {
    "memory": {"BACKEND": "channels.layers.InMemoryChannelLayer"},
    "pubsub": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS], "prefix": f"dpd-bench-{os.getpid()}"},
    },
    "core": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS], "prefix": f"dpd-bench-{os.getpid()}"},
    },
}
ROWS = [("pipes", "memory"), ("pipes", "pubsub"), ("pipes", "core"), ("synchronous", "pubsub")]
TOKEN = "of the benchmark"


# --- the site, in the server's process -------------------------------------------------------------------------------


def site() -> Any:
    """The ASGI application of the server's process."""
    from django.conf import settings

    settings.configure(
        SECRET_KEY="of the benchmark",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="django_plotly_dash.urls",
        INSTALLED_APPS=["django_plotly_dash"],
        CHANNEL_LAYERS={"default": LAYERS_OF_SERVER()},
        PLOTLY_DASH={"http_poke_token": TOKEN},
    )
    import django

    django.setup()
    from django_plotly_dash import routing

    if os.environ["DPD_BENCH_CONSUMER"] == "synchronous":
        from channels.routing import ProtocolTypeRouter

        routed: Any = ProtocolTypeRouter(
            {"http": routing.application.application_mapping["http"], "websocket": synchronous_consumer().as_asgi()}
        )
    else:
        routed = routing.application
    return with_sender(routed)


def LAYERS_OF_SERVER() -> dict[str, Any]:  # noqa: N802
    return dict(json.loads(os.environ["DPD_BENCH_LAYER"]))


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


def with_sender(application: Any) -> Any:
    """The application, and a path that lets this process send: messages a second, for some seconds."""
    from django_plotly_dash import pipe_hub, pipes

    async def send_all(rate: float, number: int) -> None:
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


# --- the sockets, in a process of their own --------------------------------------------------------------------------


class Browser(asyncio.Protocol):
    """A websocket that reads frames and notes when messages came; as little work as can be."""

    def __init__(self, latencies: list[float]) -> None:
        self.latencies, self.data, self.is_open = latencies, bytearray(), asyncio.Event()
        self.late_by_number: dict[int, float] = {}

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /dpd/ws/channel?lists=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def subscribe(self) -> None:
        body = b'{"type":"connection_triplet","uid":"u","channel_name":"bench","label":"b"}'
        self.transport.write(bytes([0x81, 0x80 | len(body)]) + b"\0\0\0\0" + body)

    def data_received(self, data: bytes) -> None:
        self.data += data
        if not self.is_open.is_set():
            head, found, rest = bytes(self.data).partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in head, head
            self.data = bytearray(rest)
            self.is_open.set()
        now = time.time()
        while len(self.data) >= 2:
            size, start = self.data[1] & 127, 2
            if size == 126:
                size, start = int.from_bytes(self.data[2:4], "big"), 4
            elif size == 127:
                size, start = int.from_bytes(self.data[2:10], "big"), 10
            if len(self.data) < start + size:
                break
            if self.data[0] & 15 == 1:
                content = json.loads(self.data[start : start + size])
                for message in content if isinstance(content, list) else [content]:
                    value = message["value"]
                    if value["n"] not in self.late_by_number:
                        self.late_by_number[value["n"]] = value["late"]
                        self.latencies.append(now - value["due"])
            elif self.data[0] & 15 == 9:  # ping
                body = bytes(self.data[start : start + size])
                self.transport.write(bytes([0x8A, 0x80 | size]) + b"\0\0\0\0" + body)
            del self.data[: start + size]


async def receive(port: int, number: int, expected: int) -> None:
    """Open sockets, say so, and count until all has come or nothing comes any more; prints the figures."""
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    sockets = []
    for _ in range(number):
        _, protocol = await loop.create_connection(lambda: Browser(latencies), "127.0.0.1", port)
        sockets.append(protocol)
        await asyncio.wait_for(protocol.is_open.wait(), 60)
    print("open", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    for protocol in sockets:
        protocol.subscribe()
    await asyncio.sleep(3)
    print("subscribed", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    last, quiet = -1, 0
    while len(latencies) < expected and quiet < 20:
        await asyncio.sleep(0.5)
        quiet = quiet + 1 if len(latencies) == last else 0
        last = len(latencies)
    latencies.sort()
    at = lambda part: latencies[int(part * (len(latencies) - 1))] if latencies else float("nan")  # noqa: E731
    last, late = max((max(p.late_by_number.items(), default=(0, 0.0)) for p in sockets), default=(0, 0.0))
    figures = {"received": len(latencies), "p50": at(0.5), "p99": at(0.99), "max": at(1), "last": last, "late": late}
    print(json.dumps(figures), flush=True)


# --- one row ---------------------------------------------------------------------------------------------------------


@contextmanager
def server(consumer: str, layer: str) -> Iterator[tuple[int, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'bench'}",
        "DPD_BENCH_LAYER": json.dumps(LAYERS[layer]),
        "DPD_BENCH_CONSUMER": consumer,
    }
    command = [*("-m", "uvicorn", "--factory", "live:site", "--port", str(port), "--log-level", "warning")]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([sys.executable, *command, "--no-access-log"], env=environment, stderr=log)
        try:
            while True:
                assert process.poll() is None, log.read()
                with suppress(OSError):
                    ask(port, "/bench/1/0")
                    break
                time.sleep(0.1)
            yield port, psutil.Process(process.pid)
        finally:
            process.kill()
            process.wait()


def ask(port: int, path: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        assert b" 200 " in connection.recv(1000)


def row(consumer: str, layer: str, sockets: int, rate: int, seconds: int) -> dict[str, float]:
    """Run one contestant."""
    expected = sockets * rate * seconds
    with server(consumer, layer) as (port, process):
        before = process.memory_info().rss
        command = [sys.executable, __file__, "receive", str(port), str(sockets), str(expected)]
        receiver = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert receiver.stdin is not None
        assert receiver.stdout is not None
        try:
            for step in ("open", "subscribed"):
                assert receiver.stdout.readline().strip() == step
                receiver.stdin.write("\n")
                receiver.stdin.flush()
            memory = process.memory_info().rss - before
            start, used = time.perf_counter(), sum(process.cpu_times()[:2])
            ask(port, f"/bench/{rate}/{rate * seconds}")
            found = json.loads(receiver.stdout.readline())
            took, used = time.perf_counter() - start, sum(process.cpu_times()[:2]) - used
        finally:
            receiver.kill()
            receiver.wait()
    return {
        **found,
        "delivered": found["received"] / expected,
        # The last message was due at last / rate, and left so much later.
        "rate": found["last"] / (found["last"] / rate + found["late"]) if found["last"] else 0.0,
        "cpu": used / took,
        "cpu_per_message": used / max(1, found["received"]),
        "memory": memory / sockets,
    }


def main(sockets: int = 1000, rate: int = 50, seconds: int = 10) -> None:
    """Print the table."""
    print(f"{sockets} sockets on one process, {rate} messages a second to all of them, for {seconds} s\n")
    print(
        f"{'consumer':12} {'layer':8} {'rate':>6} {'delivered':>10} {'p50 ms':>8} {'p99 ms':>9} {'max ms':>9} "
        f"{'CPU %':>6} {'us/message':>11} {'KB/socket':>10}"
    )
    problems: list[str] = []
    for consumer, layer in ROWS:
        found = row(consumer, layer, sockets, rate, seconds)
        print(
            f"{consumer:12} {layer:8} {found['rate']:6.1f} {found['delivered']:10.2%} "
            f"{found['p50'] * 1e3:8.1f} {found['p99'] * 1e3:9.1f} "
            f"{found['max'] * 1e3:9.1f} {found['cpu'] * 100:6.0f} {found['cpu_per_message'] * 1e6:11.1f} "
            f"{found['memory'] / 1024:10.1f}",
            flush=True,
        )
        if consumer == "pipes":
            problems += [f"{layer}: {problem}" for problem in shortfalls(found, rate)]
    if problems:
        sys.exit("\nNot good enough: " + "; ".join(problems))


def shortfalls(found: dict[str, Any], rate: float) -> list[str]:
    """What is wrong with a row: it was not the work that was asked for, or something got lost."""
    problems = []
    if found["rate"] < 0.95 * rate:
        problems.append(f"{found['rate']:.1f} of {rate} messages a second were reached")
    if found["delivered"] < 1:
        problems.append(f"{1 - found['delivered']:.3%} was lost")
    return problems


if __name__ == "__main__":
    if sys.argv[1:2] == ["receive"]:
        asyncio.run(receive(*map(int, sys.argv[2:])))
    else:
        main(*map(int, sys.argv[1:]))
