from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from dash import Input, Output, dcc, html
from dash.exceptions import PreventUpdate
from django.contrib.auth.models import User
from django.db import connections
from django.test import AsyncClient, Client
from django.urls import resolve

from django_plotly_dash import DjangoDash
from django_plotly_dash.registry import registry

from .helpers import call, callback_body, result

URL = "/dash/app/coloured/"


def coloured() -> DjangoDash:
    """An app with a callback of each colour that tells where it runs and who asks."""
    app = DjangoDash("Coloured")
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="sync"), html.Div(id="async")])

    @app.callback(Output("sync", "children"), Input("in", "value"))
    def answer(value: str, user: Any, request: Any, session_state: Any) -> dict[str, Any]:
        session_state[value] = "sync"
        return {
            "value": value,
            "user": user.get_username(),
            "request_user": request.user.get_username(),
            "users": User.objects.count(),
            "on_loop": on_loop(),
            "thread": threading.get_ident(),
        }

    @app.callback(Output("async", "children"), Input("in", "value"))
    async def answer_async(value: str, user: Any, request: Any, session_state: Any) -> dict[str, Any]:
        session_state[value] = "async"
        await asyncio.sleep(0)
        return {
            "value": value,
            "user": user.get_username(),
            "request_user": request.user.get_username(),
            "users": await User.objects.acount(),
            "on_loop": on_loop(),
            "thread": threading.get_ident(),
        }

    return app


def on_loop() -> int:
    try:
        return id(asyncio.get_running_loop())
    except RuntimeError:
        return 0


async def ask(client: AsyncClient, app: DjangoDash, output: str, *values: Any) -> Any:
    body = json.dumps(callback_body(app, output, *values))
    return await client.post(f"/dash/app/{app.slug}/_dash-update-component", body, content_type="application/json")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_user_session_and_database_work_in_both_colours(colour: str) -> None:
    app = coloured()
    user = await User.objects.acreate(username="ada")
    client = AsyncClient()
    await client.aforce_login(user)
    found = result(await ask(client, app, f"{colour}.children", "x"))
    assert (found["value"], found["user"], found["request_user"], found["users"]) == ("x", "ada", "ada", 1)
    if colour == "async":
        assert (found["on_loop"], found["thread"]) == (on_loop(), threading.get_ident())
    else:
        assert found["on_loop"] == 0
        assert found["thread"] != threading.get_ident()
    session = await sync_to_async(lambda: dict(client.session))()
    assert session["django_plotly_dash"] == {"x": colour}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_user_session_and_database_work_under_wsgi(client: Client, colour: str) -> None:
    app = coloured()
    client.force_login(User.objects.create(username="ada"))
    found = result(call(client, app, f"{colour}.children", "x"))
    assert (found["value"], found["user"], found["request_user"], found["users"]) == ("x", "ada", "ada", 1)
    assert bool(found["on_loop"]) is (colour == "async")
    assert client.session["django_plotly_dash"] == {"x": colour}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_a_visitor_without_a_session_is_anonymous(colour: str) -> None:
    found = result(await ask(AsyncClient(), coloured(), f"{colour}.children", "x"))
    assert (found["user"], found["request_user"]) == ("", "")


async def test_every_url_of_an_app_is_answered_on_an_event_loop() -> None:
    coloured()
    client = AsyncClient()
    for path in ("", "deep/link", "_dash-layout", "_dash-dependencies", "_reload-hash", "_favicon.ico"):
        assert (await client.get(URL + path)).status_code == 200, path
    assert (await client.get(f"{URL}_dash-component-suites/dash/dcc/dash_core_components.js")).status_code == 200
    assert (await client.get(f"{URL}assets/missing.css")).status_code == 404
    assert (await client.get(f"{URL}_dash-unknown")).status_code == 404
    assert (await client.get(f"{URL}_dash-update-component")).status_code == 405


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_prevent_update_is_a_204_on_an_event_loop_too(colour: str) -> None:
    app = DjangoDash("Coloured")
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    def stop(value: str) -> None:
        raise PreventUpdate

    async def stop_async(value: str) -> None:
        raise PreventUpdate

    app.callback(Output("out", "children"), Input("in", "value"))(stop if colour == "sync" else stop_async)
    response = await ask(AsyncClient(), app, "out.children", "x")
    assert (response.status_code, response.content) == (204, b"")


