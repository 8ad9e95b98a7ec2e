"""What callbacks of Dash can do, seen from the requests that its renderer sends."""

from __future__ import annotations

import base64
import json
from typing import Any

import dash
import pandas as pd
import pytest
from dash import ALL, ALLSMALLER, MATCH, ClientsideFunction, Input, Output, Patch, State, ctx, dcc, html, no_update
from django.test import AsyncClient, Client
from django.utils.translation import gettext_lazy, override

from django_plotly_dash import DjangoDash, context
from django_plotly_dash.exceptions import InjectionError

from .feature_apps import (
    answer,
    ask,
    ask_async,
    body_of,
    dependency,
    new_client,
    new_name,
    out,
    page,
    specs,
    url_of,
)


def make(**kwargs: Any) -> DjangoDash:
    app = DjangoDash(new_name(), **{"dev_tools": False, **kwargs})
    app.layout = html.Div(id="out")
    return app


IN = Input("in", "value")
OUTPUT = Output("out", "children")


# --- when a callback runs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_app", [True, False])
def test_prevent_initial_call_of_the_callback_or_of_the_whole_app(by_app: bool) -> None:
    app = make(prevent_initial_callbacks=by_app)
    app.callback(OUTPUT, IN)(lambda value: value)
    app.callback(Output("one", "children"), IN, prevent_initial_call=True)(lambda value: value)
    app.callback(Output("two", "children"), IN, prevent_initial_call=False)(lambda value: value)
    told = {output: spec["prevent_initial_call"] for output, spec in specs(app).items()}
    assert told == {"out.children": by_app, "one.children": True, "two.children": False}


@pytest.mark.parametrize("where", ["app", "callback"])
def test_initial_duplicate_allows_a_duplicate_that_is_called_at_first(where: str) -> None:
    app = make(prevent_initial_callbacks="initial_duplicate" if where == "app" else False)
    given = {} if where == "app" else {"prevent_initial_call": "initial_duplicate"}
    app.callback(OUTPUT, IN)(lambda value: "first")
    app.callback(Output("out", "children", allow_duplicate=True), Input("other", "value"), **given)(
        lambda value: "second"
    )
    first, second = specs(app)
    assert specs(app)[second]["prevent_initial_call"] is False
    assert (first, out(app)) == ("out.children", "first")
    duplicate = {"id": "out", "property": second.removeprefix("out.")}
    body = body_of([dependency("other.value")], output=second, outputs=duplicate)
    assert answer(app, body) == {"out": {"children": "second"}}


def test_a_duplicate_output_without_prevent_initial_call_is_refused_when_it_is_registered() -> None:
    with pytest.raises(dash.exceptions.DuplicateCallback, match="prevent_initial_call"):
        make().callback(Output("out", "children", allow_duplicate=True), IN)


def test_duplicates_of_dash_callback_belong_to_one_app() -> None:
    app = make()
    for number in (1, 2):
        dash.callback(
            Output("out", "children", allow_duplicate=True), Input(f"in-{number}", "value"), prevent_initial_call=True
        )(lambda value, number=number: number)
    ask(app, {})
    assert len(specs(app)) == 2
    for number, output in enumerate(specs(app), 1):
        duplicate = {"id": "out", "property": output.removeprefix("out.")}
        body = body_of([dependency(f"in-{number}.value")], output=output, outputs=duplicate)
        assert answer(app, body) == {"out": {"children": number}}


def test_the_same_output_twice_is_reported_by_the_renderer_and_not_swallowed() -> None:
    app = make()
    for name in ("one", "two"):
        dash.callback(OUTPUT, Input(name, "value"))(lambda value: value)
    ask(app, {})
    told = Client().get(url_of(app, "_dash-dependencies")).json()
    assert [spec["inputs"][0]["id"] for spec in told] == ["one", "two"]


# --- what a callback connects -----------------------------------------------------------------------------------


def test_a_callback_without_output_sets_properties() -> None:
    app = make()

    @app.callback(IN)
    def show(value: int, dash_app_id: str) -> None:
        dash.set_props("out", {"children": value})
        dash.set_props({"type": "a", "index": 1}, {"title": dash_app_id})
        dash.set_props("out", {"title": "added"})

    (output,) = specs(app)
    response = ask(app, body_of([dependency("in.value", 5)], output=output, outputs=[])).json()
    assert response["sideUpdate"] == {
        "out": {"children": 5, "title": "added"},
        '{"index":1,"type":"a"}': {"title": app.slug},
    }
    assert specs(app)[output]["no_output"] is True


