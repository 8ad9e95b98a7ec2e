from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import dash
import pytest
from dash import Input, Output, _callback, _get_app, _get_paths, dcc, html
from django.test import Client

from django_plotly_dash import DjangoDash, dash_globals
from django_plotly_dash.registry import registry

from .helpers import call, result


def speaking(name: str) -> DjangoDash:
    """An app whose callback asks Dash's module-level functions."""
    app = DjangoDash(name)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    @app.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> list[str]:
        return [
            dash.get_app().app_name,
            dash.get_asset_url("logo.png"),
            dash.get_relative_path("/page"),
            str(dash.strip_relative_path(value)),
        ]

    return app


def test_dashs_functions_speak_for_the_app_that_is_asked(client: Client) -> None:
    apps = [speaking(name) for name in ("one", "two", "three")]
    for app in apps:
        prefix = f"/dash/app/{app.slug}/"
        assert result(call(client, app, "out.children", f"{prefix}below")) == [
            app.app_name,
            f"{prefix}assets/logo.png",
            f"{prefix}page",
            "below",
        ]


def test_they_do_in_layout_functions_as_well(client: Client) -> None:
    for name in ("one", "two"):
        DjangoDash(name).layout = lambda: html.Div(f"{dash.get_app().app_name} {dash.get_relative_path('/')}")
    for name in ("one", "two"):
        layout = client.get(f"/dash/app/{name}/_dash-layout").json()
        assert layout["props"]["children"] == f"{name} /dash/app/{name}/"


def test_they_do_in_parallel_requests() -> None:
    apps = [DjangoDash(name) for name in ("one", "two")]
    both, answers = threading.Barrier(2, timeout=30), {}
    for app in apps:
        app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

        @app.callback(Output("out", "children"), Input("in", "value"))
        def answer(value: str) -> str:
            both.wait()
            return f"{dash.get_app().app_name} {dash.get_relative_path('/')}"

    def ask(app: DjangoDash) -> None:
        answers[app.slug] = result(call(Client(), app, "out.children", "x"))

    threads = [threading.Thread(target=ask, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == {"one": "one /dash/app/one/", "two": "two /dash/app/two/"}


def test_the_only_app_is_meant_wherever_dashs_functions_are_asked() -> None:
    registry._apps.clear()
    only = DjangoDash("only")
    assert dash.get_app() is only
    assert _get_paths.CONFIG.assets_url_path == "assets"
    assert _get_paths.CONFIG["name"] == only.module
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(dash.get_relative_path, "/page").result() == "/~dpd~only~/page"


ASKS = {
    "get_app": dash.get_app,
    "get_asset_url": lambda: dash.get_asset_url("logo.png"),
    "get_relative_path": lambda: dash.get_relative_path("/page"),
    "page_registry": lambda: len(dash.page_registry),
}
NOBODY = (
    "Dash is asked for the current app where there is none, and there are several: 'one', 'two'. A thread that a "
    "callback starts does not know the callback's app: let it run in a copy of its context, such as "
    "pool.submit(contextvars.copy_context().run, function). Elsewhere, ask in a block 'with app.speaking():'."
)


@pytest.mark.parametrize("what", ASKS)
def test_outside_of_a_request_none_of_several_apps_is_taken_for_the_current_one(what: str) -> None:
    registry._apps.clear()
    one, _ = DjangoDash("one"), DjangoDash("two")
    with pytest.raises(dash.exceptions.AppNotFoundError) as caught:
        ASKS[what]()
    assert str(caught.value) == NOBODY
    with one.speaking():
        ASKS[what]()


def test_a_thread_of_a_callback_knows_the_app_in_a_copy_of_its_context_and_not_without(client: Client) -> None:
    app, _ = DjangoDash("first"), DjangoDash("last")
    app.layout = html.Div(id="out")
    pool = ThreadPoolExecutor(1)

    @app.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> list[str]:
        alone = pool.submit(dash.get_relative_path, "/page")
        copied = pool.submit(copy_context().run, dash.get_relative_path, "/page")
        return [type(alone.exception()).__name__, copied.result()]

    with pool:
        assert result(call(client, app, "out.children", "x")) == ["AppNotFoundError", "/dash/app/first/page"]


def test_after_an_error_they_speak_for_whom_they_spoke_before() -> None:
    first, second = DjangoDash("first"), DjangoDash("second")
    with dash_globals.speaking_for(first):
        with pytest.raises(ValueError, match="inside"), dash_globals.speaking_for(second):
            raise ValueError("inside")
        assert _get_app.get_app() is first


def test_an_api_endpoint_is_not_left_for_another_app() -> None:
    app = DjangoDash("first")

    @app.callback(Output("out", "children"), Input("in", "value"), api_endpoint="/api")
    def answer(value: str) -> str:
        return value

    assert list(app.callback_api_paths) == ["/api"]
    assert "/api" not in _callback.GLOBAL_API_PATHS


def test_plotlyjs_is_listed_once_however_many_apps_there_are() -> None:
    def count() -> int:
        return sum("plotly.min.js" in str(resource) for resource in dcc._js_dist)

    for number in range(5):
        DjangoDash(f"app {number}")
        assert count() == 1
    assert any("dash_core_components" in str(resource) for resource in dcc._js_dist)


@pytest.mark.parametrize(
    ("module", "expected"),
    [("dash.dash", True), ("dash", True), ("dash_things", False), ("tests", False), (None, False)],
)
def test_dashs_own_functions_are_known_by_their_module(module: Any, expected: bool) -> None:
    def function() -> None: ...

    function.__module__ = module
    assert dash_globals.is_dashs_own(function) is expected
    assert dash_globals.is_dashs_own(object()) is False
