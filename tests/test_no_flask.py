"""Dash needs Flask to be installed, and imports it. Nothing of it is made, and nothing of it runs, for a request."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SITE = """
import gc, json, os, sys, threading, types
from django.conf import settings
settings.configure(
    SECRET_KEY="x", ROOT_URLCONF="here", ALLOWED_HOSTS=["*"], DEBUG={debug},
    INSTALLED_APPS=["django.contrib.sessions", "django_plotly_dash"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    MIDDLEWARE=[
        "django.middleware.gzip.GZipMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    LOGGING_CONFIG=None,
)
here = types.ModuleType("here")
sys.modules["here"] = here
import django
django.setup()
from django.urls import include, path
here.urlpatterns = [path("dash/", include("django_plotly_dash.urls"))]

import asyncio
import flask, werkzeug
made = []
original = flask.Flask.__init__
def counted(self, *args, **kwargs):
    made.append(self)
    original(self, *args, **kwargs)
flask.Flask.__init__ = counted

import dash
from dash import Input, Output, dcc, html
from dash.exceptions import PreventUpdate
from django.test import AsyncClient, Client
from django_plotly_dash import DjangoDash

folder = sys.argv[1]
app = DjangoDash("Plain", assets_folder=folder, health_endpoint="health")
app.layout = lambda request: html.Div([dcc.Input(id="in"), html.Div(id="out"), dcc.Graph()])

@app.callback(Output("out", "children"), Input("in", "value"))
def answer(value, session_state):
    dash.ctx.response.set_cookie("seen", "1")
    dash.ctx.response.set_header("X-A", "1")
    dash.set_props("in", dict(value=""))
    session_state["seen"] = value
    if value == "fail":
        raise ValueError("it fails")
    if value == "stop":
        raise PreventUpdate
    return value

@app.callback(Output("late", "children"), Input("in", "value"))
async def late(value, session_state):
    return answer(value, session_state)

@app.callback(Output("api", "children"), Input("in", "value"), api_endpoint="/api/out")
def api(value):
    return value

HOMES = tuple(os.path.dirname(module.__file__) + os.sep for module in (flask, werkzeug))
ran = set()
def watch(frame, event, argument):
    if event == "call" and frame.f_code.co_filename.startswith(HOMES):
        ran.add((frame.f_code.co_filename, frame.f_code.co_name))

def body(output, value):
    id_ = output.split(".")[0]
    return json.dumps(dict(
        output=output, outputs=dict(id=id_, property="children"), state=[], changedPropIds=["in.value"],
        inputs=[dict(id="in", property="value", value=value)],
    ))

URL = "/dash/app/plain/"
UPDATE = URL + "_dash-update-component"
OUTPUTS, VALUES = ("out.children", "late.children"), ("x", "fail", "stop")
POSTS = [(UPDATE, body(output, value)) for output in OUTPUTS for value in VALUES]
POSTS += [(UPDATE, "not json"), (UPDATE, body("nowhere.children", 1)), (URL + "api/out", json.dumps(dict(value="x")))]
GETS = [URL, URL + "deep/link", URL + "_dash-layout", URL + "_dash-dependencies", URL + "_reload-hash", URL + "health"]
GETS += [URL + "_favicon.ico", URL + "assets/own.css", URL + "assets/missing.css", URL + "_dash-unknown"]
GETS += [URL + "_dash-component-suites/dash/dcc/dash_core_components.js", "/dash/app/unknown/"]

sys.setprofile(watch)
threading.setprofile(watch)
client = Client(raise_request_exception=False, headers={{"Accept-Encoding": "gzip"}})
statuses = [client.get(url).status_code for url in GETS]
statuses += [client.post(url, data, content_type="application/json").status_code for url, data in POSTS]

async def again():
    client = AsyncClient(raise_request_exception=False)
    found = [(await client.get(url)).status_code for url in GETS]
    return found + [(await client.post(url, data, content_type="application/json")).status_code for url, data in POSTS]

async_statuses = asyncio.run(again())
sys.setprofile(None)
if {control}:
    sys.setprofile(watch)
    flask.Flask("control").test_client().get("/")
    sys.setprofile(None)
objects = [type(o).__name__ for o in gc.get_objects() if isinstance(o, (flask.Flask, flask.Request, flask.Response))]
print(json.dumps(dict(
    statuses=statuses, async_statuses=async_statuses, made=len(made), ran=sorted(map(list, ran)), objects=objects
)))
"""
EXPECTED = [200] * 6 + [200, 200, 404, 404, 200, 404] + [200, 500, 204] * 2 + [400, 404, 200]


def served(folder: Path, *, debug: bool = False, control: bool = False) -> dict[str, Any]:
    """What a process of its own saw while it served every kind of request."""
    (folder / "own.css").write_text("a{}")
    source = SITE.format(debug=debug, control=control)
    run = subprocess.run(
        [sys.executable, "-c", source, str(folder)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize("debug", [False, True], ids=["in production", "with dev tools"])
def test_no_flask_object_is_made_and_none_of_its_code_runs(tmp_path: Path, debug: bool) -> None:
    seen = served(tmp_path, debug=debug)
    assert seen["statuses"] == EXPECTED
    assert seen["async_statuses"] == EXPECTED
    assert seen["made"] == 0
    assert seen["objects"] == []
    assert seen["ran"] == []


def test_the_watch_notices_flask_where_it_runs(tmp_path: Path) -> None:
    seen = served(tmp_path, control=True)
    assert seen["made"] == 1
    assert "Flask" in seen["objects"]
    assert any("werkzeug" in file for file, _ in seen["ran"])
    assert any("flask" in file for file, _ in seen["ran"])
