from __future__ import annotations

import asyncio
import copy
import json
import random
import threading
from collections.abc import Callable
from typing import Any

import dash
import pytest
from asgiref.sync import async_to_sync
from dash import ALL, ALLSMALLER, MATCH, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import InjectionError

from .helpers import call, callback_body, post, result
from .test_backend_routes import hooks  # noqa: F401 - a fixture

URL = "/dash/app/called/"
UPDATE = f"{URL}_dash-update-component"


def called(name: str = "Called") -> DjangoDash:
    app = DjangoDash(name)
    app.layout = html.Div([dcc.Input(id="in"), dcc.Input(id="state"), html.Div(id="out")])
    return app


def echoing() -> DjangoDash:
    """An app with callbacks of each shape, which take any value."""
    app = called()

    @app.callback(Output("out", "children"), Input("in", "value"), State("state", "value"))
    def one(value: Any, state: Any) -> str:
        return "answered"

    @app.callback([Output("a", "children"), Output("b", "children")], [Input("in", "value"), Input("more", "value")])
    def two(value: Any, more: Any) -> list[str]:
        return ["a", "b"]

    @app.callback(
        Output({"kind": "out", "index": ALL}, "children"),
        Input({"kind": "in", "index": ALL}, "value"),
        State("state", "value"),
    )
    def many(values: list[Any], state: Any) -> list[str]:
        return ["answered" for _ in dash.ctx.outputs_list]

    @app.callback(inputs={"x": Input("in", "value"), "pair": (Input("p", "value"), State("q", "value"))})
    def none(x: Any, pair: Any) -> None:
        dash.set_props("out", {"children": "set"})

    app.clientside_callback("function(x) { return x; }", Output("client", "children"), Input("in", "value"))
    return app


def bodies(app: DjangoDash) -> dict[str, dict[str, Any]]:
    """A valid body for each callback."""
    pattern = next(key for key in app.callback_map if key.startswith("{"))
    nothing = next(key for key, spec in app.callback_map.items() if spec.get("no_output"))
    return {
        "one output": callback_body(app, "out.children", "x", "y"),
        "two outputs": callback_body(app, "..a.children...b.children..", "x", "y"),
        "patterns": {
            "output": pattern,
            "outputs": [
                {"id": {"kind": "out", "index": 1}, "property": "children"},
                {"id": {"kind": "out", "index": 2}, "property": "children"},
            ],
            "inputs": [
                [
                    {"id": {"kind": "in", "index": 1}, "property": "value", "value": "x"},
                    {"id": {"kind": "in", "index": 2}, "property": "value", "value": "y"},
                ]
            ],
            "state": [{"id": "state", "property": "value", "value": "z"}],
            "changedPropIds": ['{"index":1,"kind":"in"}.value'],
        },
        "no output": {
            "output": nothing,
            "outputs": [],
            "inputs": [{"id": "in", "property": "value", "value": 1}, {"id": "p", "property": "value", "value": 2}],
            "state": [{"id": "q", "property": "value", "value": 3}],
            "changedPropIds": ["in.value"],
        },
    }


