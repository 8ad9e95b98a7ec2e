"""What live updating can do: many sockets on one server process, many messages to all of them.

    python bench/live.py [sockets] [messages a second] [seconds]

A real server process (uvicorn), real sockets on loopback, receivers in a process of their own. Sockets do what browsers
do: they bring a session and an Origin, offer permessage-deflate, and subscribe again every ten seconds. Uvicorn takes
that offer unless it is told not to, as in all rows but the one that says "deflate".

Messages come from a process of their own, over Redis. In memory they come from the server's own event loop, which also
writes them to all sockets: it is held back where that takes longer, so that this row may reach less than the rate.

Measured are the rate at which was really sent, the part of the messages that arrived (each counts once for
each socket), the time from when a message was due to its receipt, and what the server needed. It fails if pipes have
lost messages, or if the server did not keep up with the rate. What has not come some seconds after the last message was
due is given up. Rows differ in the channel layer; "synchronous" is a consumer as older packages wrote them: its
handlers in one thread, and a channel of the layer for each socket.
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
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from live_site import SESSION, send_when_told

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
        # With its default of 100 it drops what a busy process has not taken in two seconds of fifty messages.
        "CONFIG": {"hosts": [REDIS], "prefix": f"dpd-bench-{os.getpid()}", "capacity": 10_000},
    },
}
# Consumer, channel layer, and whether the server takes the sockets' offer to compress.
ROWS = [
    ("pipes", "memory", False),
    ("pipes", "pubsub", False),
    ("pipes", "core", False),
    ("pipes", "pubsub", True),
    ("synchronous", "pubsub", False),
]
# Seconds between a page's subscriptions, and for what comes late.
AGAIN, GRACE = 10, 15


# --- the sockets, in a process of their own --------------------------------------------------------------------------


class Browser(asyncio.Protocol):
    """A websocket that reads frames and notes when messages came; as little work as can be."""

    def __init__(self, port: int, latencies: list[float]) -> None:
        self.port, self.latencies, self.data, self.is_open = port, latencies, bytearray(), asyncio.Event()
        self.late_by_number: dict[int, float] = {}

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /dpd/ws/channel?lists=1 HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
            f"Origin: http://127.0.0.1:{self.port}\r\nCookie: sessionid={SESSION}\r\n\r\n".encode()
        )

    def subscribe(self) -> None:
        body = b'{"type":"connection_triplet","uid":"u","channel_name":"bench","label":"b"}'
        self.transport.write(bytes([0x81, 0x80 | len(body)]) + b"\0\0\0\0" + body)
        asyncio.get_running_loop().call_later(AGAIN, self.subscribe)

    def data_received(self, data: bytes) -> None:
        self.data += data
        if not self.is_open.is_set():
            head, found, rest = bytes(self.data).partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in head, head
            self.inflater = zlib.decompressobj(-15) if b"permessage-deflate" in head else None
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
            body = bytes(self.data[start : start + size])
            if self.data[0] & 15 == 1:
                if self.data[0] & 64 and self.inflater:  # compressed
                    body = self.inflater.decompress(body + b"\0\0\xff\xff")
                self.take(json.loads(body), now)
            elif self.data[0] & 15 == 9:  # ping
                self.transport.write(bytes([0x8A, 0x80 | size]) + b"\0\0\0\0" + body)
            del self.data[: start + size]

    def take(self, content: Any, now: float) -> None:
        for message in content if isinstance(content, list) else [content]:
            value = message["value"]
            if value["n"] not in self.late_by_number:
                self.late_by_number[value["n"]] = value["late"]
                self.latencies.append(now - value["due"])


async def receive(port: int, number: int, expected: int, seconds: int) -> None:
    """Open sockets, say so, and count until all has come or the time is over; prints the figures."""
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    sockets = []

    async def told_to() -> None:
        await loop.run_in_executor(None, sys.stdin.readline)

    for _ in range(number):
        _, protocol = await loop.create_connection(lambda: Browser(port, latencies), "127.0.0.1", port)
        sockets.append(protocol)
        await asyncio.wait_for(protocol.is_open.wait(), 60)
        if len(sockets) == 1:  # what the server makes once is not what a socket costs
            protocol.subscribe()
            await asyncio.sleep(2)
            print("first", flush=True)
            await told_to()
    for protocol in sockets[1:]:
        protocol.subscribe()
    await asyncio.sleep(5)
    print("all", flush=True)
    await told_to()
    end = time.monotonic() + seconds + GRACE
    while len(latencies) < expected and time.monotonic() < end:
        await asyncio.sleep(0.2)
    latencies.sort()
    at = lambda part: latencies[int(part * (len(latencies) - 1))] if latencies else float("nan")  # noqa: E731
    last, late = max((max(p.late_by_number.items(), default=(0, 0.0)) for p in sockets), default=(0, 0.0))
    figures = {"received": len(latencies), "p50": at(0.5), "p99": at(0.99), "max": at(1), "last": last, "late": late}
    print(json.dumps(figures), flush=True)
    os._exit(0)


# --- one row ---------------------------------------------------------------------------------------------------------


def environment_of(consumer: str, layer: str, folder: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'bench'}",
        "DPD_BENCH_LAYER": json.dumps(LAYERS[layer]),
        "DPD_BENCH_CONSUMER": consumer,
        "DPD_BENCH_DATABASE": f"{folder}/db.sqlite3",
    }


@contextmanager
def server(environment: dict[str, str], deflate: bool, folder: str) -> Iterator[tuple[int, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*("-m", "uvicorn", "--factory", "live_site:site", "--port", str(port), "--log-level", "warning")]
    command += ["--no-access-log", "--ws-per-message-deflate", str(deflate).lower()]
    with Path(folder, "log").open("w+") as log:
        process = subprocess.Popen([sys.executable, *command], env=environment, stderr=log)
        try:
            while True:
                assert process.poll() is None, Path(folder, "log").read_text()
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


@contextmanager
def sender(environment: dict[str, str], rate: int, number: int) -> Iterator[Any]:
    """A process that sends when it gets a line."""
    command = [sys.executable, __file__, "send", str(rate), str(number)]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process.stdin
    finally:
        process.kill()
        process.wait()


def row(consumer: str, layer: str, deflate: bool, sockets: int, rate: int, seconds: int) -> dict[str, float]:
    """Run one contestant."""
    expected = sockets * rate * seconds
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        environment = environment_of(consumer, layer, folder)
        port, process = stack.enter_context(server(environment, deflate, folder))
        begin = None if layer == "memory" else stack.enter_context(sender(environment, rate, rate * seconds))
        command = [sys.executable, __file__, "receive", *map(str, (port, sockets, expected, seconds))]
        receiver = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert receiver.stdin is not None
        assert receiver.stdout is not None
        try:
            resident = []
            for step in ("first", "all"):
                assert receiver.stdout.readline().strip() == step
                resident.append(process.memory_info().rss)
                receiver.stdin.write("\n")
                receiver.stdin.flush()
            start, used = time.perf_counter(), sum(process.cpu_times()[:2])
            if begin is None:
                ask(port, f"/bench/{rate}/{rate * seconds}")
            else:
                begin.write("\n")
                begin.flush()
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
        "memory": (resident[1] - resident[0]) / (sockets - 1),
    }


def main(sockets: int = 1000, rate: int = 50, seconds: int = 10) -> None:
    """Print the table."""
    print(f"{sockets} sockets on one process, {rate} messages a second to all of them, for {seconds} s\n")
    print(
        f"{'consumer':12} {'layer':15} {'rate':>6} {'delivered':>10} {'p50 ms':>8} {'p99 ms':>9} {'max ms':>9} "
        f"{'CPU %':>6} {'us/message':>11} {'CPU %/socket':>13} {'KB/socket':>10}"
    )
    problems: list[str] = []
    for consumer, layer, deflate in ROWS:
        found = row(consumer, layer, deflate, sockets, rate, seconds)
        named = f"{layer}, deflate" if deflate else layer
        print(
            f"{consumer:12} {named:15} {found['rate']:6.1f} {found['delivered']:10.2%} "
            f"{found['p50'] * 1e3:8.1f} {found['p99'] * 1e3:9.1f} "
            f"{found['max'] * 1e3:9.1f} {found['cpu'] * 100:6.0f} {found['cpu_per_message'] * 1e6:11.1f} "
            f"{found['cpu'] * 100 / sockets:13.4f} {found['memory'] / 1024:10.1f}",
            flush=True,
        )
        if consumer == "pipes":
            asked = 0 if layer == "memory" else rate
            problems += [f"{named}: {problem}" for problem in shortfalls(found, asked)]
    if problems:
        sys.exit("\nNot good enough: " + "; ".join(problems))


def shortfalls(found: dict[str, Any], rate: float) -> list[str]:
    """What is wrong with a row: it was not the work that was asked for, or something got lost."""
    problems = []
    if found["rate"] < 0.95 * rate:
        problems.append(f"{found['rate']:.1f} of {rate} messages a second were reached")
    if found["delivered"] < 1:
        problems.append(f"{1 - found['delivered']:.3%} was lost, or had not come when it was given up")
    return problems


if __name__ == "__main__":
    if sys.argv[1:2] == ["receive"]:
        asyncio.run(receive(*map(int, sys.argv[2:])))
    elif sys.argv[1:2] == ["send"]:
        asyncio.run(send_when_told(*map(int, sys.argv[2:])))
    else:
        main(*map(int, sys.argv[1:]))