async def test_csrf_is_asked_for_on_an_event_loop_too() -> None:
    app = coloured()
    assert (await ask(AsyncClient(enforce_csrf_checks=True), app, "async.children", "x")).status_code == 403


@pytest.mark.parametrize("layout_colour", ["sync", "async"])
@pytest.mark.django_db(transaction=True)
async def test_layout_functions_may_ask_the_database(layout_colour: str) -> None:
    app = coloured()

    def layout(user: Any) -> html.Div:
        return html.Div(f"{User.objects.count()} users, {user.is_anonymous}")

    async def layout_async(user: Any) -> html.Div:
        return html.Div(f"{await User.objects.acount()} users, {user.is_anonymous}")

    app.layout = layout if layout_colour == "sync" else layout_async
    response = await AsyncClient().get(f"{URL}_dash-layout")
    assert response.json()["props"]["children"] == "0 users, True"


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("asgi", [True, False], ids=["ASGI", "WSGI"])
async def test_an_unknown_app_is_a_404(settings: Any, debug: bool, asgi: bool) -> None:
    settings.DEBUG = debug
    coloured()
    url = "/dash/app/colored/"
    response = await AsyncClient().get(url) if asgi else await sync_to_async(Client().get)(url)
    assert response.status_code == 404
    assert (b"Coloured" in response.content) is debug


@pytest.mark.django_db(transaction=True)
async def test_an_app_that_a_loader_makes_is_made_outside_of_the_event_loop(settings: Any) -> None:
    seen = []

    def load(name: str) -> DjangoDash | None:
        seen.append(on_loop())
        return coloured() if name == "coloured" else None

    settings.PLOTLY_DASH = {"stateless_loader": load}
    response = await AsyncClient().get(URL)
    assert response.status_code == 200
    assert seen == [0]
    assert "coloured" in registry


@pytest.fixture
def atomic_requests(monkeypatch: Any) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)


@pytest.mark.usefixtures("atomic_requests")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_a_site_with_atomic_requests_gets_views_that_take_part_in_them(colour: str) -> None:
    assert not asyncio.iscoroutinefunction(resolve(URL).func)
    found = result(await ask(AsyncClient(), coloured(), f"{colour}.children", "x"))
    assert found["value"] == "x"
    assert bool(found["on_loop"]) is (colour == "async")


async def test_without_them_the_view_is_a_coroutine_function_there_and_not_elsewhere() -> None:
    assert asyncio.iscoroutinefunction(resolve(URL).func)
    assert not asyncio.iscoroutinefunction((await sync_to_async(resolve)(URL)).func)


# --- a real server ----------------------------------------------------------------------------------------------

SITE = """
import asyncio, json, os, sys, threading
from django.conf import settings
settings.configure(
    SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django_plotly_dash",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SITE_DATABASE"], "OPTIONS": {"timeout": 30},
        "ATOMIC_REQUESTS": os.environ["SITE_ATOMIC"] == "1",
    }},
)
import django
django.setup()

from dash import Input, Output, dcc, html
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.db import transaction
from django.http import JsonResponse
from django.urls import include, path
from django_plotly_dash import DjangoDash

app = DjangoDash("Served")
app.layout = html.Div()
N = 6
waiting, all_here = [], None
barrier = threading.Barrier(N, timeout=60)

def callback(name):
    return app.callback(Output(name, "children"), Input("in", "value"))

@callback("where")
async def where(value, request, user):
    return {
        "loop": id(asyncio.get_running_loop()), "thread": threading.get_ident(),
        "user": user.get_username(), "request_user": request.user.get_username(), "users": await User.objects.acount(),
    }

@callback("sync")
def sync(value, request, user):
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    else:
        loop = "running"
    return {
        "loop": loop, "thread": threading.get_ident(),
        "user": user.get_username(), "request_user": request.user.get_username(), "users": User.objects.count(),
    }

@callback("together")
def together(value):
    barrier.wait()
    return value

@callback("together_async")
async def together_async(value):
    global all_here
    all_here = all_here or asyncio.Event()
    waiting.append(value)
    if len(waiting) == N:
        all_here.set()
    await asyncio.wait_for(all_here.wait(), 60)
    return value

@callback("fail")
async def fail(value):
    raise ValueError("the secret of the callback")

@transaction.non_atomic_requests
async def server(request):
    return JsonResponse({"loop": id(asyncio.get_running_loop()), "thread": threading.get_ident()})

urlpatterns = [path("server/", server), path("dash/", include("django_plotly_dash.urls"))]
application = get_asgi_application()
"""
PREPARE = """
import coloured_site
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command
call_command("migrate", verbosity=0)
user = User.objects.create_user("ada", password="x")
store = SessionStore()
store[SESSION_KEY] = str(user.pk)
store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
store[HASH_SESSION_KEY] = user.get_session_auth_hash()
store.create()
print(store.session_key)
"""
SERVERS = {
    "uvicorn": ["-m", "uvicorn", "--log-level", "warning", "--port"],
    "daphne": ["-m", "daphne", "--verbosity", "0", "--port"],
}
TOKEN = "a" * 32


