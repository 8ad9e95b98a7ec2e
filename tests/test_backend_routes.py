from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import dash
import pytest
from dash import html
from django.http import HttpResponse, HttpResponseNotAllowed
from django.test import Client

from django_plotly_dash import DjangoDash
from django_plotly_dash.backend.routes import Routes
from django_plotly_dash.exceptions import ConfigurationError, RequestError


def view(**_: Any) -> str:
    return "view"


def other(**_: Any) -> str:
    return "other"


@pytest.fixture
def routes() -> Routes:
    return Routes("tests")


@pytest.fixture
def hooks() -> Iterator[Any]:
    """Dash's hooks, which belong to the process, as they were after the test."""
    found = dash._hooks.hooks
    before = {
        "_ns": {name: list(hooks) for name, hooks in found._ns.items()},
        "_finals": dict(found._finals),
        "_clientside_callbacks": list(found._clientside_callbacks),
        "_js_dist": list(found._js_dist),
        "_css_dist": list(found._css_dist),
    }
    yield dash.hooks
    for name, value in before.items():
        kept = getattr(found, name)
        kept.clear()
        kept.update(value) if isinstance(value, dict) else kept.extend(value)


def made(name: str = "Routed") -> DjangoDash:
    app = DjangoDash(name)
    app.layout = html.Div()
    return app


def test_a_rule_without_variables_matches_exactly(routes: Routes) -> None:
    routes.add("/_dash-layout", view)
    assert routes.match("_dash-layout", "GET") == (view, {})
    with pytest.raises(RequestError) as caught:
        routes.match("_dash-layout/", "GET")
    assert caught.value.status == 404


def test_a_rule_may_leave_out_its_slash(routes: Routes) -> None:
    routes.add("item", view)
    assert routes.match("item", "GET") == (view, {})


@pytest.mark.parametrize(
    ("rule", "path", "expected"),
    [
        ("/item/<name>", "item/a b", {"name": "a b"}),
        ("/item/<string:name>", "item/ä", {"name": "ä"}),
        ("/item/<default:name>", "item/x", {"name": "x"}),
        ("/item/<int:number>", "item/7", {"number": 7}),
        ("/item/<path:rest>", "item/a/b/c", {"rest": "a/b/c"}),
        (
            "/item/<uuid:key>",
            "item/12345678-1234-5678-1234-567812345678",
            {"key": uuid.UUID("12345678-1234-5678-1234-567812345678")},
        ),
        ("/<string:a>/<int:b>", "x/1", {"a": "x", "b": 1}),
    ],
)
def test_variables_are_converted(routes: Routes, rule: str, path: str, expected: dict[str, Any]) -> None:
    routes.add(rule, view)
    assert routes.match(path, "GET") == (view, expected)


@pytest.mark.parametrize("path", ["item/x", "item/", "item", "items/7", "item/7/more"])
def test_what_does_not_fit_a_variable_is_not_found(routes: Routes, path: str) -> None:
    routes.add("/item/<int:number>", view)
    with pytest.raises(RequestError):
        routes.match(path, "GET")


