"""What one small callback costs, in process, against bare Django views under the same middleware.

Every contestant answers the same request with the same JSON. They are called in turn within one run, so that noise
of the machine falls on all alike; what counts is the ratio of the medians.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from asgiref.sync import async_to_sync
from dash import Input, Output, dcc, html
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import _get_new_csrf_string
from django.test import override_settings
from django.urls import include, path

from django_plotly_dash import DjangoDash

ROUNDS = int(os.environ.get("ROUNDS", "1500"))
SECRET = _get_new_csrf_string()

app = DjangoDash("Bench")
app.layout = html.Div([dcc.Input(id="in", value=""), html.Div(id="out"), html.Div(id="later"), html.Div(id="who")])


@app.callback(Output("out", "children"), Input("in", "value"))
def small(value: str) -> str:
    return f"You wrote {value}"


@app.callback(Output("later", "children"), Input("in", "value"))
async def small_async(value: str) -> str:
    return f"You wrote {value}"


@app.callback(Output("who", "children"), Input("in", "value"))
def small_injected(value: str, request: HttpRequest, dash_app_id: str) -> str:
    return f"You wrote {value}"


def body(output: str) -> bytes:
    target = {"id": output, "property": "children"}
    inputs = [{"id": "in", "property": "value", "value": "hello"}]
    return json.dumps(
        {"output": f"{output}.children", "outputs": target, "inputs": inputs, "changedPropIds": ["in.value"]}
    ).encode()


def bare(request: HttpRequest) -> HttpResponse:
    """Parses the same body and returns the same bytes."""
    value = json.loads(request.body)["inputs"][0]["value"]
    answer = {"multi": True, "response": {"out": {"children": f"You wrote {value}"}}}
    return HttpResponse(json.dumps(answer), content_type="application/json")


async def bare_async(request: HttpRequest) -> HttpResponse:
    return bare(request)


urlpatterns = [
    path("bare/", bare),
    path("bare-async/", bare_async),
    path("dash/", include("django_plotly_dash.urls")),
]
CALLBACK = "/dash/app/bench/_dash-update-component"


def wsgi_caller(application: Any, url: str, data: bytes) -> Callable[[], None]:
    def call() -> None:
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": url,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(data),
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(data)),
            "HTTP_COOKIE": f"csrftoken={SECRET}",
            "HTTP_X_CSRFTOKEN": SECRET,
        }
        status: list[str] = []
        response = application(environ, lambda code, headers, exc=None: status.append(code))
        content = b"".join(response)
        response.close()
        assert status[0].startswith("200") and b"You wrote hello" in content, (status, content)

    return call


def asgi_caller(application: Any, url: str, data: bytes, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    scope = {
        "type": "http",
        "method": "POST",
        "path": url,
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("localhost", 80),
        "headers": [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(data)).encode()),
            (b"cookie", f"csrftoken={SECRET}".encode()),
            (b"x-csrftoken", SECRET.encode()),
        ],
    }

    async def run() -> None:
        sent: list[Any] = []
        waiting = asyncio.Event()
        messages = [{"type": "http.request", "body": data, "more_body": False}]

        async def receive() -> Any:
            if messages:
                return messages.pop()
            await waiting.wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await application(dict(scope), receive, send)
        content = b"".join(message.get("body", b"") for message in sent)
        assert sent[0]["status"] == 200 and b"You wrote hello" in content, content

    return lambda: loop.run_until_complete(run())


def measure(contestants: dict[str, Callable[[], None]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median seconds of each, called in turn."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 50):
        for name, call in contestants.items():
            start = time.perf_counter()
            call()
            if number >= 50:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def report(title: str, medians: dict[str, float]) -> None:
    base = next(iter(medians.values()))
    print(f"\n{title}")
    for name, median in medians.items():
        print(f"  {median / base:6.2f}  {name}")


def ways_to_run_a_coroutine() -> dict[str, Callable[[], None]]:
    """How a coroutine function could be called from a WSGI thread."""

    async def coroutine() -> str:
        return "done"

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return {
        "plain function call": lambda: "done" and None,
        "async_to_sync: a loop for each call": lambda: async_to_sync(coroutine)() and None,
        "one loop in a thread of its own": lambda: (
            asyncio.run_coroutine_threadsafe(coroutine(), loop).result() and None
        ),
    }


def main() -> None:
    with override_settings(ROOT_URLCONF=__name__):
        wsgi, asgi, loop = get_wsgi_application(), get_asgi_application(), asyncio.new_event_loop()
        print(f"Ratios of medians, {ROUNDS} rounds, Python {sys.version.split()[0]}, Django {django.__version__}")
        report(
            "Under WSGI, against a bare view",
            measure(
                {
                    "bare Django view": wsgi_caller(wsgi, "/bare/", body("out")),
                    "callback": wsgi_caller(wsgi, CALLBACK, body("out")),
                    "callback with two extras": wsgi_caller(wsgi, CALLBACK, body("who")),
                    "async callback (async_to_sync)": wsgi_caller(wsgi, CALLBACK, body("later")),
                    "bare async view (Django's async_to_sync)": wsgi_caller(wsgi, "/bare-async/", body("out")),
                }
            ),
        )
        report(
            "Under ASGI, against a bare async view",
            measure(
                {
                    "bare async Django view": asgi_caller(asgi, "/bare-async/", body("out"), loop),
                    "bare sync Django view (in a thread)": asgi_caller(asgi, "/bare/", body("out"), loop),
                    "async callback (on the loop)": asgi_caller(asgi, CALLBACK, body("later"), loop),
                    "callback (in the request's thread)": asgi_caller(asgi, CALLBACK, body("out"), loop),
                },
                ROUNDS // 3,
            ),
        )
        medians = measure(ways_to_run_a_coroutine())
        medians.pop("plain function call")
        report("Calling a coroutine function from a WSGI thread", medians)
        loop.close()


if __name__ == "__main__":
    main()