def test_a_callback_without_output_that_sets_nothing_is_answered_with_204() -> None:
    app = make()
    app.callback(IN)(lambda value: None)
    (output,) = specs(app)
    assert ask(app, body_of([dependency("in.value", 5)], output=output, outputs=[])).status_code == 204


def test_a_callback_without_output_that_returns_something_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    app = make()
    app.callback(IN)(lambda value: "lost")
    (output,) = specs(app)
    assert ask(app, body_of([dependency("in.value", 5)], output=output, outputs=[])).status_code == 500
    assert "No-output callback received return value: lost" in caplog.text


def test_a_callback_without_input_runs_when_the_page_opens() -> None:
    app = make()

    @app.callback(OUTPUT)
    def show(user: Any = None) -> str:
        return f"no input, {ctx.triggered_id}"

    assert answer(app, body_of([])) == {"out": {"children": "no input, None"}}


def test_a_callback_without_input_may_have_states() -> None:
    app = make()
    app.callback(OUTPUT, State("in", "value"))(lambda value: value)
    assert answer(app, body_of([], [dependency("in.value", "kept")])) == {"out": {"children": "kept"}}


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_set_props_beside_an_output(colour: str) -> None:
    app = make()

    def show(value: int) -> str:
        dash.set_props("side", {"children": html.B("set")})
        ctx.set_props("side", {"title": "by ctx"})
        return "returned"

    async def show_async(value: int) -> str:
        return show(value)

    app.callback(OUTPUT, IN)(show if colour == "sync" else show_async)
    response = ask(app, body_of([dependency("in.value", 1)])).json()
    assert response["response"] == {"out": {"children": "returned"}}
    assert response["sideUpdate"]["side"]["title"] == "by ctx"
    assert response["sideUpdate"]["side"]["children"]["props"]["children"] == "set"


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ([no_update, 2], {"two": {"children": 2}}),
        ((1, no_update), {"one": {"children": 1}}),
        ((dash.NoUpdate(), dash.NoUpdate()), {}),
    ],
)
def test_no_update_leaves_single_outputs_as_they_are(returned: Any, expected: Any) -> None:
    app = make()
    app.callback([Output("one", "children"), Output("two", "children")], IN)(lambda value: returned)
    outputs = [{"id": "one", "property": "children"}, {"id": "two", "property": "children"}]
    body = body_of([dependency("in.value", 1)], output="..one.children...two.children..", outputs=outputs)
    assert answer(app, body) == expected


def test_no_update_for_the_only_output() -> None:
    app = make()
    app.callback(OUTPUT, IN)(lambda value: no_update)
    response = ask(app, body_of([dependency("in.value", 1)]))
    assert (response.status_code, response.json()["response"]) == (200, {})


def test_prevent_update_is_an_empty_204_with_its_cookies() -> None:
    app = make()

    @app.callback(OUTPUT, IN)
    def stop(value: int) -> None:
        ctx.response.set_cookie("seen", "yes")
        raise dash.exceptions.PreventUpdate

    response = ask(app, body_of([dependency("in.value", 1)]))
    assert (response.status_code, response.content) == (204, b"")
    assert response.cookies["seen"].value == "yes"


def test_a_patch_sends_its_operations() -> None:
    app = make()

    @app.callback(Output("graph", "figure"), IN)
    def change(value: int) -> Patch:
        patch = Patch()
        patch["layout"]["title"]["text"] = gettext_lazy("Yes")
        patch["data"][0]["y"].append(value)
        patch["data"][0]["x"] += [value]
        del patch["data"][1]
        return patch

    outputs = {"id": "graph", "property": "figure"}
    body = body_of([dependency("in.value", 7)], output="graph.figure", outputs=outputs)
    with override("de"):
        figure = answer(app, body)["graph"]["figure"]
    assert "__dash_patch_update" in figure
    told = [(step["operation"], step["location"], step["params"]) for step in figure["operations"]]
    assert told == [
        ("Assign", ["layout", "title", "text"], {"value": "Ja"}),
        ("Append", ["data", 0, "y"], {"value": 7}),
        ("Extend", ["data", 0, "x"], {"value": [7]}),
        ("Delete", ["data", 1], {}),
    ]


