"""``dash.ctx`` and the injected ``callback_context``: each attribute, sync and async, under WSGI and ASGI."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import dash
import pytest
from dash import Input, Output, State, ctx, html
from dash._callback_context import CallbackContext as DashContext
from django.test import AsyncClient, Client

from django_plotly_dash import DjangoDash

from .feature_apps import ask, ask_async, body_of, dependency, new_name, out, url_of

Read = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def _hooks() -> Iterator[None]:
    kept = list(dash.hooks._ns["custom_data"])
    yield
    dash.hooks._ns["custom_data"] = kept


def app_that_reads(read: Read, through: str, colour: str, **kwargs: Any) -> DjangoDash:
    """An app whose callback returns what ``read`` finds in the context."""
    app = DjangoDash(new_name(), **{"dev_tools": False, **kwargs})
    app.layout = html.Div(id="out")

    def show(first: Any, second: Any, kept: Any, callback_context: Any) -> Any:
        return read(ctx if through == "dash.ctx" else callback_context)

    async def show_async(first: Any, second: Any, kept: Any, callback_context: Any) -> Any:
        return show(first, second, kept, callback_context)

    app.callback(Output("out", "children"), Input("in", "value"), Input("second", "n_clicks"), State("kept", "data"))(
        show if colour == "sync" else show_async
    )
    return app


def body(**kwargs: Any) -> dict[str, Any]:
    return body_of(
        [dependency("in.value", 1), dependency("second.n_clicks", 2)], [dependency("kept.data", 3)], **kwargs
    )


READS: dict[str, tuple[Read, Any]] = {
    "inputs": (lambda c: c.inputs, {"in.value": 1, "second.n_clicks": 2}),
    "states": (lambda c: c.states, {"kept.data": 3}),
    "triggered": (lambda c: c.triggered, [{"prop_id": "second.n_clicks", "value": 2}]),
    "triggered_id": (lambda c: c.triggered_id, "second"),
    "triggered_prop_ids": (lambda c: c.triggered_prop_ids, {"second.n_clicks": "second"}),
    "inputs_list": (
        lambda c: c.inputs_list,
        [{"id": "in", "property": "value", "value": 1}, {"id": "second", "property": "n_clicks", "value": 2}],
    ),
    "states_list": (lambda c: c.states_list, [{"id": "kept", "property": "data", "value": 3}]),
    "outputs_list": (lambda c: c.outputs_list, {"id": "out", "property": "children"}),
    "args_grouping": (
        lambda c: [(part["id"], part["value"], part["triggered"]) for part in c.args_grouping],
        [["in", 1, False], ["second", 2, True], ["kept", 3, False]],
    ),
    "outputs_grouping": (lambda c: c.outputs_grouping, {"id": "out", "property": "children"}),
    "using_args_grouping": (lambda c: c.using_args_grouping, False),
    "using_outputs_grouping": (lambda c: c.using_outputs_grouping, False),
    "cookies": (lambda c: c.cookies["flavour"], "oat"),
    "headers": (lambda c: c.headers["X-Told"], "yes"),
    "path": (lambda c: c.path.split("/")[-1], "_dash-update-component?colour=red&colour=blue"),
    "args": (lambda c: [c.args["colour"], c.args.getlist("colour")], ["blue", ["red", "blue"]]),
    "remote": (lambda c: c.remote, "127.0.0.1"),
    "origin": (lambda c: c.origin, "http://testserver"),
    "custom_data": (lambda c: c.custom_data.told, "by the hook for in.value"),
    "websocket": (lambda c: c.websocket is None, True),
    "response": (lambda c: c.response.set_cookie("seen", "yes", max_age=60), None),
    "set_props": (lambda c: c.set_props("side", {"title": "set"}), None),
    "record_timing": (lambda c: c.record_timing("query", 0.25, "the table"), None),
    "timing_information": (lambda c: sorted(c.timing_information), ["__dash_server"]),
}


def test_every_attribute_of_dashs_context_is_read_here() -> None:
    public = {name for name in vars(DashContext) if not name.startswith("_")}
    assert public - set(READS) == set()


QUERY = "?colour=red&colour=blue"
HEADERS = {"X-Told": "yes", "Origin": "http://testserver"}


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("through", ["dash.ctx", "callback_context"])
@pytest.mark.parametrize("name", READS)
async def test_an_attribute_of_the_context(name: str, through: str, colour: str, server: str) -> None:
    dash.hooks.custom_data("told")(lambda context: f"by the hook for {next(iter(context.input_values))}")
    read, expected = READS[name]
    app = app_that_reads(read, through, colour, dev_tools="timing" in name)
    asked = body(changed=["second.n_clicks"])
    if server == "asgi":
        client = AsyncClient()
        client.cookies["flavour"] = "oat"
        response = await ask_async(app, asked, client, query=QUERY, headers=HEADERS, REMOTE_ADDR="127.0.0.1")
    else:
        response = await _in_a_thread(app, asked)
    assert response.status_code == 200, response.content
    answer = json.loads(response.content)
    assert answer["response"] == {"out": {"children": expected}}
    assert ("seen" in response.cookies) is (name == "response")
    assert answer.get("sideUpdate") == ({"side": {"title": "set"}} if name == "set_props" else None)
    assert ('query;desc="the table";dur=250' in response.get("Server-Timing", "")) is (name == "record_timing")


async def _in_a_thread(app: DjangoDash, asked: dict[str, Any]) -> Any:
    """The answer of the WSGI handler, which wants a thread without an event loop."""
    found: list[Any] = []

    def run() -> None:
        client = Client()
        client.cookies["flavour"] = "oat"
        found.append(ask(app, asked, client, query=QUERY, headers=HEADERS))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("through", ["dash.ctx", "callback_context"])
def test_nothing_has_triggered_the_first_call(through: str) -> None:
    app = app_that_reads(lambda c: [bool(c.triggered), c.triggered[0], c.triggered_id], through, "sync")
    response = ask(app, body(changed=[]))
    assert response.json()["response"]["out"]["children"] == [False, {"prop_id": ".", "value": None}, None]


@pytest.mark.parametrize("through", ["dash.ctx", "callback_context"])
def test_groupings_have_their_names(through: str) -> None:
    app = DjangoDash(new_name(), dev_tools=False)
    app.layout = html.Div(id="out")

    @app.callback(
        output={"shown": Output("out", "children")},
        inputs={"a": Input("in", "value")},
        state={"b": State("b", "value")},
    )
    def show(a: int, b: int, callback_context: Any) -> dict[str, Any]:
        c = ctx if through == "dash.ctx" else callback_context
        grouping = c.args_grouping
        return {
            "shown": [
                grouping.a.value,
                grouping["b"]["value"],
                grouping.a.triggered,
                c.outputs_grouping["shown"]["id"],
                c.using_args_grouping,
                c.using_outputs_grouping,
            ]
        }

    outputs = [{"id": "out", "property": "children"}]
    asked = body_of([dependency("in.value", 1)], [dependency("b.value", 2)], outputs, "..out.children..")
    shown = ask(app, asked).json()["response"]["out"]["children"]
    assert shown == [1, 2, True, "out", True, True]


@pytest.mark.parametrize("through", ["dash.ctx", "callback_context"])
def test_lists_of_groupings_warn_as_in_dash(through: str) -> None:
    app = DjangoDash(new_name(), dev_tools=False)

    @app.callback(output=Output("out", "children"), inputs={"a": Input("in", "value")})
    def show(a: int, callback_context: Any) -> Any:
        with pytest.warns(DeprecationWarning, match="use args_grouping instead"):
            return (ctx if through == "dash.ctx" else callback_context).inputs_list[0]["id"]

    app.layout = html.Div(id="out")
    assert out(app) == "in"


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_cookie_is_set_with_its_attributes(colour: str) -> None:
    def set_it(c: Any) -> None:
        c.response.set_cookie("seen", "yes", max_age=60, httponly=True, samesite="Lax", path="/dash/")
        c.response.set_header("X-Answer", "42")

    response = ask(app_that_reads(set_it, "dash.ctx", colour), body())
    cookie = response.cookies["seen"]
    assert (cookie.value, cookie["max-age"], cookie["httponly"], cookie["path"]) == ("yes", 60, True, "/dash/")
    assert response["X-Answer"] == "42"


def test_the_injected_context_is_right_in_another_thread_and_later() -> None:
    kept: list[Any] = []
    app = app_that_reads(kept.append, "callback_context", "sync")
    ask(app, body(changed=["in.value"]), query="?number=1")
    ask(app, body(changed=["second.n_clicks"]), query="?number=2")
    seen: dict[int, Any] = {}

    def read(number: int) -> None:
        seen[number] = (kept[number].triggered_id, kept[number].args["number"], kept[number].inputs["in.value"])

    threads = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {0: ("in", "1", 1), 1: ("second", "2", 1)}


def test_outside_of_a_callback_dash_says_so() -> None:
    app = app_that_reads(lambda c: None, "dash.ctx", "sync")
    ask(app, body())
    with pytest.raises(dash.exceptions.MissingCallbackContextException):
        _ = ctx.triggered_id


def test_a_layout_function_of_the_next_request_sees_no_context_of_the_last_callback() -> None:
    app = app_that_reads(lambda c: None, "dash.ctx", "sync")
    seen: list[bool] = []

    def layout() -> Any:
        try:
            seen.append(bool(ctx.triggered_id))
        except dash.exceptions.MissingCallbackContextException:
            seen.append(False)
        return html.Div(id="out")

    app.layout = layout
    client = Client()
    ask(app, body(), client)
    client.get(url_of(app, "_dash-layout"))
    assert seen == [False, False]


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_timing_of_a_name_that_is_taken_raises_as_in_dash(colour: str) -> None:
    def twice(c: Any) -> str:
        c.record_timing("query", 1)
        with pytest.raises(KeyError, match="Duplicate resource name"):
            c.record_timing("query", 1)
        return "refused"

    response = ask(app_that_reads(twice, "dash.ctx", colour), body())
    assert response.json()["response"]["out"]["children"] == "refused"
