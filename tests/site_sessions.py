"""Callbacks that write session_state, in parallel and for long, on any session engine."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from dash import Input, Output, dcc, html
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.db import connections
from django.test import Client

from django_plotly_dash import DjangoDash

from .helpers import call, result

PARALLEL = 30
ENGINES = {
    "db": {"SESSION_ENGINE": "django.contrib.sessions.backends.db"},
    "cached_db": {"SESSION_ENGINE": "django.contrib.sessions.backends.cached_db"},
    "cache": {"SESSION_ENGINE": "django.contrib.sessions.backends.cache"},
    "file": {"SESSION_ENGINE": "django.contrib.sessions.backends.file"},
}


def session_store(key: str | None = None) -> SessionBase:
    """The stored session of that key, in the engine of the settings."""
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def writer() -> DjangoDash:
    """An app whose callback sets the key that it is given in the session state."""
    app = DjangoDash("Writer")
    app.layout = html.Div([dcc.Input(id="key"), html.Div(id="done")])
    return app


def logged_in(username: str = "maria") -> Client:
    """A client with a session of its own."""
    client = Client()
    client.force_login(get_user_model().objects.create_user(username))
    return client


def same_browser(client: Client) -> Client:
    """Another client with the same cookies, to be used in another thread."""
    other = Client()
    other.cookies = client.cookies
    return other


def assert_parallel_callbacks_lose_nothing(client: Client) -> None:
    """All callbacks have read the session before the first of them saves it, and each one's key is kept."""
    app, together = writer(), threading.Barrier(PARALLEL)

    @app.callback(Output("done", "children"), Input("key", "value"))
    def write(key: str, session_state: dict[str, Any]) -> str:
        session_state[key] = {"set by": key}
        together.wait(timeout=60)
        return key

    def ask(number: int) -> str:
        try:
            return result(call(same_browser(client), app, "done.children", f"key {number}"))
        finally:
            connections.close_all()

    before = session_store(client.session.session_key).load()
    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(ask, range(PARALLEL)))
    names = [f"key {number}" for number in range(PARALLEL)]
    assert answers == names
    after = session_store(client.session.session_key).load()
    assert after.pop("django_plotly_dash") == {name: {"set by": name} for name in names}
    assert after == before


def answered_after_logout(client: Client, *, writes_session: bool = False) -> tuple[int, str]:
    """Log out while a callback that will write session_state runs; gives its status and the old session's key."""
    app, running, go_on = writer(), threading.Event(), threading.Event()

    @app.callback(Output("done", "children"), Input("key", "value"))
    def write(key: str, session_state: dict[str, Any], request: Any) -> str:
        session_state[key] = "written"
        if writes_session:
            request.session["of the site"] = "written"
        running.set()
        assert go_on.wait(timeout=60)
        return key

    statuses: list[int] = []

    def ask() -> None:
        try:
            statuses.append(call(same_browser(client), app, "done.children", "late").status_code)
        finally:
            connections.close_all()

    key = client.session.session_key
    thread = threading.Thread(target=ask)
    thread.start()
    assert running.wait(timeout=60)
    stored = session_store(key)
    assert stored.load()
    stored.flush()
    go_on.set()
    thread.join(timeout=60)
    return statuses[0], key