# --- groupings --------------------------------------------------------------------------------------------------

GROUPINGS: list[tuple[Any, Any]] = [
    ({"a": IN, "b": Input("b", "value")}, {"a": 1, "b": 2}),
    ([IN, Input("b", "value")], (1, 2)),
    ({"a": (IN, Input("b", "value"))}, {"a": (1, 2)}),
    ({"a": {"deep": [IN], "b": Input("b", "value")}}, {"a": {"deep": [1], "b": 2}}),
    ((IN, {"b": Input("b", "value")}), (1, {"b": 2})),
]


@pytest.mark.parametrize(("inputs", "expected"), GROUPINGS)
def test_inputs_in_groups_beside_an_extra(inputs: Any, expected: Any) -> None:
    app, seen = make(), {}

    def show(*args: Any, dash_app_id: str, **values: Any) -> str:
        for name in ("callback_context", "dash_app", "params", "request", "session_state", "user"):
            del values[name]
        seen["values"] = values or args
        return dash_app_id

    app.callback(output=OUTPUT, inputs=inputs)(show)
    assert answer(app, body_of([dependency("in.value", 1), dependency("b.value", 2)])) == {
        "out": {"children": app.slug}
    }
    assert json.dumps(seen["values"]) == json.dumps(expected)


def test_named_extras_beside_a_dict_of_inputs_and_states() -> None:
    app = make()

    @app.callback(output=OUTPUT, inputs={"a": IN}, state={"b": State("b", "value")})
    def show(user: Any, b: int, dash_app_id: str, a: int, callback_context: Any) -> str:
        return f"{a} {b} {dash_app_id} {callback_context.triggered_id}"

    body = body_of([dependency("in.value", 1)], [dependency("b.value", 2)])
    assert answer(app, body) == {"out": {"children": f"1 2 {app.slug} in"}}


def test_an_argument_of_dash_wins_over_an_extra_of_the_same_name() -> None:
    app = make()

    @app.callback(output=OUTPUT, inputs={"user": IN})
    def show(user: str, dash_app_id: str) -> str:
        return f"{user} of {dash_app_id}"

    assert out(app, "typed") == f"typed of {app.slug}"


@pytest.mark.parametrize(
    ("output", "returned"),
    [
        ({"a": Output("one", "children"), "b": Output("two", "children")}, {"b": 2, "a": 1}),
        ([Output("one", "children"), Output("two", "children")], (1, 2)),
        ({"a": [Output("one", "children")], "b": {"c": Output("two", "children")}}, {"a": [1], "b": {"c": 2}}),
    ],
)
def test_outputs_in_groups(output: Any, returned: Any) -> None:
    app = make()
    app.callback(output=output, inputs=[IN])(lambda value: returned)
    outputs = [{"id": "one", "property": "children"}, {"id": "two", "property": "children"}]
    body = body_of([dependency("in.value", 1)], output="..one.children...two.children..", outputs=outputs)
    assert answer(app, body) == {"one": {"children": 1}, "two": {"children": 2}}


# --- pattern ids ------------------------------------------------------------------------------------------------


def item(index: int, value: Any = None, name: str = "value") -> dict[str, Any]:
    return dependency(json.dumps({"index": index, "type": "item"}) + f".{name}", value)


def pattern(index: Any, name: str = "value") -> tuple[dict[str, Any], str]:
    return {"type": "item", "index": index}, name


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_all_gives_a_list_and_ctx_tells_which(colour: str) -> None:
    app = make()

    def add(values: list[int], dash_app_id: str) -> str:
        return f"{sum(values)} by {ctx.triggered_id.index} of {dash_app_id}, {ctx.triggered_id['type']}"

    async def add_async(values: list[int], dash_app_id: str) -> str:
        return add(values, dash_app_id)

    app.callback(OUTPUT, Input(*pattern(ALL)))(add if colour == "sync" else add_async)
    body = body_of([[item(1, 10), item(2, 20)]], changed=['{"index":2,"type":"item"}.value'])
    assert answer(app, body) == {"out": {"children": f"30 by 2 of {app.slug}, item"}}