class Site:
    """A site that a real server serves in a process of its own."""

    def __init__(self, port: int, session: str) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.session = session

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.base + path, timeout=90) as response:
            return json.load(response)

    def call(self, name: str, value: Any = "x", body: bytes | None = None) -> tuple[int, Any]:
        data = (
            body
            or json.dumps(
                {
                    "output": f"{name}.children",
                    "outputs": {"id": name, "property": "children"},
                    "inputs": [{"id": "in", "property": "value", "value": value}],
                    "state": [],
                    "changedPropIds": ["in.value"],
                }
            ).encode()
        )
        headers = {
            "Content-Type": "application/json",
            "Cookie": f"csrftoken={TOKEN}; sessionid={self.session}",
            "X-CSRFToken": TOKEN,
        }
        request = urllib.request.Request(f"{self.base}/dash/app/served/_dash-update-component", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=90) as response:
                return response.status, json.load(response)["response"][name]["children"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=[("uvicorn", "0"), ("daphne", "0"), ("uvicorn", "1")], ids="-".join)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server, atomic = request.param
    folder = tmp_path_factory.mktemp("site")
    (folder / "coloured_site.py").write_text(SITE)
    environment = {
        **os.environ,
        "SITE_DATABASE": str(folder / "site.sqlite3"),
        "SITE_ATOMIC": atomic,
        "PYTHONPATH": os.pathsep.join([str(folder), str(Path(__file__).parent.parent)]),
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    prepared = subprocess.run(
        [sys.executable, "-c", PREPARE], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert prepared.returncode == 0, prepared.stderr
    port = free_port()
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, *SERVERS[server], str(port), "coloured_site:application"],
        env=environment,
        cwd=folder,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        end = time.monotonic() + 60
        while True:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, "the server does not answer"
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Site(port, prepared.stdout.strip())
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def test_an_async_callback_runs_on_the_servers_loop_and_holds_no_thread(site: Site) -> None:
    status, found = site.call("where")
    assert status == 200
    assert (found["user"], found["request_user"], found["users"]) == ("ada", "ada", 1)
    server = site.get("/server/")
    assert (found["loop"], found["thread"]) == (server["loop"], server["thread"])


def test_a_sync_callback_runs_in_a_thread_of_the_request_and_may_ask_the_database(site: Site) -> None:
    status, found = site.call("sync")
    assert status == 200
    assert found["loop"] is None
    assert found["thread"] != site.get("/server/")["thread"]
    assert (found["user"], found["request_user"], found["users"]) == ("ada", "ada", 1)


@pytest.mark.parametrize("name", ["together", "together_async"])
def test_callbacks_that_wait_for_each_other_all_get_their_turn(site: Site, name: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: site.call(name, number), range(6)))
    assert answers == [(200, number) for number in range(6)]


def test_errors_and_bad_requests_are_answered(site: Site) -> None:
    status, answer = site.call("fail")
    assert (status, answer) == (500, {"error": "The server could not answer."})
    assert site.call("where", body=b"{")[0] == 400
    assert site.call("nowhere")[0] == 404
