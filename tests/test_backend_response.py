from __future__ import annotations

import json
from http.cookies import SimpleCookie
from typing import Any

import dash
import pytest
from dash import Input, Output, html
from dash.backends.base_server import ResponseAdapter
from dash.exceptions import PreventUpdate
from django.http import HttpResponse
from django.test import Client

from django_plotly_dash import DjangoDash
from django_plotly_dash.backend.response import (
    DjangoResponseAdapter,
    coerce,
    error_response,
    json_response,
    make_response,
)

from .helpers import call


def app_that(act: Any, *, prevented: bool = False) -> DjangoDash:
    """An app whose callback does something with ``dash.ctx.response``."""
    app = DjangoDash("Answering")
    app.layout = html.Div([html.Div(id="in"), html.Div(id="out")])

    @app.callback(Output("out", "children"), Input("in", "children"))
    def answer(value: str) -> str:
        act(dash.ctx.response)
        if prevented:
            raise PreventUpdate
        return value

    return app


def test_every_member_of_dashs_adapter_is_our_own() -> None:
    contract = {name for name in vars(ResponseAdapter) if not name.startswith("_")}
    assert contract == {"callback_response", "set_cookie", "append_header", "set_header", "set_response"}
    assert contract <= set(vars(DjangoResponseAdapter))


@pytest.mark.parametrize(("prevented", "status"), [(False, 200), (True, 204)], ids=["answered", "PreventUpdate"])
def test_a_callback_sets_cookies_with_all_their_options(client: Client, prevented: bool, status: int) -> None:
    def act(response: DjangoResponseAdapter) -> None:
        response.set_cookie(
            "seen",
            "yes",
            max_age=60,
            path="/dash/",
            domain="example.com",
            secure=True,
            httponly=True,
            samesite="Strict",
        )
        response.set_cookie("dated", "1", expires="Wed, 01 Jan 2120 00:00:00 GMT")
        response.set_cookie("empty")

    response = call(client, app_that(act, prevented=prevented), "out.children", "x")
    assert response.status_code == status
    seen = response.cookies["seen"]
    assert seen.value == "yes"
    assert {key: seen[key] for key in ("max-age", "path", "domain", "secure", "httponly", "samesite")} == {
        "max-age": 60,
        "path": "/dash/",
        "domain": "example.com",
        "secure": True,
        "httponly": True,
        "samesite": "Strict",
    }
    assert response.cookies["dated"]["expires"] == "Wed, 01 Jan 2120 00:00:00 GMT"
    assert response.cookies["empty"].value == ""


@pytest.mark.parametrize(("prevented", "status"), [(False, 200), (True, 204)], ids=["answered", "PreventUpdate"])
def test_a_callback_sets_headers(client: Client, prevented: bool, status: int) -> None:
    def act(response: DjangoResponseAdapter) -> None:
        response.set_header("X-Once", "first")
        response.set_header("X-Once", "second")
        response.append_header("X-Many", "first")
        response.append_header("X-Many", "second")

    response = call(client, app_that(act, prevented=prevented), "out.children", "x")
    assert response.status_code == status
    assert response.headers["X-Once"] == "second"
    assert response.headers["X-Many"] == "first, second"


@pytest.mark.parametrize("method", ["append_header", "set_header"])
def test_a_cookie_that_is_set_as_a_header_joins_the_other_cookies(client: Client, method: str) -> None:
    def act(response: DjangoResponseAdapter) -> None:
        response.set_cookie("first", "1")
        getattr(response, method)("Set-Cookie", "second=2; Path=/dash; HttpOnly")

    response = call(client, app_that(act), "out.children", "x")
    assert response.cookies["first"].value == "1"
    assert response.cookies["second"].value == "2"
    assert response.cookies["second"]["path"] == "/dash"
    assert response.cookies["second"]["httponly"] is True
    assert isinstance(response.cookies, SimpleCookie)


def test_what_one_callback_sets_is_not_in_the_next_answer(client: Client) -> None:
    actions = [lambda r: r.set_header("X-Once", "1"), lambda r: None]
    app = app_that(lambda response: actions.pop(0)(response))
    assert "X-Once" in call(client, app, "out.children", "x").headers
    assert "X-Once" not in call(client, app, "out.children", "x").headers


def test_callback_response_is_the_answer_itself(client: Client) -> None:
    def act(response: DjangoResponseAdapter) -> None:
        assert response.callback_response.headers["Content-Type"] == "application/json"
        response.callback_response["X-Direct"] = "1"

    response = call(client, app_that(act), "out.children", "x")
    assert response.headers["X-Direct"] == "1"
    assert response.json()["response"] == {"out": {"children": "x"}}


def test_set_response_fills_in_body_and_status() -> None:
    response = DjangoResponseAdapter().set_response(data='{"a": 1}', status=201)
    assert (response.status_code, response.content) == (201, b'{"a": 1}')
    assert DjangoResponseAdapter().set_response().status_code == 200


@pytest.mark.parametrize(
    ("value", "status", "content", "content_type"),
    [
        ("text", 200, b"text", "text/html; charset=utf-8"),
        (b"bytes", 200, b"bytes", "text/html; charset=utf-8"),
        (bytearray(b"bytes"), 200, b"bytes", "text/html; charset=utf-8"),
        ({"a": 1}, 200, b'{"a":1}', "application/json"),
        ([1, 2], 200, b"[1,2]", "application/json"),
        (None, 200, b"null", "application/json"),
        (("text", 418), 418, b"text", "text/html; charset=utf-8"),
        (({"a": 1}, 201), 201, b'{"a":1}', "application/json"),
        (("", 204), 204, b"", "text/html; charset=utf-8"),
    ],
)
def test_what_a_view_may_return(value: Any, status: int, content: bytes, content_type: str) -> None:
    response = coerce(value)
    assert (response.status_code, response.content) == (status, content)
    assert response.headers["Content-Type"] == content_type


@pytest.mark.parametrize(
    "value",
    [("text", 202, {"X-A": "1"}), ("text", {"X-A": "1"}, 202), ("text", 202, [("X-A", "1")])],
    ids=["dict", "headers first", "pairs"],
)
def test_a_tuple_carries_status_and_headers(value: Any) -> None:
    response = coerce(value)
    assert (response.status_code, response.content, response.headers["X-A"]) == (202, b"text", "1")


def test_a_response_of_djangos_stays_as_it_is() -> None:
    own = HttpResponse(b"x", status=203)
    assert coerce(own) is own


def test_components_are_written_as_dash_writes_them() -> None:
    assert json.loads(json_response(html.Div("x")).content) == {
        "type": "Div",
        "namespace": "dash_html_components",
        "props": {"children": "x"},
    }


@pytest.mark.parametrize(
    ("arguments", "content_type"),
    [
        ({}, "text/html; charset=utf-8"),
        ({"mimetype": "text/plain"}, "text/plain"),
        ({"content_type": "image/x-icon", "mimetype": "text/plain"}, "image/x-icon"),
    ],
)
def test_make_response_takes_a_content_type_in_either_way(arguments: dict[str, str], content_type: str) -> None:
    response = make_response("body", status=201, **arguments)
    assert (response.status_code, response.content) == (201, b"body")
    assert response.headers["Content-Type"] == content_type


def test_an_error_is_a_short_reason_as_json() -> None:
    response = error_response("No.", 404)
    assert (response.status_code, json.loads(response.content)) == (404, {"error": "No."})