def test_all_may_find_nothing() -> None:
    app = make()
    app.callback(OUTPUT, Input(*pattern(ALL)))(lambda values: f"{values} {ctx.triggered_id}")
    assert answer(app, body_of([[]])) == {"out": {"children": "[] None"}}


def test_match_answers_for_the_component_that_asked() -> None:
    app = make()
    app.callback(Output(*pattern(MATCH, "children")), Input(*pattern(MATCH)), State(*pattern(MATCH, "id")))(
        lambda value, ident: f"{value} of {ident['index']}"
    )
    (output,) = specs(app)
    outputs = {"id": {"index": 4, "type": "item"}, "property": "children"}
    asked = body_of([item(4, "x")], [item(4, {"index": 4}, "id")], outputs, output, ['{"index":4,"type":"item"}.value'])
    assert answer(app, asked) == {'{"index":4,"type":"item"}': {"children": "x of 4"}}


def test_allsmaller_gives_those_before() -> None:
    app = make()
    app.callback(Output(*pattern(MATCH, "children")), Input(*pattern(MATCH)), Input(*pattern(ALLSMALLER)))(
        lambda value, before: f"{value} after {before}"
    )
    (output,) = specs(app)
    outputs = {"id": {"index": 3, "type": "item"}, "property": "children"}
    asked = body_of([item(3, "c"), [item(1, "a"), item(2, "b")]], (), outputs, output, [])
    assert answer(app, asked) == {'{"index":3,"type":"item"}': {"children": "c after ['a', 'b']"}}


@pytest.mark.parametrize("returned", [["a", "b"], ["a", no_update], [no_update, no_update]])
def test_all_as_an_output_takes_a_value_for_each(returned: Any) -> None:
    app = make()
    app.callback(Output(*pattern(ALL, "children")), IN)(lambda value: returned)
    (output,) = specs(app)
    outputs = [{"id": {"index": i, "type": "item"}, "property": "children"} for i in (1, 2)]
    response = answer(app, body_of([dependency("in.value", 1)], (), outputs, output))
    assert response == {
        f'{{"index":{number},"type":"item"}}': {"children": value}
        for number, value in enumerate(returned, 1)
        if value is not no_update
    }


# --- errors -----------------------------------------------------------------------------------------------------


def failing(app: DjangoDash, colour: str = "sync", **kwargs: Any) -> DjangoDash:
    def fail(value: int) -> None:
        raise ValueError("the secret of the callback")

    async def fail_async(value: int) -> None:
        fail(value)

    app.callback(OUTPUT, IN, **kwargs)(fail if colour == "sync" else fail_async)
    return app


def say(error: Exception) -> str:
    return f"handled {type(error).__name__} of {ctx.inputs}"


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("where", ["app", "callback", "both"])
def test_on_error_of_the_app_and_of_the_callback(where: str, colour: str) -> None:
    app = make(on_error=(lambda error: "by the app") if where == "both" else say if where == "app" else None)
    failing(app, colour, **({} if where == "app" else {"on_error": say}))
    assert out(app, 3) == "handled ValueError of {'in.value': 3}"


def test_an_error_handler_has_what_a_callback_has_through_dash_and_the_context() -> None:
    def handle(error: Exception) -> str:
        dash.set_props("alert", {"children": str(error)})
        ctx.response.set_cookie("failed", "yes")
        found = context.require()
        return f"{found.request.method} {found.extras['dash_app_id']()} {dash.get_app().slug} {ctx.triggered_id}"

    app = failing(make(on_error=handle))
    response = ask(app, body_of([dependency("in.value", 1)]))
    assert response.json()["response"] == {"out": {"children": f"POST {app.slug} {app.slug} in"}}
    assert response.json()["sideUpdate"] == {"alert": {"children": "the secret of the callback"}}
    assert response.cookies["failed"].value == "yes"


def test_an_error_handler_that_returns_nothing_leaves_the_output() -> None:
    app = failing(make(on_error=lambda error: None))
    assert answer(app, body_of([dependency("in.value", 1)])) == {}


