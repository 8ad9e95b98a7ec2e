from __future__ import annotations

import threading
from typing import Any

import dash
import pytest
from dash import Input, Output, _callback, _get_app, _get_paths, dcc, html
from django.test import Client

from django_plotly_dash import DjangoDash, dash_globals

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


def test_outside_of_a_request_they_speak_for_the_app_made_last() -> None:
    first, last = DjangoDash("first"), DjangoDash("last")
    assert dash.get_app() is last
    assert _get_paths.CONFIG.assets_url_path == "assets"
    assert _get_paths.CONFIG["name"] == last.module
    with dash_globals.speaking_for(first):
        assert dash.get_app() is first
    assert dash.get_app() is last


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