@pytest.mark.parametrize("rule", ["/x/<any(a,b):choice>", "/x/<int(min=1):number>", "/x/<no name>"])
def test_a_rule_that_django_cannot_serve_is_refused_when_it_is_added(routes: Routes, rule: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be served by Django"):
        routes.add(rule, view)


def test_methods_are_told_apart(routes: Routes) -> None:
    routes.add("/both", view, ["GET"])
    routes.add("/both", other, ["post"])
    assert routes.match("both", "GET") == (view, {})
    assert routes.match("both", "POST") == (other, {})
    refused = routes.match("both", "DELETE")
    assert isinstance(refused, HttpResponseNotAllowed)
    assert refused.headers["Allow"] == "GET, POST"


def test_head_is_answered_where_get_is(routes: Routes) -> None:
    routes.add("/page", view)
    assert routes.match("page", "HEAD") == (view, {})


def test_the_rule_that_was_added_last_wins(routes: Routes) -> None:
    routes.add("/page", view)
    routes.add("/page", other)
    assert routes.match("page", "GET") == (other, {})


def test_a_rule_without_variables_wins_over_one_with(routes: Routes) -> None:
    routes.add("/<path:anything>", other)
    routes.add("/page", view)
    assert routes.match("page", "GET") == (view, {})


def test_the_fallback_answers_get_outside_of_dashs_own_paths(routes: Routes) -> None:
    routes.fallback = view
    assert routes.match("some/page", "GET") == (view, {})
    assert isinstance(routes.match("some/page", "POST"), HttpResponseNotAllowed)
    with pytest.raises(RequestError):
        routes.match("_dash-unknown", "GET")


def test_rules_stand_below_the_base(routes: Routes) -> None:
    routes.base = "/base/"
    routes.add("/base/page", view)
    assert routes.match("page", "GET") == (view, {})
    with pytest.raises(RequestError):
        routes.match("base/page", "GET")


@pytest.mark.parametrize(
    ("ask", "way_out"),
    [
        (lambda server: server.config.update(CACHE_TYPE="simple"), "'config'.*settings for config"),
        (lambda server: server.route("/more"), "'route'.*urls.py or dash.hooks.route"),
        (lambda server: server.before_request, "'before_request'.*middleware"),
    ],
    ids=["config", "route", "before_request"],
)
def test_what_a_flask_app_has_is_an_error_that_names_the_way_out(ask: Any, way_out: str) -> None:
    server = made().server
    with pytest.raises(AttributeError, match=rf"is no Flask app: it has no {way_out}"):
        ask(server)
    assert not hasattr(server, "config")
    assert not hasattr(server, "__array__")


def test_the_secret_is_django_s() -> None:
    with pytest.raises(ConfigurationError, match=r"settings\.SECRET_KEY"):
        made().server.secret_key = "mine"


def test_secrets_are_per_app_the_same_in_every_process_and_follow_secret_key(settings: Any) -> None:
    settings.SECRET_KEY = "one"
    first = Routes("a").secret_key
    assert first == Routes("a").secret_key
    assert first != Routes("b").secret_key
    assert "one" not in first
    settings.SECRET_KEY = "two"
    assert Routes("a").secret_key != first


RESULTS = {
    "text": ("hello", 200, b"hello", "text/html; charset=utf-8"),
    "dict": ({"a": [1]}, 200, b'{"a":[1]}', "application/json"),
    "list": ([1], 200, b"[1]", "application/json"),
    "tuple": (("made", 201, {"X-A": "1"}), 201, b"made", "text/html; charset=utf-8"),
    "response": (lambda: HttpResponse("own", status=202, content_type="text/plain"), 202, b"own", "text/plain"),
}


@pytest.mark.parametrize(("value", "status", "content", "content_type"), RESULTS.values(), ids=RESULTS)
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_route_of_a_hook_may_return_what_flask_would_take(
    client: Client, hooks: Any, colour: str, value: Any, status: int, content: bytes, content_type: str
) -> None:
    def give() -> Any:
        return value() if callable(value) else value

    async def give_async() -> Any:
        return give()

    hooks.route("given")(give if colour == "sync" else give_async)
    made()
    response = client.get("/dash/app/routed/given")
    assert (response.status_code, response.content) == (status, content)
    assert response.headers["Content-Type"] == content_type
    if "X-A" in response.headers:
        assert response.headers["X-A"] == "1"


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_routes_of_hooks_answer_under_asgi_too(async_client: Any, hooks: Any, colour: str) -> None:
    def give(name: str) -> str:
        return f"hello {name}"

    async def give_async(name: str) -> str:
        return give(name)

    hooks.route("greet/<string:name>")(give if colour == "sync" else give_async)
    made()
    response = await async_client.get("/dash/app/routed/greet/Zoe")
    assert (response.status_code, response.content) == (200, b"hello Zoe")


def test_a_route_of_a_hook_gets_its_variables_and_knows_its_app(client: Client, hooks: Any) -> None:
    @hooks.route("item/<int:number>/<path:rest>")
    def item(number: int, rest: str) -> dict[str, Any]:
        return {"number": number, "rest": rest, "app": dash.get_app().app_name}

    made("Routed")
    made("Made later")
    response = client.get("/dash/app/routed/item/7/a/b")
    assert response.json() == {"number": 7, "rest": "a/b", "app": "Routed"}


def test_a_route_of_a_hook_answers_its_own_methods_under_csrf(hooks: Any) -> None:
    @hooks.route("change", methods=("POST",))
    def change() -> str:
        return "changed"

    made()
    client = Client(enforce_csrf_checks=True)
    assert client.get("/dash/app/routed/change").status_code == 405
    assert client.post("/dash/app/routed/change").status_code == 403
    token = "a" * 32
    client.cookies["csrftoken"] = token
    assert client.post("/dash/app/routed/change", headers={"X-CSRFToken": token}).content == b"changed"


def test_a_route_of_a_hook_that_raises_is_an_error_of_the_app(hooks: Any, caplog: Any) -> None:
    @hooks.route("broken")
    def broken() -> str:
        raise ValueError("the secret of the hook")

    made()
    response = Client(raise_request_exception=False).get("/dash/app/routed/broken")
    assert response.status_code == 500
    assert b"secret" not in response.content
    assert "the secret of the hook" in caplog.text


def test_a_startup_route_is_answered_by_the_apps_that_are_made_after_it(client: Client, monkeypatch: Any) -> None:
    def status() -> dict[str, str]:
        return {"app": dash.get_app().app_name}

    monkeypatch.setattr(dash.Dash, "STARTUP_ROUTES", [])
    made("Before")
    DjangoDash.add_startup_route("status", status, ["GET"])
    made("Routed")
    assert client.get("/dash/app/routed/_dash_startup_route/status").json() == {"app": "Routed"}
    assert client.post("/dash/app/routed/_dash_startup_route/status").status_code == 405
    assert client.get("/dash/app/before/_dash_startup_route/status").headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("arguments", [({}, None), ({}, None, None)], ids=["WSGI", "ASGI"])
def test_a_server_that_is_given_it_as_an_application_is_told_what_to_serve(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ConfigurationError, match="is not a WSGI or ASGI application of its own"):
        Routes("some.module")(*arguments)