@pytest.mark.parametrize("where", ["app", "app.callback", "dash.callback"])
def test_an_error_handler_may_return_what_a_callback_may(where: str) -> None:
    def handle(error: Exception) -> Any:
        return gettext_lazy("Yes")

    app = make(on_error=handle if where == "app" else None)
    kwargs = {} if where == "app" else {"on_error": handle}

    @(dash.callback if where == "dash.callback" else app.callback)(OUTPUT, IN, **kwargs)
    def fail(value: int) -> None:
        raise ValueError

    with override("de"):
        assert out(app) == "Ja"


async def handle_later(error: Exception) -> None: ...


def handle_for(error: Exception, user: Any) -> None: ...


@pytest.mark.parametrize("where", ["app", "app.callback", "dash.callback"])
@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (handle_later, "on_error is handle_later, a coroutine function. Dash does not await it: give an ordinary one."),
        (
            handle_for,
            "on_error is handle_for, which does not take the exception alone (missing a required argument: 'user'). "
            "Dash passes nothing else: dash.ctx and django_plotly_dash.context.require() have the rest.",
        ),
    ],
)
def test_an_error_handler_that_dash_cannot_call_raises_at_registration(where: str, handler: Any, reason: str) -> None:
    app = make()
    by_name = {"app.callback": app.callback, "dash.callback": dash.callback}

    def register() -> None:
        if where == "app":
            make(on_error=handler)
        else:
            by_name[where](OUTPUT, IN, on_error=handler)(lambda value: value)

    with pytest.raises(InjectionError) as caught:
        register()
    assert str(caught.value) == reason


@pytest.mark.parametrize("handler", [str, repr, print, lambda *args: "any"])
def test_an_error_handler_may_be_any_callable(handler: Any) -> None:
    app = failing(make(on_error=handler))
    assert ask(app, body_of([dependency("in.value", 1)])).status_code == 200


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_an_error_in_the_error_handler_shows_nothing_of_itself(colour: str, caplog: pytest.LogCaptureFixture) -> None:
    def handle(error: Exception) -> None:
        raise RuntimeError("the secret of the handler")

    response = ask(failing(make(on_error=handle), colour), body_of([dependency("in.value", 1)]))
    assert response.status_code == 500
    assert b"secret" not in response.content
    assert "the secret of the handler" in caplog.text


def test_prevent_update_is_no_error_to_a_handler() -> None:
    app = make(on_error=lambda error: "handled")

    @app.callback(OUTPUT, IN)
    def stop(value: int) -> None:
        raise dash.exceptions.PreventUpdate

    assert ask(app, body_of([dependency("in.value", 1)])).status_code == 204


# --- endpoints --------------------------------------------------------------------------------------------------


def post_json(app: DjangoDash, path: str, value: Any) -> Any:
    Client().get(url_of(app, "_dash-layout"))
    return new_client().post(url_of(app, path), json.dumps(value), content_type="application/json")


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_an_endpoint_takes_arguments_by_name_and_fills_extras(colour: str) -> None:
    app = make()

    def show(value: int, dash_app_id: str) -> str:
        return f"{value} of {dash_app_id} by {dash.get_app().slug}"

    async def show_async(value: int, dash_app_id: str) -> str:
        return show(value, dash_app_id)

    app.callback(OUTPUT, IN, api_endpoint="/ask")(show if colour == "sync" else show_async)
    assert post_json(app, "ask", {"value": 1}).json() == f"1 of {app.slug} by {app.slug}"


@pytest.mark.parametrize("wrong", [{}, {"value": 1, "more": 2}, {"value": 1, "dash_app_id": "x"}, [1]])
def test_an_endpoint_refuses_arguments_that_do_not_fit(wrong: Any) -> None:
    app = make()
    app.callback(OUTPUT, IN, api_endpoint="/ask")(lambda value, dash_app_id: value)
    response = post_json(app, "ask", wrong)
    assert response.status_code == 400
    assert set(response.json()) == {"error"}


def test_an_endpoint_asks_for_the_csrf_token_as_a_callback_does() -> None:
    app = make()
    app.callback(OUTPUT, IN, api_endpoint="/ask")(lambda value: value)
    client = Client(enforce_csrf_checks=True)
    client.get(url_of(app))
    token = client.cookies["csrftoken"].value
    for headers, status in (({}, 403), ({"X-CSRFToken": token}, 200)):
        response = client.post(url_of(app, "ask"), '{"value": 1}', content_type="application/json", headers=headers)
        assert response.status_code == status