def test_every_shape_of_callback_is_answered(client: Client) -> None:
    app = echoing()
    answers = {name: post(client, app, body) for name, body in bodies(app).items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert answers["one output"].json()["response"] == {"out": {"children": "answered"}}
    assert answers["two outputs"].json()["response"] == {"a": {"children": "a"}, "b": {"children": "b"}}
    assert answers["patterns"].json()["response"] == {
        '{"index":1,"kind":"out"}': {"children": "answered"},
        '{"index":2,"kind":"out"}': {"children": "answered"},
    }
    assert answers["no output"].json()["sideUpdate"] == {"out": {"children": "set"}}


def test_a_pattern_may_have_no_component_on_the_page(client: Client) -> None:
    app = echoing()
    body = bodies(app)["patterns"] | {"inputs": [[]], "outputs": []}
    assert post(client, app, body).json()["response"] == {}


def test_a_pattern_may_match_one_component(client: Client) -> None:
    app = called()

    @app.callback(
        Output({"kind": "out", "index": MATCH}, "children"),
        Input({"kind": "in", "index": MATCH}, "value"),
        State({"kind": "in", "index": ALLSMALLER}, "value"),
        State({"kind": "only"}, "value"),
    )
    def one(value: str, smaller: list[str], only: str) -> str:
        return value + smaller[0] + only

    def at(kind: str, index: int, **more: str) -> dict[str, Any]:
        return {"id": {"kind": kind, "index": index}, "property": "children" if kind == "out" else "value", **more}

    (output,) = app.callback_map
    body = {
        "output": output,
        "outputs": at("out", 2),
        "inputs": [at("in", 2, value="two")],
        "state": [[at("in", 1, value="one")], {"id": {"kind": "only"}, "property": "value", "value": "!"}],
        "changedPropIds": ['{"index":2,"kind":"in"}.value'],
    }
    assert result(post(client, app, body)) == "twoone!"
    for part in ("outputs", "inputs"):
        forged = at("out", 1) if part == "outputs" else [at("in", 1, value="one")]
        response = post(client, app, body | {part: forged})
        assert response.status_code == 400
        assert "does not have the id and property of the callback" in response.json()["error"]


@pytest.mark.parametrize("suffix", ["", "@0123"])
def test_an_output_that_several_callbacks_have_is_named_as_the_renderer_does(client: Client, suffix: str) -> None:
    app = called()

    @app.callback(Output("out", "children", allow_duplicate=True), Input("in", "value"), prevent_initial_call=True)
    def answer(value: str) -> str:
        return value

    (output,) = app.callback_map
    body = callback_body(app, output, "x") | {"outputs": {"id": "out", "property": f"children{suffix}"}}
    assert result(post(client, app, body)) == "x"


def test_an_optional_input_that_is_not_on_the_page_is_null(client: Client) -> None:
    app = called()

    @app.callback(Output("out", "children"), Input("in", "value"), State("gone", "value", allow_optional=True))
    def answer(value: str, gone: Any) -> str:
        return f"{value} {gone}"

    state = [{"id": "gone", "property": "value", "allow_optional": True, "value": None}]
    assert result(post(client, app, callback_body(app, "out.children", "x", None, state=state))) == "x None"


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_prevent_update_is_an_empty_204(client: Client, colour: str) -> None:
    app = called()

    def stop(value: str) -> str:
        raise PreventUpdate

    async def stop_async(value: str) -> str:
        raise PreventUpdate

    app.callback(Output("out", "children"), Input("in", "value"))(stop if colour == "sync" else stop_async)
    response = call(client, app, "out.children", "x")
    assert (response.status_code, response.content) == (204, b"")


def test_what_dash_knows_of_one_callback_is_not_left_for_the_next(client: Client) -> None:
    app = called()

    @app.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> str:
        dash.set_props("state", {"value": value})
        return value

    assert call(client, app, "out.children", "1").json()["sideUpdate"] == {"state": {"value": "1"}}
    assert call(client, app, "out.children", "2").json()["sideUpdate"] == {"state": {"value": "2"}}
    with pytest.raises(dash.exceptions.MissingCallbackContextException):
        _ = dash.ctx.triggered


@pytest.mark.parametrize("asgi", [False, True], ids=["WSGI", "ASGI"])
def test_data_of_a_hook_reaches_the_callback(hooks: Any, asgi: bool) -> None:  # noqa: F811
    @hooks.custom_data("extra")
    def extra(found: Any) -> str:
        assert_may_block()
        return f"for {found.inputs_list[0]['value']}"

    app = called()

    @app.callback(Output("out", "children"), Input("in", "value"))
    async def answer(value: str) -> str:
        return str(dash.ctx.custom_data["extra"])

    body = callback_body(app, "out.children", "x")
    if asgi:
        response = async_to_sync(AsyncClient().post)(UPDATE, json.dumps(body), content_type="application/json")
    else:
        response = post(Client(), app, body)
    assert result(response) == "for x"


def assert_may_block() -> None:
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


# --- requests that do not fit -----------------------------------------------------------------------------------


def changed(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: {**body, **values}


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: {name: value for name, value in body.items() if name not in names}


GOOD = {"id": "in", "property": "value", "value": 1}
BAD_BODIES: dict[str, Any] = {
    "no body": b"",
    "cut off": b'{"output": "out.chil',
    "words": b"output=out.children",
    "not UTF-8": b"\xff\xfe\xfd",
    "a number of too many digits": b'{"output": ' + b"1" * 5000 + b"}",
    "nested too deep": b"[" * 100_000,
    "null": b"null",
    "a list": b"[]",
    "a text": b'"out.children"',
    "an empty object": b"{}",
    "output missing": without("output"),
    "output null": changed(output=None),
    "output a number": changed(output=7),
    "output a list": changed(output=["out.children"]),
    "output an object": changed(output={"id": "out"}),
    "inputs missing": without("inputs"),
    "inputs null": changed(inputs=None),
    "inputs a text": changed(inputs="in"),
    "inputs an object": changed(inputs={"0": GOOD}),
    "inputs of texts": changed(inputs=["in.value"]),
    "inputs of nulls": changed(inputs=[None]),
    "no inputs": changed(inputs=[]),
    "too many inputs": changed(inputs=[GOOD, GOOD]),
    "an input without id": changed(inputs=[{"property": "value", "value": 1}]),
    "an input with a number as id": changed(inputs=[{**GOOD, "id": 5}]),
    "an input of another component": changed(inputs=[{**GOOD, "id": "other"}]),
    "an input without property": changed(inputs=[{"id": "in", "value": 1}]),
    "an input of another property": changed(inputs=[{**GOOD, "property": "n_clicks"}]),
    "a list where one value belongs": changed(inputs=[[GOOD, GOOD]]),
    "an empty list where one value belongs": changed(inputs=[[]]),
    "state missing": without("state"),
    "state null": changed(state=None),
    "too much state": changed(state=[GOOD, GOOD]),
    "state of another property": changed(state=[{**GOOD, "id": "state", "property": "type"}]),
    "changedPropIds null": changed(changedPropIds=None),
    "changedPropIds a text": changed(changedPropIds="in.value"),
    "changedPropIds of numbers": changed(changedPropIds=[1]),
    "outputs missing": without("outputs"),
    "outputs null": changed(outputs=None),
    "outputs a number": changed(outputs=1),
    "outputs a text": changed(outputs="out.children"),
    "outputs without id": changed(outputs={"property": "children"}),
    "outputs without property": changed(outputs={"id": "out"}),
    "outputs of another component": changed(outputs={"id": "other", "property": "children"}),
    "outputs of another property": changed(outputs={"id": "out", "property": "style"}),
}


@pytest.mark.parametrize("asgi", [False, True], ids=["WSGI", "ASGI"])
@pytest.mark.parametrize("bad", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_does_not_fit_is_refused_with_a_reason(client: Client, bad: Any, asgi: bool) -> None:
    app = echoing()
    body = bad if isinstance(bad, bytes) else json.dumps(bad(bodies(app)["one output"])).encode()
    if asgi:
        response = async_to_sync(AsyncClient().post)(UPDATE, body, content_type="application/json")
    else:
        response = post(client, app, body)
    assert response.status_code == 400
    assert_has_reason(response)


@pytest.mark.parametrize("output", ["nowhere.children", "", "client.children", "out.children@abc", "..out.children.."])
def test_an_output_that_no_callback_of_the_server_has_is_not_found(client: Client, output: str) -> None:
    app = echoing()
    response = post(client, app, {**bodies(app)["one output"], "output": output})
    assert response.status_code == 404
    assert_has_reason(response)


@pytest.mark.parametrize(
    "bad",
    [
        changed(outputs=[{"id": {"kind": "out", "index": 1}, "property": "style"}]),
        changed(outputs=[{"id": {"kind": "else", "index": 1}, "property": "children"}]),
        changed(outputs=[[[]]]),
        changed(inputs=[[{"id": {"kind": "in", "index": 1}, "property": "style"}]]),
        changed(inputs=[[{"id": {"kind": "else", "index": 1}, "property": "value"}]]),
        changed(inputs=[[7]]),
        changed(inputs=[{"id": {"kind": ["x"], "index": {}}, "property": "value"}]),
    ],
)
def test_patterns_that_do_not_fit_are_refused(client: Client, bad: Any) -> None:
    app = echoing()
    response = post(client, app, bad(bodies(app)["patterns"]))
    assert response.status_code == 400
    assert_has_reason(response)


def test_a_body_that_is_too_large_is_refused_as_such(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    app = echoing()
    response = post(client, app, callback_body(app, "out.children", "x" * 1000, ""))
    assert response.status_code == 413
    assert_has_reason(response)


def test_a_form_is_refused_with_csrf_on() -> None:
    echoing()
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = token = "a" * 32
    response = client.post(UPDATE, {"output": "out.children", "csrfmiddlewaretoken": token})
    assert response.status_code == 400
    assert_has_reason(response)


def test_no_mutation_of_a_valid_body_makes_the_server_fail() -> None:
    app = echoing()
    client = Client(raise_request_exception=False)
    chance = random.Random(20240229)
    valid, seen = bodies(app), set()
    for number in range(600):
        body = copy.deepcopy(chance.choice(list(valid.values())))
        for _ in range(chance.randint(1, 3)):
            body = mutated(body, chance)
        response = post(client, app, json.dumps(body).encode())
        assert response.status_code in (200, 400, 404), (number, response.status_code, body)
        if response.status_code == 200:
            assert set(response.json()) & {"response", "sideUpdate"}, (number, body)
        else:
            assert_has_reason(response)
        seen.add(response.status_code)
    assert seen == {200, 400, 404}


ODD_VALUES = (None, True, 0, -1, 1e308, "", "in", "\ud800", "a.b.c", [], [[]], {}, {"id": "in"}, {"a": {"b": []}})


def mutated(value: Any, chance: random.Random) -> Any:
    """The value with one place of it changed, removed or doubled."""
    if not isinstance(value, (dict, list)) or not value or chance.random() < 0.15:
        return copy.deepcopy(chance.choice(ODD_VALUES))
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = chance.choice(keys)
    action = chance.random()
    if action < 0.15:
        del value[key]
    elif action < 0.25 and isinstance(value, list):
        value.append(copy.deepcopy(value[key]))
    elif action < 0.25:
        value[chance.choice(("extra", "id", "property", "value"))] = copy.deepcopy(chance.choice(ODD_VALUES))
    else:
        value[key] = mutated(value[key], chance)
    return value


def assert_has_reason(response: Any) -> None:
    reason = response.json()["error"]
    assert 10 < len(reason) < 200
    assert "Traceback" not in reason


# --- api_endpoint -----------------------------------------------------------------------------------------------


def with_api() -> DjangoDash:
    app = called()

    @app.callback(Output("out", "children"), Input("in", "value"), api_endpoint="/api/add")
    def add(value: int, *, more: int = 0) -> dict[str, Any]:
        if value < 0:
            raise ValueError("the secret of the endpoint")
        return {"sum": value + more}

    @app.callback(Output("who", "children"), Input("in", "value"), api_endpoint="api/who")
    def who(value: str, request: Any, user: Any) -> list[Any]:
        return [value, request.path, user.is_anonymous]

    @app.callback(Output("slow", "children"), Input("in", "value"), api_endpoint="/api/slow")
    async def slow(value: str, user: Any) -> list[Any]:
        await asyncio.sleep(0)
        return [value, user.is_anonymous]

    @app.callback(Output("none", "children"), Input("in", "value"), api_endpoint="/api/none")
    def none(value: str = "") -> str:
        if value == "stop":
            raise PreventUpdate
        return "nothing needed"

    return app


def ask(path: str, body: Any, *, asgi: bool = False, **kwargs: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body)
    kwargs = {"content_type": "application/json", **kwargs}
    if asgi:
        return async_to_sync(AsyncClient(raise_request_exception=False).post)(URL + path, data, **kwargs)
    return Client(raise_request_exception=False).post(URL + path, data, **kwargs)


under_both = pytest.mark.parametrize("asgi", [False, True], ids=["WSGI", "ASGI"])


@pytest.mark.django_db(transaction=True)
@under_both
@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("api/add", {"value": 1}, {"sum": 1}),
        ("api/add", {"value": 1, "more": 2}, {"sum": 3}),
        ("api/who", {"value": "x"}, ["x", f"{URL}api/who", True]),
        ("api/slow", {"value": "x"}, ["x", True]),
        ("api/none", b"", "nothing needed"),
        ("api/none", {}, "nothing needed"),
    ],
)
def test_an_api_endpoint_calls_the_function_with_the_bodys_keys(
    asgi: bool, path: str, body: Any, expected: Any
) -> None:
    with_api()
    response = ask(path, body, asgi=asgi)
    assert (response.status_code, response.json()) == (200, expected)
    assert response.headers["Content-Type"] == "application/json"


def test_a_callback_with_an_api_endpoint_still_is_a_callback(client: Client) -> None:
    assert result(call(client, with_api(), "slow.children", "x")) == ["x", True]


@under_both
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("api/add", {}),
        ("api/add", {"value": 1, "unknown": 2}),
        ("api/add", []),
        ("api/add", "value"),
        ("api/add", b"{"),
        ("api/add", b""),
        ("api/who", {"value": "x", "user": "admin"}),
        ("api/who", {"value": "x", "request": None}),
        ("api/slow", {"value": "x", "user": {"is_superuser": True}}),
    ],
)
def test_arguments_that_do_not_fit_are_refused(asgi: bool, path: str, body: Any) -> None:
    with_api()
    response = ask(path, body, asgi=asgi)
    assert response.status_code == 400
    assert_has_reason(response)


