"""What websocket callbacks can do: many pages, each with a persistent callback that streams.

    python bench/live_callbacks.py [pages] [updates a second] [seconds]

A real server process (uvicorn, then daphne), real sockets on loopback, pages in a process of their own. As browsers do,
they bring a session and an Origin, and offer permessage-deflate; "deflate" marks the row whose server takes that offer
(uvicorn does unless it is told not to, daphne never does). Every page has a socket, and its callback is a request that
has passed the middleware.

Measured are the rate at which the slowest callback has really called ``set_props``, the part of the updates that
arrived, the time from when an update was due to its receipt, and what the server needed. It fails if updates were lost,
or if the server did not keep up with the rate.
"""

from __future__ import annotations

import asyncio
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
from live import shortfalls
from live_site import SESSION, set_up

ROOT = Path(__file__).resolve().parent.parent
_UVICORN = ["uvicorn", "--log-level", "warning", "--no-access-log"]
SERVERS = {
    "uvicorn": lambda port: [*_UVICORN, "--port", str(port), "--ws-per-message-deflate", "false"],
    "uvicorn, deflate": lambda port: [*_UVICORN, "--port", str(port)],
    "daphne": lambda port: ["daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0"],
}


def site() -> Any:
    """The ASGI application of the server's process."""
    set_up()
    from dash import html, set_props

    from django_plotly_dash import DjangoDash
    from django_plotly_dash.routing import application

    app = DjangoDash("Stream")
    app.layout = html.Div(id="out")
    rate, number = float(os.environ["DPD_BENCH_RATE"]), int(os.environ["DPD_BENCH_NUMBER"])

    @app.callback(websocket=True, persistent=True)
    async def stream() -> None:
        # All pages begin together, as late as the last of them needs.
        start = float(os.environ["DPD_BENCH_START"]) + hash(asyncio.current_task()) % 1000 / 1000 / rate
        for count in range(number):
            due = start + count / rate
            await asyncio.sleep(max(0.0, due - time.time()))
            set_props("out", {"children": {"n": count, "due": due, "late": time.time() - due}})

    return application


if os.environ.get("DPD_BENCH_START") and __name__ != "__main__":
    application = site()


async def receive(port: int, pages: int, expected: int) -> None:
    """Open pages, begin their callbacks, and count until all has come or nothing comes any more."""
    from websockets.asyncio.client import connect

    latencies: list[float] = []
    late: dict[int, tuple[int, float]] = {}

    async def page(number: int, opened: asyncio.Semaphore) -> None:
        origin = f"http://127.0.0.1:{port}"
        async with opened:
            websocket = await connect(
                f"ws://127.0.0.1:{port}/app/stream/_dash-ws-callback",
                origin=origin,
                additional_headers={"Cookie": f"sessionid={SESSION}"},
                proxy=None,
            )
        request = {"type": "callback_request", "rendererId": f"{number}", "requestId": f"{number}-1"}
        payload = {"output": os.environ["DPD_BENCH_OUTPUT"], "inputs": [], "changedPropIds": []}
        await websocket.send(json.dumps({**request, "payload": payload}))
        seen: set[int] = set()
        async for text in websocket:
            now, content = time.time(), json.loads(text)
            for message in content if isinstance(content, list) else [content]:
                if message["type"] == "set_props":
                    value = message["payload"]["props"]["children"]
                    if value["n"] not in seen:
                        seen.add(value["n"])
                        latencies.append(now - value["due"])
                        late[number] = max(late.get(number, (0, 0.0)), (value["n"], value["late"]))
                elif message["type"] == "callback_response":
                    return

    opened = asyncio.Semaphore(20)
    tasks = [asyncio.create_task(page(0, opened))]
    await asyncio.sleep(2)
    print("first", flush=True)  # what the server makes once is not what a socket costs
    await asyncio.sleep(0.5)
    tasks += [asyncio.create_task(page(number, opened)) for number in range(1, pages)]
    last, quiet = -1, 0
    while not all(task.done() for task in tasks) and quiet < 40:
        await asyncio.sleep(0.5)
        has_begun = time.time() > float(os.environ["DPD_BENCH_START"])
        quiet = quiet + 1 if has_begun and len(latencies) == last else 0
        last = len(latencies)
    latencies.sort()
    at = lambda part: latencies[int(part * (len(latencies) - 1))] if latencies else float("nan")  # noqa: E731
    failed = [repr(task.exception()) for task in tasks if task.done() and task.exception()]
    figures = {"received": len(latencies), "p50": at(0.5), "p99": at(0.99), "max": at(1), "failed": failed[:3]}
    # Of the page that was served worst: it is to have got its updates in time too.
    rate = float(os.environ["DPD_BENCH_RATE"])
    rates = [last / (last / rate + by) for last, by in late.values() if last]
    print(json.dumps({**figures, "rate": min(rates, default=0.0)}), flush=True)
    os._exit(0)