def test_an_error_in_an_endpoint_shows_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    app = make()

    @app.callback(OUTPUT, IN, api_endpoint="/ask")
    def fail(value: int) -> None:
        raise ValueError("the secret of the endpoint")

    response = post_json(app, "ask", {"value": 1})
    assert response.status_code == 500
    assert b"secret" not in response.content
    assert "the secret of the endpoint" in caplog.text


def test_two_apps_may_have_endpoints_of_the_same_path() -> None:
    apps = [make(), make()]
    for app in apps:
        app.callback(OUTPUT, IN, api_endpoint="/ask")(lambda value, dash_app_id: f"{value} of {dash_app_id}")
    for app in apps:
        assert post_json(app, "ask", {"value": 1}).json() == f"1 of {app.slug}"


def test_two_apps_may_have_endpoints_of_the_same_path_by_dash_callback() -> None:
    apps = []
    for _ in range(2):
        apps.append(make())
        dash.callback(OUTPUT, IN, api_endpoint="/ask")(lambda value, dash_app_id: f"{value} of {dash_app_id}")
    for app in apps:
        assert post_json(app, "ask", {"value": 1}).json() == f"1 of {app.slug}"


# --- clientside functions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["app", "dash"])
def test_an_inline_clientside_function_is_on_the_page_and_known_to_the_renderer(how: str) -> None:
    app = make()
    register = app.clientside_callback if how == "app" else dash.clientside_callback
    register("function(v) { return v + '!'; }", OUTPUT, IN, prevent_initial_call=True)
    for _ in range(2):
        assert page(app).count("function(v) { return v + '!'; }") == 1
    spec = specs(app)["out.children"]
    assert spec["clientside_function"]["namespace"] == "_dashprivate_clientside_funcs"
    assert spec["clientside_function"]["function_name"] in page(app)
    assert spec["prevent_initial_call"] is True


@pytest.mark.parametrize("how", ["app", "dash"])
def test_a_clientside_function_of_the_assets_is_named(how: str) -> None:
    app = make()
    register = app.clientside_callback if how == "app" else dash.clientside_callback
    register(ClientsideFunction("shop", "total"), OUTPUT, IN)
    page(app)
    told = specs(app)["out.children"]["clientside_function"]
    assert told == {"namespace": "shop", "function_name": "total"}


def test_a_clientside_callback_cannot_be_called_on_the_server() -> None:
    app = make()
    app.clientside_callback("function(v) { return v; }", OUTPUT, IN)
    response = ask(app, body_of([dependency("in.value", 1)]))
    assert response.status_code == 404


# --- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "content"),
    [
        (lambda: dcc.send_bytes(b"\x00\xff", "a.bin"), b"\x00\xff"),
        (lambda: dcc.send_bytes(lambda file: file.write(b"written"), "a.bin"), b"written"),
        (lambda: dcc.send_string("größer", "a.txt"), "größer".encode()),
        (lambda: dcc.send_data_frame(pd.DataFrame({"x": [1]}).to_csv, "a.csv", index=False), b"x\n1\n"),
        (lambda: dcc.send_file(__file__), None),
    ],
)
def test_a_download_carries_its_content(payload: Any, content: bytes | None) -> None:
    app = make()
    app.callback(Output("get", "data"), IN)(lambda value: payload())
    body = body_of([dependency("in.value", 1)], output="get.data", outputs={"id": "get", "property": "data"})
    data = answer(app, body)["get"]["data"]
    raw = base64.b64decode(data["content"]) if data["base64"] else data["content"].encode()
    if content is None:
        assert data["filename"] == "test_features_callbacks.py"
        assert b"def test_a_download_carries_its_content" in raw
    else:
        assert raw == content


def upload(content: bytes) -> dict[str, Any]:
    return dependency("in.contents", "data:text/csv;base64," + base64.b64encode(content).decode())