@under_both
def test_what_an_api_endpoint_raises_stays_on_the_server(asgi: bool, caplog: Any) -> None:
    with_api()
    response = ask("api/add", {"value": -1}, asgi=asgi)
    assert response.status_code == 500
    assert b"secret" not in response.content
    assert caplog.text.count("ValueError: the secret of the endpoint") == 1


@under_both
def test_prevent_update_of_an_api_endpoint_is_a_204(asgi: bool) -> None:
    with_api()
    response = ask("api/none", {"value": "stop"}, asgi=asgi)
    assert (response.status_code, response.content) == (204, b"")


def test_an_api_endpoint_is_for_post_alone(client: Client) -> None:
    with_api()
    response = client.get(f"{URL}api/add")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_an_unknown_path_takes_no_post(client: Client) -> None:
    with_api()
    assert client.post(f"{URL}api/unknown", "{}", content_type="application/json").status_code == 405
    assert client.post(f"{URL}_dash-unknown", "{}", content_type="application/json").status_code == 404


def test_an_api_endpoint_belongs_to_its_app(client: Client) -> None:
    with_api()
    called("Other")
    response = client.post("/dash/app/other/api/add", '{"value": 1}', content_type="application/json")
    assert response.status_code == 405  # a page of that app, which answers GET alone