@contextmanager
def server(kind: str, environment: dict[str, str]) -> Iterator[tuple[int, psutil.Process, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", *SERVERS[kind](port), "live_callbacks:application"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stderr=log, stdout=log)
        try:
            while True:
                log.seek(0)
                assert process.poll() is None, log.read().decode()
                with suppress(OSError):
                    found = output_of(port)
                    break
                time.sleep(0.1)
            yield port, psutil.Process(process.pid), found
        finally:
            process.kill()
            process.wait()


def output_of(port: int) -> str:
    """The id of the callback, from the app; the first request also sets the app up."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(
            b"GET /app/stream/_dash-dependencies HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        )
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return str(json.loads(text[text.index("[{") : text.rindex("}]") + 2])[0]["output"])


def row(kind: str, pages: int, rate: float, seconds: int) -> dict[str, Any]:
    """Run one server."""
    number, lead = int(rate * seconds), 15 + pages / 50
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'bench'}",
        "PYTHONHASHSEED": "0",
        "DPD_BENCH_RATE": str(rate),
        "DPD_BENCH_NUMBER": str(number),
        "DPD_BENCH_START": str(time.time() + lead),
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        server(kind, {**environment, "DPD_BENCH_DATABASE": f"{folder}/db.sqlite3"}) as (port, process, output),
    ):
        here = {**environment, "DPD_BENCH_OUTPUT": output}
        start = float(environment["DPD_BENCH_START"])
        command = [sys.executable, __file__, "receive", str(port), str(pages), str(pages * number)]
        with subprocess.Popen(command, env=here, stdout=subprocess.PIPE, text=True) as receiver:
            assert receiver.stdout is not None
            assert receiver.stdout.readline().strip() == "first"
            before = process.memory_info().rss
            time.sleep(max(0.0, start - time.time()))
            opened, used = process.memory_info().rss - before, sum(process.cpu_times()[:2])
            threads = process.num_threads()
            time.sleep(seconds)
            used = (sum(process.cpu_times()[:2]) - used) / seconds
            found = json.loads(receiver.stdout.readline())
    return {**found, "delivered": found["received"] / (pages * number), "cpu": used, "memory": opened / (pages - 1)} | {
        "threads": threads
    }


def main(pages: int = 200, rate: int = 5, seconds: int = 20) -> None:
    """Print the table."""
    print(f"{pages} pages with a persistent callback each, {rate} updates a second from each, for {seconds} s\n")
    print(
        f"{'server':16} {'rate':>6} {'delivered':>10} "
        f"{'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'CPU %':>6} {'CPU %/socket':>13} {'KB/socket':>10} "
        f"{'threads':>8}"
    )
    problems: list[str] = []
    for kind in SERVERS:
        found = row(kind, pages, rate, seconds)
        print(
            f"{kind:16} {found['rate']:6.2f} {found['delivered']:10.2%} "
            f"{found['p50'] * 1e3:8.1f} {found['p99'] * 1e3:8.1f} "
            f"{found['max'] * 1e3:8.1f} {found['cpu'] * 100:6.0f} {found['cpu'] * 100 / pages:13.4f} "
            f"{found['memory'] / 1024:10.1f} {found['threads']:8}",
            *found["failed"],
            flush=True,
        )
        problems += [f"{kind}: {problem}" for problem in shortfalls(found, rate)]
    if problems:
        sys.exit("\nNot good enough: " + "; ".join(problems))


if __name__ == "__main__":
    if sys.argv[1:2] == ["receive"]:
        asyncio.run(receive(*map(int, sys.argv[2:])))
    else:
        main(*map(int, sys.argv[1:]))