def test_an_upload_arrives_with_its_name() -> None:
    app = make()

    @app.callback(OUTPUT, Input("in", "contents"), State("in", "filename"))
    def take(contents: str, filename: str) -> str:
        return f"{filename}: {base64.b64decode(contents.split(',')[1]).decode()}"

    body = body_of([upload(b"a,b\n1,2")], [dependency("in.filename", "t.csv")])
    assert answer(app, body) == {"out": {"children": "t.csv: a,b\n1,2"}}


def test_an_upload_larger_than_django_takes_is_refused_with_the_reason(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    app = make()
    app.callback(OUTPUT, Input("in", "contents"))(lambda contents: "taken")
    response = ask(app, body_of([upload(b"x" * 2000)]))
    assert response.status_code == 413
    assert "DATA_UPLOAD_MAX_MEMORY_SIZE" in response.json()["error"]


# --- values that the browser keeps ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "told"),
    [
        (
            lambda: dcc.Store(id="s", storage_type="session", data={"a": 1}),
            {"storage_type": "session", "data": {"a": 1}},
        ),
        (lambda: dcc.Location(id="s", refresh="callback-nav"), {"refresh": "callback-nav"}),
        (
            lambda: dcc.Input(id="s", value="v", persistence=True, persistence_type="local", persisted_props=["value"]),
            {"persistence": True, "persistence_type": "local", "persisted_props": ["value"], "value": "v"},
        ),
        (
            lambda: dash.dash_table.DataTable(id="s", data=[{"a": 1}], columns=[{"name": "A", "id": "a"}], page_size=5),
            {"data": [{"a": 1}], "columns": [{"name": "A", "id": "a"}], "page_size": 5},
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:\\s*The dash_table:DeprecationWarning")  # Dash's own, and it still has it
def test_components_reach_the_browser_with_their_properties(component: Any, told: dict[str, Any]) -> None:
    app = make()
    app.layout = html.Div(component())
    props = Client().get(url_of(app, "_dash-layout")).json()["props"]["children"]["props"]
    assert props == {"id": "s", **told}


async def test_a_callback_answers_on_an_event_loop_with_all_of_it() -> None:
    app = make(on_error=say)

    @app.callback(OUTPUT, IN)
    async def show(value: int, dash_app_id: str) -> Any:
        if value == 2:
            raise ValueError
        dash.set_props("side", {"title": dash.get_app().slug})
        return Patch()

    response = (await ask_async(app, body_of([dependency("in.value", 1)]))).json()
    assert response["sideUpdate"] == {"side": {"title": app.slug}}
    assert response["response"]["out"]["children"]["operations"] == []
    failed = (await ask_async(app, body_of([dependency("in.value", 2)]))).json()
    assert failed["response"]["out"]["children"].startswith("handled ValueError")


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_an_endpoint_answers_on_an_event_loop(colour: str) -> None:
    app = make()

    def show(value: int, dash_app_id: str) -> str:
        return f"{value} of {dash_app_id} by {dash.get_app().slug}"

    async def show_async(value: int, dash_app_id: str) -> str:
        return show(value, dash_app_id)

    app.callback(OUTPUT, IN, api_endpoint="/ask")(show if colour == "sync" else show_async)
    client = AsyncClient()
    response = await client.post(url_of(app, "ask"), '{"value": 1}', content_type="application/json")
    assert response.json() == f"1 of {app.slug} by {app.slug}"
    refused = await client.post(url_of(app, "ask"), '{"no": 1}', content_type="application/json")
    assert refused.status_code == 400


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_prevent_update_and_set_props_alone_on_an_event_loop(colour: str) -> None:
    app = make()

    def show(value: int) -> None:
        ctx.response.set_cookie("seen", "yes")
        if value == 1:
            raise dash.exceptions.PreventUpdate
        dash.set_props("out", {"children": value})

    async def show_async(value: int) -> None:
        show(value)

    app.callback(IN)(show if colour == "sync" else show_async)
    (output,) = app.callback_map
    prevented = await ask_async(app, body_of([dependency("in.value", 1)], output=output, outputs=[]))
    assert (prevented.status_code, prevented.content, prevented.cookies["seen"].value) == (204, b"", "yes")
    shown = await ask_async(app, body_of([dependency("in.value", 2)], output=output, outputs=[]))
    assert shown.json()["sideUpdate"] == {"out": {"children": 2}}