def test_an_api_endpoint_asks_for_the_csrf_token() -> None:
    with_api()
    client = Client(enforce_csrf_checks=True)
    url, body = f"{URL}api/add", '{"value": 1}'
    assert client.post(url, body, content_type="application/json").status_code == 403
    client.cookies["csrftoken"] = token = "a" * 32
    headers = {"X-CSRFToken": token}
    assert client.post(url, body, content_type="application/json", headers=headers).json() == {"sum": 1}


def test_a_callback_asks_for_the_csrf_token() -> None:
    app = echoing()
    client = Client(enforce_csrf_checks=True)
    assert call(client, app, "out.children", "x", "y").status_code == 403


# --- threads and the database -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_async_callback_under_wsgi_sees_the_transaction_of_its_request(client: Client) -> None:
    User.objects.create(username="not committed yet")
    app = called()

    @app.callback(Output("out", "children"), Input("in", "value"))
    async def count(value: str) -> list[Any]:
        await User.objects.acreate(username=value)
        return [name async for name in User.objects.order_by("pk").values_list("username", flat=True)]

    assert result(call(client, app, "out.children", "x")) == ["not committed yet", "x"]
    assert User.objects.filter(username="x").exists()


def test_a_sync_callback_under_wsgi_runs_in_the_thread_of_its_request_without_a_loop(
    client: Client, monkeypatch: Any
) -> None:
    app = called()

    @app.callback(Output("out", "children"), Input("in", "value"))
    def thread(value: str) -> str:
        return str(threading.get_ident())

    @app.callback(Output("late", "children"), Input("in", "value"))
    async def late(value: str) -> str:
        return value

    assert result(call(client, app, "out.children", "x"))  # set-up is over

    loops, make = [], asyncio.new_event_loop

    def counted() -> asyncio.AbstractEventLoop:
        loops.append(make())
        return loops[-1]

    for module in (asyncio, asyncio.events):
        monkeypatch.setattr(module, "new_event_loop", counted)
    assert result(call(client, app, "out.children", "x")) == str(threading.get_ident())
    assert loops == []
    assert result(call(client, app, "late.children", "x")) == "x"
    assert len(loops) == 1


def test_a_parameter_that_nobody_can_fill_is_refused_where_it_is_written() -> None:
    app = called()
    with pytest.raises(InjectionError):

        @app.callback(Output("out", "children"), Input("in", "value"), api_endpoint="/api/broken")
        def broken(value: str, what: str) -> str:
            return value
