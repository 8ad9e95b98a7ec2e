"""Websocket callbacks: what Dash's renderer says and hears; each message is a request through the whole site."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import textwrap
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from dash import Dash, Input, Output, Patch, State, ctx, dcc, hooks, html, no_update, set_props
from dash.exceptions import PreventUpdate
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path
from django.utils import timezone, translation
from django.utils.decorators import async_only_middleware
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext_lazy

from django_plotly_dash import DjangoDash, routing
from django_plotly_dash.backend import callbacks, websocket
from django_plotly_dash.models import DashApp, StatelessApp
from django_plotly_dash.threads import let_go_of_thread
from django_plotly_dash.websocket_callbacks import pages, socket

from .helpers import call, callback_body
from .site_urls import mount, urls_made_again
from .websockets import ORIGIN, Page, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
]
URL = "/dash/app/live/"
needs_max_workers = pytest.mark.skipif(
    "websocket_max_workers" not in inspect.signature(Dash.__init__).parameters,
    reason="this Dash has no argument websocket_max_workers",
)


def live(**kwargs: Any) -> DjangoDash:
    app = DjangoDash("Live", **kwargs)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out"), html.Div(id="other")])

    @app.callback(Output("out", "children"), Input("in", "value"), websocket=True)
    def shout(value: str) -> str:
        return value.upper()

    return app


def on(app: DjangoDash, *more: Any, **kwargs: Any) -> Callable[[Any], Any]:
    """Register a websocket callback from ``in`` to ``out`` of an app that has none."""
    return app.callback(Output("out", "children"), Input("in", "value"), *more, websocket=True, **kwargs)


def bare(**kwargs: Any) -> DjangoDash:
    app = DjangoDash("Live", **kwargs)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out"), html.Div(id="other")])
    return app


async def logged_in(name: str = "ada", client: AsyncClient | None = None) -> tuple[AsyncClient, dict[str, str]]:
    """A client with a session of a user, and its cookies."""
    client = client or AsyncClient()
    user = (await User.objects.aget_or_create(username=name))[0]
    await client.aforce_login(user)
    return client, {key: morsel.value for key, morsel in client.cookies.items()}


# --- answers ----------------------------------------------------------------------------------------------------


async def test_a_synchronous_callback_answers_in_a_thread_of_its_own() -> None:
    app = bare()

    @on(app)
    def shout(value: str) -> str:
        return f"{value.upper()} {threading.current_thread() is threading.main_thread()}"

    async with Page(URL) as page:
        assert await page.result(app, "out.children", "abc") == "ABC False"


async def test_an_asynchronous_callback_answers_on_the_loop() -> None:
    app, loop = bare(), asyncio.get_running_loop()

    @on(app)
    async def shout(value: str) -> str:
        await asyncio.sleep(0)
        return f"{value.upper()} {asyncio.get_running_loop() is loop}"

    async with Page(URL) as page:
        assert await page.result(app, "out.children", "abc") == "ABC True"


async def test_prevent_update_no_update_several_outputs_and_patches() -> None:
    app = bare()

    @app.callback(
        Output("out", "children"), Output("other", "children"), Input("in", "value"), State("in", "id"), websocket=True
    )
    def several(value: str, own: str) -> Any:
        if value == "nothing":
            raise PreventUpdate
        changed = Patch()
        changed.append(value)
        return no_update, changed if value == "patch" else [value, own]

    output = "..out.children...other.children.."
    async with Page(URL) as page:
        assert await page.call(app, output, "nothing", "in") == {"status": "prevent_update"}
        payload = await page.call(app, output, "x", "in")
        assert payload["data"]["response"] == {"other": {"children": ["x", "in"]}}
        payload = await page.call(app, output, "patch", "in")
        patch = payload["data"]["response"]["other"]["children"]
        assert patch["operations"] == [{"operation": "Append", "location": [], "params": {"value": "patch"}}]


async def test_values_are_the_json_of_callbacks_over_http() -> None:
    app = bare()

    @on(app)
    def shout(value: str) -> Any:
        set_props("other", {"children": gettext_lazy("Yes"), "title": app.get_asset_url("logo.svg")})
        return [gettext_lazy("No"), app.get_asset_url("logo.svg"), html.B("x")]

    async with Page(URL) as page:
        request = await page.start(app, "out.children", "x")
        assert [await page.value(), await page.value()] == [
            ("other", "children", "Yes"),
            ("other", "title", f"{URL}assets/logo.svg"),
        ]
        children = (await page.response(request))["data"]["response"]["out"]["children"]
        assert children[:2] == ["No", f"{URL}assets/logo.svg"]
        assert children[2]["props"] == {"children": "x"}


async def test_a_failed_callback_says_as_much_as_over_http(caplog: pytest.LogCaptureFixture) -> None:
    app = bare()

    @on(app)
    def fail(value: str) -> str:
        raise ValueError("a secret")

    async with Page(URL) as page:
        assert await page.call(app, "out.children", "x") == {
            "status": "error",
            "message": "The server could not answer.",
        }
        app.enable_dev_tools(debug=True)
        message = (await page.call(app, "out.children", "x"))["message"]
        assert message.startswith("ValueError: a secret")
        assert 'in fail\n    raise ValueError("a secret")' in message
        assert "_callback.py" not in message
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in errors] == [f"Error in a Dash app: {URL}_dash-update-component"] * 2
    assert errors[0].exc_info is not None


async def test_on_error_answers_in_the_place_of_a_callback() -> None:
    app = bare()

    def handle(error: Exception) -> str:
        set_props("other", {"children": f"{error}"})
        return "handled"

    @on(app, on_error=handle)
    async def fail(value: str) -> str:
        raise ValueError("it fails")

    async with Page(URL) as page:
        request = await page.start(app, "out.children", "x")
        assert await page.value() == ("other", "children", "it fails")
        assert (await page.response(request))["data"]["response"] == {"out": {"children": "handled"}}


async def test_messages_are_checked_as_bodies_over_http_are() -> None:
    app = live()

    @app.callback(Output("other", "children"), Input("in", "value"))
    def plain(value: str) -> str:
        return value

    async with Page(URL) as page:
        unknown = await page.response(await page.start_body({"output": "no.such"}))
        assert unknown["message"].startswith("This app has no such callback.")
        wrong = await page.response(await page.start_body({**callback_body(app, "out.children", "x"), "inputs": []}))
        assert wrong["message"] == "'inputs' has to be a list of 1 items, as the callback was defined."
        other = await page.call(app, "other.children", "x")
        assert other["message"].startswith("This callback goes over HTTP")
        assert await page.result(app, "out.children", "still there") == "STILL THERE"


@pytest.mark.parametrize(
    "text",
    ["no json", "[]", '{"type":"unknown"}', '{"type":"callback_request"}', '{"type":"callback_request","payload":1}'],
)
async def test_what_no_renderer_says_ends_the_socket(text: str, caplog: pytest.LogCaptureFixture) -> None:
    live()
    async with Page(URL) as page:
        await page.say(text)
        assert await page.closed() == (socket.BAD_MESSAGE, "A message was not one of Dash's renderer.")
    assert "was closed (4400)" in caplog.text


async def test_bytes_end_the_socket() -> None:
    live()
    async with Page(URL) as page:
        await page.socket.send_to(bytes_data=b"{}")
        assert (await page.closed())[0] == socket.BAD_MESSAGE


async def test_messages_are_as_long_as_bodies_may_be(settings: Any) -> None:
    app = live()
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    async with Page(URL) as page:
        assert await page.result(app, "out.children", "x" * 100) == "X" * 100
        await page.start(app, "out.children", "x" * 1000)
        assert (await page.closed())[0] == socket.TOO_LARGE


async def test_no_more_callbacks_than_allowed_are_under_way(settings: Any) -> None:
    settings.PLOTLY_DASH = {"websocket_max_callbacks": 2}
    app, go = bare(), asyncio.Event()

    @on(app)
    async def wait(value: str) -> str:
        await go.wait()
        return value

    async with Page(URL) as page:
        for value in "abc":
            await page.start(app, "out.children", value)
        assert await page.closed() == (socket.TOO_MANY, "2 callbacks are under way on one websocket.")


# --- streaming --------------------------------------------------------------------------------------------------


async def test_set_props_streams_while_the_callback_runs() -> None:
    app, go = bare(), asyncio.Event()

    @on(app)
    async def stream(value: str) -> str:
        set_props("other", {"children": "begun"})
        await go.wait()
        await ctx.websocket.set_prop({"b": 1, "a": "x"}, "children", "went on")
        return "done"

    async with Page(URL) as page:
        request = await page.start(app, "out.children", "x")
        assert await page.value() == ("other", "children", "begun")
        go.set()
        assert await page.value() == ('{"a":"x","b":1}', "children", "went on")
        assert (await page.response(request))["status"] == "ok"


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_get_prop_asks_the_page(colour: str) -> None:
    app = bare()

    @on(app)
    async def ask(value: str) -> str:
        return f"{await ctx.websocket.get_prop('other', 'title')}!"

    @app.callback(Output("other", "children"), Input("in", "value"), websocket=True)
    def ask_in_thread(value: str) -> str:
        return f"{asyncio.run(ctx.websocket.get_prop('other', 'title'))}!"

    async with Page(URL) as page:
        output = "out.children" if colour == "async" else "other.children"
        request = await page.start(app, output, "x")
        question = await page.hears("get_props_request")
        assert question["payload"] == {"componentId": "other", "properties": ["title"]}
        await page.say(
            {
                "type": "get_props_response",
                "rendererId": page.renderer_id,
                "requestId": question["requestId"],
                "payload": {"title": "It"},
            }
        )
        response = (await page.response(request))["data"]["response"]
        assert response == {output.split(".")[0]: {"children": "It!"}}


async def test_get_prop_does_not_wait_for_ever() -> None:
    app = bare()

    @on(app)
    async def ask(value: str) -> str:
        try:
            return str(await ctx.websocket.get_prop("other", "title", timeout=0.01))
        except TimeoutError as error:
            return str(error)

    async with Page(URL) as page:
        said = await page.result(app, "out.children", "x")
        assert said == "The page has not told other.title in 0.01 seconds."


async def test_a_heartbeat_is_answered() -> None:
    live()
    async with Page(URL) as page:
        await page.say({"type": "heartbeat"})
        assert await page.hears("heartbeat_ack") == {"type": "heartbeat_ack"}


async def test_values_that_come_together_travel_together() -> None:
    app = bare(websocket_batch_delay=0.2)

    @on(app)
    async def stream(value: str) -> str:
        for number in range(5):
            set_props(f"cell-{number}", {"children": number})
        return "done"

    async with Page(URL) as page:
        await page.start(app, "out.children", "x")
        messages = json.loads((await page.socket.receive_output(20))["text"])
        assert [message["type"] for message in messages] == ["set_props"] * 5 + ["callback_response"]


async def test_without_a_batch_delay_nothing_waits_for_company() -> None:
    app = bare(websocket_batch_delay=0)

    @on(app)
    async def stream(value: str) -> str:
        set_props("cell", {"children": 1})
        await asyncio.sleep(0.05)
        set_props("cell", {"children": 2})
        return "done"

    async with Page(URL) as page:
        await page.start(app, "out.children", "x")
        assert json.loads((await page.socket.receive_output(20))["text"])["payload"]["props"] == {"children": 1}


async def test_a_page_that_goes_ends_its_persistent_callbacks(caplog: pytest.LogCaptureFixture) -> None:
    app, ended = bare(), []

    @app.callback(websocket=True, persistent=True)
    async def stream() -> None:
        try:
            while True:
                set_props("out", {"children": "tick"})
                await asyncio.sleep(0.01)
        finally:
            ended.append("coroutine")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # newer releases of Dash warn of what comes

        @app.callback(
            Input("in", "value"), websocket=True, persistent=True, on_error=lambda error: ended.append("error")
        )
        def stream_in_thread(value: str) -> None:
            websocket = ctx.websocket
            try:
                while True:
                    set_props("other", {"children": "tock"})
                    time.sleep(0.01)
            finally:
                ended.append(f"thread {websocket.is_shutdown}")

    async with Page(URL) as page:
        for output in app.callback_map:
            await page.start(app, output, *(["x"] if app.callback_map[output]["inputs"] else []))
        heard = {(await page.value())[2] for _ in range(30)}
        assert heard == {"tick", "tock"}
        assert not ended
    await until(lambda: len(ended) == 2)
    assert sorted(ended) == ["coroutine", "thread True"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_page_that_goes_while_its_callback_is_prepared_does_not_begin_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, began, prepared, goes_on = bare(), [], asyncio.Event(), asyncio.Event()
    ended: list[type[BaseException]] = []

    async def preparing() -> None:
        await let_go_of_thread()
        prepared.set()
        await goes_on.wait()

    original = callbacks._awaited

    async def noted(*arguments: Any) -> Any:
        try:
            return await original(*arguments)
        except BaseException as error:
            ended.append(type(error))
            raise

    monkeypatch.setattr(callbacks, "let_go_of_thread", preparing)
    monkeypatch.setattr(callbacks, "_awaited", noted)

    @app.callback(websocket=True, persistent=True)
    async def stream() -> None:
        began.append(True)
        await asyncio.sleep(3600)

    async with Page(URL) as page:
        await page.start(app, next(iter(app.callback_map)))
        await asyncio.wait_for(prepared.wait(), 20)
    goes_on.set()
    await until(lambda: ended)
    assert (ended, began) == ([websocket.BrowserGoneError], [])


async def test_get_prop_ends_with_the_page() -> None:
    app, ended = bare(), []

    @on(app)
    async def ask(value: str) -> str:
        try:
            return await ctx.websocket.get_prop("other", "title")
        except BaseException as error:
            ended.append(type(error))
            raise

    async with Page(URL) as page:
        await page.start(app, "out.children", "x")
        await page.hears("get_props_request")
    await until(lambda: ended)


async def test_a_callback_that_streams_holds_no_thread() -> None:
    app, before = bare(), set(threading.enumerate())

    @app.callback(websocket=True, persistent=True)
    async def stream(request: HttpRequest) -> None:
        set_props("out", {"children": "tick"})
        await asyncio.sleep(60)

    async with Page(URL) as page:
        for _ in range(5):
            await page.start(app, next(iter(app.callback_map)))
        for _ in range(5):
            await page.value()
        # Channels' own middleware has one for all sockets.
        await until(lambda: len(set(threading.enumerate()) - before) <= 1)


# --- who asks ---------------------------------------------------------------------------------------------------


async def test_extras_and_context_are_those_of_http(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware", f"{__name__}.in_lagos"]
    app = bare()

    @on(app)
    async def tell(
        value: str,
        request: HttpRequest,
        user: User,
        session_state: dict[str, Any],
        dash_app: DjangoDash,
        dash_app_id: str,
        callback_context: Any,
    ) -> Any:
        session_state["count"] = session_state.get("count", 0) + 1
        return [
            request.method,
            request.path,
            request.get_host(),
            json.loads(request.body)["output"],
            user.username,
            session_state["count"],
            dash_app is app,
            dash_app_id,
            callback_context.triggered_id,
            ctx.cookies["seen"],
            ctx.headers["X-Of-Page"],
            ctx.path,
            translation.get_language(),
            get_current_timezone_name(),
            request.resolver_match.kwargs["ident"],
            app.get_relative_path("/x"),
        ]

    client, cookies = await logged_in()
    headers = {"x-of-page": "yes", "accept-language": "de"}
    async with Page(URL, cookies={**cookies, "seen": "it"}, headers=headers) as page:
        for count in (1, 2):
            told = await page.result(app, "out.children", "x")
            where = f"{URL}_dash-update-component"
            assert told == [
                *["POST", where, "testserver", "out.children", "ada", count, True, "live", "in", "it", "yes", where],
                *["de", "Africa/Lagos", "live", f"{URL}x"],
            ]
    session = await sync_to_async(lambda: client.session["django_plotly_dash"])()
    assert session == {"count": 2}


def in_lagos(get_response: Any) -> Any:
    """Middleware as sites write it, which knows nothing of coroutines."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with timezone.override("Africa/Lagos"):
            return get_response(request)

    return middleware


async def test_a_session_that_the_browser_cannot_get_is_an_error() -> None:
    app = bare()

    @on(app)
    def count(value: str, session_state: dict[str, Any], request: HttpRequest) -> str:
        if value == "own":
            request.session["own"] = 1
        else:
            session_state["count"] = 1
        return "saved"

    app.enable_dev_tools(debug=True)
    async with Page(URL) as page:
        assert "only an answer over HTTP can give it one" in (await page.call(app, "out.children", "x"))["message"]
        assert (await page.call(app, "out.children", "own"))["message"].startswith("The callback has begun a session")


async def test_a_page_opens_the_session_that_its_callbacks_change(async_client: AsyncClient) -> None:
    app = bare()

    @on(app)
    def count(value: str, session_state: dict[str, Any]) -> str:
        session_state["count"] = session_state.get("count", 0) + 1
        return str(session_state["count"])

    response = await async_client.get(URL)
    cookies = {key: morsel.value for key, morsel in response.cookies.items()}
    assert django_settings.SESSION_COOKIE_NAME in cookies
    async with Page(URL, cookies=cookies) as page:
        assert [await page.result(app, "out.children", "x") for _ in range(2)] == ["1", "2"]


@pytest.mark.parametrize("method", ["set_cookie", "set_header", "append_header"])
async def test_what_only_a_response_can_carry_is_an_error(method: str) -> None:
    app = bare()

    @on(app)
    def answer(value: str) -> str:
        getattr(ctx.response, method)("name", "value")
        return value

    app.enable_dev_tools(debug=True)
    async with Page(URL) as page:
        message = (await page.call(app, "out.children", "x"))["message"]
        assert "its answer can carry no cookies or headers" in message


async def test_a_saved_instance_answers_with_its_row() -> None:
    app = bare()
    stateless = await StatelessApp.objects.acreate(app_name="Live", slug="live")
    await DashApp.objects.acreate(stateless_app=stateless, instance_name="One", slug="one")

    @on(app)
    def tell(value: str, dash_app: DashApp, dash_app_id: str) -> str:
        return f"{dash_app.instance_name} {dash_app_id}"

    async with Page("/dash/instance/one/") as page:
        assert await page.result(app, "out.children", "x") == "One one"


async def saved_instance(app: DjangoDash, **state: Any) -> Callable[[], Any]:
    """Make an instance that saves on change; gives what asks for the children that are saved."""
    tracked = {key: {"children": value} for key, value in state.items()}
    row = await DashApp.objects.acreate_for(app, "One", state=tracked, save_on_change=True)

    def stored() -> dict[str, Any]:
        found = DashApp.objects.get(pk=row.pk).current_state()
        return {key: values["children"] for key, values in found.items()}

    return sync_to_async(stored)


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_what_is_streamed_to_a_saved_instance_is_saved(colour: str) -> None:
    app = bare()

    def stream(value: str) -> str:
        patch = Patch()
        set_props("out", {"children": "passing"})
        set_props("other", {"children": [1], "title": "not tracked"})
        patch.append(app.get_relative_path("/x"))
        ctx.websocket.set_prop_sync("other", "children", patch)
        if value == "raise":
            raise ValueError("as the test wants it")
        return "done"

    async def stream_async(value: str) -> str:
        return stream(value)

    on(app)(stream if colour == "sync" else stream_async)
    stored = await saved_instance(app, out="", other="")
    async with Page("/dash/instance/one/") as page:
        assert (await page.call(app, "out.children", "raise"))["status"] == "error"
        assert await stored() == {"out": "", "other": ""}
        assert await page.result(app, "out.children", "x") == "done"
        assert await stored() == {"out": "done", "other": [1, "/~dpd~live~/x"]}


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_what_was_streamed_is_saved_when_the_page_goes(colour: str) -> None:
    app = bare()

    if colour == "sync":

        @on(app, persistent=True)
        def stream(value: str) -> str:
            for number in range(10_000):
                set_props("other", {"children": f"tick {number}"})
                time.sleep(0.01)
            return "never"

    else:

        @on(app, persistent=True)
        async def stream_async(value: str) -> str:
            set_props("other", {"children": "tick 0"})
            await asyncio.sleep(600)
            return "never"

    stored = await saved_instance(app, out="", other="")
    async with Page("/dash/instance/one/") as page:
        await page.start(app, "out.children", "x")
        await page.value()
        assert await stored() == {"out": "", "other": ""}
    end = time.monotonic() + 60
    while not (now := await stored())["other"]:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    assert now["out"] == ""
    assert now["other"].startswith("tick ")


@pytest.mark.parametrize("where", ["app", "instance"])
async def test_what_a_page_hands_over_reaches_callbacks(where: str) -> None:
    app = bare()
    await StatelessApp.objects.acreate(app_name="Live", slug="live")
    base = await StatelessApp.objects.aget()
    state = json.dumps({"out": {"children": "before"}})
    row = await DashApp.objects.acreate(
        stateless_app=base, instance_name="One", slug="one", save_on_change=True, base_state=state
    )
    given = {"year": 2007, "places": ["Oslo"]}

    @on(app)
    def tell(value: str, params: Any) -> list[Any]:
        return [value, params["year"], list(params["places"])]

    url = app.get_absolute_url(given, instance=row if where == "instance" else None, share=True)
    assert f"/{where}/" in url
    assert "/initial/" in url
    async with Page(url) as page:
        assert await page.result(app, "out.children", "x") == ["x", 2007, ["Oslo"]]
        # They are this page's, and no other's.
        async with Page("/dash/app/live/") as other:
            assert (await other.call(app, "out.children", "x"))["status"] == "error"
        assert await page.result(app, "out.children", "y") == ["y", 2007, ["Oslo"]]
    broken = url.replace("/initial/", "/initial/x")
    code, reason = await Page(broken).refused()
    assert code == socket.REFUSED
    assert "400" in reason
    # What callbacks change in a saved instance is saved as over HTTP.
    if where == "instance":
        await row.arefresh_from_db()
        assert "Oslo" in row.base_state, row.base_state


@pytest.mark.parametrize("root_path", ["", "/sub"])
async def test_a_socket_is_where_the_urlconf_has_the_app(settings: Any, root_path: str) -> None:
    app = bare()
    token = app.get_absolute_url({"year": 2007}, share=True).partition("/initial/")[2]
    mount(settings, path("a/<slug:team>/", include(urls_made_again())))

    @on(app)
    def tell(value: str, request: HttpRequest) -> list[str]:
        return [app.get_relative_path("/"), request.resolver_match.kwargs["team"]]

    for local in ("/a/blue/app/live/", f"/a/blue/app/live/initial/{token}"):
        async with Page(f"{root_path}{local}", root_path=root_path) as page:
            assert await page.result(app, "out.children", "x") == [f"{root_path}{local}", "blue"]
    assert (await Page(f"{root_path}/b/app/live/", root_path=root_path).refused())[0] == socket.REFUSED


async def test_our_urls_may_be_the_whole_urlconf(settings: Any) -> None:
    settings.ROOT_URLCONF = "django_plotly_dash.urls"
    app = live()
    async with Page("/app/live/") as page:
        assert await page.result(app, "out.children", "x") == "X"


async def test_an_asgi_application_of_ones_own_routes_sockets() -> None:
    app = live()
    async with Page(URL, asgi=URLRouter(routing.websocket_urlpatterns)) as page:
        assert await page.result(app, "out.children", "x") == "X"


# --- who may ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "https://testserver", "null"])
async def test_another_origin_is_refused_before_the_socket_is_open(
    origin: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    live(websocket_allowed_origins=["https://friend.example"])
    assert await Page(URL, origin=origin).refused() == (socket.REFUSED, "not accepted")
    assert "its Origin is" in caplog.text


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "https://friend.example", ORIGIN])
@pytest.mark.parametrize("url", ["/api/x/", "/api/update-component/"])
async def test_a_view_of_the_sites_own_is_never_called(settings: Any, origin: str | None, url: str) -> None:
    """Whatever path a page gives: only our own view of callbacks goes without a CSRF token."""
    live(websocket_allowed_origins=["https://friend.example"])
    called: list[str] = []

    def own(request: HttpRequest, path: str = "") -> HttpResponse:
        called.append(f"{request.method} {request.path}")
        return HttpResponse("done")

    mount(
        settings,
        path("api/update-component/_dash-update-component", own, name="update-component"),
        path("api/<path:path>", own),
        path("dash/", include("django_plotly_dash.urls")),
    )
    code, _ = await Page(url, origin=origin).refused()
    assert (code, called) == (socket.REFUSED, [])


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example"])
async def test_no_middleware_runs_for_a_page_of_another_site(settings: Any, origin: str | None) -> None:
    live()
    seen.clear()
    settings.MIDDLEWARE = [f"{__name__}.seeing", *settings.MIDDLEWARE]
    assert await Page(URL, origin=origin).refused() == (socket.REFUSED, "not accepted")
    assert seen == []
    assert (await Page("/dash/app/no-such/").refused())[0] == socket.REFUSED
    assert seen


seen: list[str] = []


@async_only_middleware
def seeing(get_response: Any) -> Any:
    """A middleware that notes what it sees."""

    async def middleware(request: HttpRequest) -> HttpResponse:
        seen.append(request.path)
        return await get_response(request)

    return middleware


@pytest.mark.parametrize("origin", ["https://friend.example", "https://trusted.example"])
async def test_origins_that_an_app_trusts_hold_for_its_saved_instances(settings: Any, origin: str) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
    app = live(websocket_allowed_origins=["https://friend.example"])
    stateless = await StatelessApp.objects.acreate(app_name=app.app_name)
    await DashApp.objects.acreate(stateless_app=stateless, instance_name="one", slug="one")
    async with Page("/dash/instance/one/", origin=origin) as page:
        assert await page.result(app, "out.children", "x") == "X"


@pytest.mark.parametrize("origin", ["https://friend.example", "https://trusted.example"])
async def test_origins_that_the_app_or_the_site_trusts_are_let_in(settings: Any, origin: str) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
    app = live(websocket_allowed_origins=["https://friend.example"])
    async with Page(URL, origin=origin) as page:
        assert await page.result(app, "out.children", "x") == "X"


def guarded(view: Any, **kwargs: str) -> Any:
    """A site's policy: users who have a flag, and only for callbacks."""

    def wrapper(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        asked.append((kwargs["name"], request.method or "", request.path))
        if kwargs["name"] == "update-component" and not request.user.is_staff:
            return HttpResponse("no", status=403)
        return view(request, *args, **more)

    return wrapper


asked: list[tuple[str, str, str]] = []


@pytest.fixture
def closed_site(settings: Any) -> None:
    settings.PLOTLY_DASH = {"view_decorator": guarded, "websocket_recheck_seconds": 1}
    mount(settings, path("dash/", include(urls_made_again())))
    asked.clear()


@pytest.mark.usefixtures("closed_site")
async def test_the_policy_of_callbacks_lets_sockets_in() -> None:
    app = live()
    _, cookies = await logged_in()
    assert await Page(URL, cookies=cookies).refused() == (socket.REFUSED, "You may not call this app's callbacks.")
    assert asked == [("update-component", "POST", f"{URL}_dash-update-component")]
    await User.objects.filter(username="ada").aupdate(is_staff=True)
    async with Page(URL, cookies=cookies) as page:
        assert await page.result(app, "out.children", "x") == "X"


async def test_login_required_sends_nobody_to_a_login_page(settings: Any) -> None:
    settings.PLOTLY_DASH = {"view_decorator": "django_plotly_dash.access.login_required"}
    mount(settings, path("dash/", include(urls_made_again())))
    app = live()
    assert await Page(URL).refused() == (socket.REFUSED, "A login is needed. Load the page again.")
    _, cookies = await logged_in()
    async with Page(URL, cookies=cookies) as page:
        assert await page.result(app, "out.children", "x") == "X"


def streaming(app: DjangoDash) -> list[str]:
    """A persistent callback, and where it notes its end."""
    ended: list[str] = []

    @app.callback(websocket=True, persistent=True)
    async def stream() -> None:
        set_props("out", {"children": "begun"})
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("it")

    return ended


@pytest.mark.usefixtures("closed_site")
async def test_a_permission_taken_away_ends_what_runs() -> None:
    app = live()
    ended = streaming(app)
    _, cookies = await logged_in()
    await User.objects.filter(username="ada").aupdate(is_staff=True)
    async with Page(URL, cookies=cookies) as page:
        await page.start(app, list(app.callback_map)[1])
        await page.value()
        await User.objects.filter(username="ada").aupdate(is_staff=False)
        assert await page.closed() == (socket.REFUSED, "You may not call this app's callbacks.")
        error = await page.hears("error")
        assert error["payload"] == {"message": "You may not call this app's callbacks.", "code": socket.REFUSED}
    await until(lambda: ended)


@pytest.mark.parametrize("way", ["logout", "flush", "password"])
@pytest.mark.parametrize("busy", [True, False])
async def test_a_login_that_ends_ends_the_socket(settings: Any, way: str, busy: bool) -> None:
    settings.PLOTLY_DASH = {"websocket_recheck_seconds": 1}
    app = live()
    ended = streaming(app)
    client, cookies = await logged_in()
    async with Page(URL, cookies=cookies) as page:
        if busy:
            await page.start(app, list(app.callback_map)[1])
            await page.value()
        if way == "logout":
            await client.alogout()
        elif way == "flush":
            await sync_to_async(client.session.delete)()
        else:
            user = await User.objects.aget(username="ada")
            user.set_password("new")
            await user.asave()
        if not busy:
            await asyncio.sleep(1)
            await page.start(app, "out.children", "x")
        assert await page.closed() == (socket.CHANGED, "The login has changed.")
    if busy:
        await until(lambda: ended)


async def test_a_logout_is_noticed_in_time_whatever_other_pages_of_the_socket_do(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Of a tab that does not answer the question whether it is there."""
    monkeypatch.setattr(pages, "_PATIENCE", 1000.0)
    seconds = 3
    settings.PLOTLY_DASH = {"websocket_recheck_seconds": seconds}
    app = live()
    ended = streaming(app)
    client, cookies = await logged_in()
    async with Page(URL, cookies=cookies) as page:
        for name in ("page-1", "page-2"):
            page.renderer_id = name
            await page.start(app, list(app.callback_map)[1])
            await page.value()
        await page.hears("get_props_request")
        await asyncio.sleep(1.1 * seconds)  # it has been asked once that all is well
        await client.alogout()
        start = time.monotonic()
        assert await page.closed() == (socket.CHANGED, "The login has changed.")
        assert time.monotonic() - start < 2 * seconds
    await until(lambda: len(ended) == 2)


def hanging(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> Any:
        if hangs.is_set():
            goes_on.wait(20)
        return get_response(request)

    return middleware


hangs, goes_on = threading.Event(), threading.Event()


async def test_a_site_that_does_not_say_in_time_who_may_ends_the_socket(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PLOTLY_DASH = {"websocket_recheck_seconds": 1}
    settings.MIDDLEWARE = [f"{__name__}.hanging", *settings.MIDDLEWARE]
    monkeypatch.setattr(socket, "_ASKING_SECONDS", 0.3)
    app = live()
    ended = streaming(app)
    before = asyncio.all_tasks()
    async with Page(URL) as page:
        try:
            await page.start(app, list(app.callback_map)[1])
            await page.value()
            hangs.set()
            assert await page.closed() == (socket.SERVER_ERROR, "The server could not answer.")
            await until(lambda: ended)
        finally:
            hangs.clear()
            goes_on.set()
    await until(lambda: asyncio.all_tasks() == before)


async def test_an_app_that_is_not_there_refuses_without_a_retry() -> None:
    assert await Page(URL).refused() == (socket.REFUSED, "There is no such app at this address.")


async def test_an_app_without_websocket_callbacks_refuses() -> None:
    DjangoDash("Live").layout = html.Div()
    assert await Page(URL).refused() == (socket.REFUSED, "This app has no websocket callbacks.")


async def test_a_site_that_fails_is_asked_again_later(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.MIDDLEWARE = [f"{__name__}.broken", *settings.MIDDLEWARE]
    live()
    assert await Page(URL).refused() == (socket.SERVER_ERROR, "The server could not answer (500).")


def broken(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        raise ValueError("the site is broken")

    return middleware


# --- hooks ------------------------------------------------------------------------------------------------------


@pytest.fixture
def clean_hooks() -> Any:
    yield
    for kind in ("websocket_connect", "websocket_message"):
        hooks._ns[kind].clear()


@pytest.mark.usefixtures("clean_hooks")
async def test_hooks_are_asked_at_connecting_and_for_each_message() -> None:
    app, seen = live(), []

    @hooks.websocket_connect()
    def connect(websocket: Any) -> Any:
        assert websocket.request.user.username in ("ada", "")
        seen.append((websocket.cookies.get("key"), websocket.headers["host"], websocket.path))
        return websocket.cookies.get("key") == "right" or (4242, "no key")

    @hooks.websocket_message()
    async def message(websocket: Any, message: dict[str, Any]) -> bool:
        seen.append(message["type"])
        return message["type"] != "heartbeat" and "key" in websocket.cookies

    assert await Page(URL).refused() == (4242, "no key")
    async with Page(URL, cookies={"key": "right"}) as page:
        assert await page.result(app, "out.children", "x") == "X"
        await page.say({"type": "heartbeat"})
        assert await page.closed() == (4001, "Message rejected")
    where = (URL + "_dash-ws-callback",)
    assert seen == [(None, "testserver", *where), ("right", "testserver", *where), "callback_request", "heartbeat"]


@pytest.mark.usefixtures("clean_hooks")
@pytest.mark.parametrize("says", ["False", "an exception"])
async def test_a_hook_that_refuses_or_fails_lets_nobody_in(says: str) -> None:
    live()

    @hooks.websocket_connect()
    def connect(websocket: Any) -> bool:
        if says == "False":
            return False
        raise ValueError("cannot tell")

    reason = "Connection rejected" if says == "False" else "Authentication error"
    assert await Page(URL).refused() == (4001, reason)


# --- several pages, apps and threads ----------------------------------------------------------------------------


async def test_pages_that_share_a_socket_get_what_is_theirs() -> None:
    app = bare()

    @on(app)
    async def stream(value: str) -> str:
        set_props("other", {"children": value})
        return value

    async with Page(URL) as page:
        for renderer_id in ("page-1", "page-2"):
            page.renderer_id = renderer_id
            request = await page.start(app, "out.children", renderer_id)
            streamed = await page.hears("set_props")
            assert (streamed["rendererId"], streamed["payload"]["props"]["children"]) == (renderer_id, renderer_id)
            assert (await page.response(request))["status"] == "ok"


async def test_a_page_that_left_the_others_alone_ends_its_callbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tabs share a socket, and a browser does not say that one of them has been closed."""
    monkeypatch.setattr(pages, "_PATIENCE", 0.01)
    app = live()
    ended = streaming(app)
    async with Page(URL) as page:
        await page.start(app, list(app.callback_map)[1])
        await page.value()
        page.renderer_id = "page-2"
        assert await page.result(app, "out.children", "x") == "X"
        question = await page.hears("get_props_request")
        assert question["rendererId"] == "page-1"
        assert question["payload"] == {"componentId": "out", "properties": []}
        await until(lambda: ended)
        # It had only been asleep: all pages begin anew.
        page.renderer_id = "page-1"
        await page.say({**question, "type": "get_props_response", "payload": {}})
        assert await page.closed() == (socket.CHANGED, "A page that seemed to have gone is there again.")


async def test_a_page_that_answers_keeps_its_callbacks() -> None:
    app = live()
    ended = streaming(app)
    async with Page(URL) as page:
        await page.start(app, list(app.callback_map)[1])
        await page.value()
        page.renderer_id = "page-2"
        await page.start(app, "out.children", "x")
        question = await page.hears("get_props_request")
        await page.say({**question, "type": "get_props_response", "payload": {}})
        assert await page.result(app, "out.children", "x") == "X"
        assert not ended


async def test_several_apps_have_sockets_of_their_own() -> None:
    first, second = live(), DjangoDash("Second")
    second.layout = html.Div()

    @second.callback(Output("out", "children"), Input("in", "value"), websocket=True)
    async def whisper(value: str) -> str:
        return value.lower()

    async with Page(URL) as one, Page("/dash/app/second/") as two:
        assert await two.result(second, "out.children", "Ab") == "ab"
        assert await one.result(first, "out.children", "Ab") == "AB"


@pytest.mark.parametrize("where", ["settings", pytest.param("app", marks=needs_max_workers)])
async def test_synchronous_callbacks_have_a_pool_of_threads(settings: Any, where: str) -> None:
    settings.PLOTLY_DASH = {"websocket_pool_size": 2 if where == "settings" else 7}
    app = bare(**({} if where == "settings" else {"websocket_max_workers": 2}))
    running, most, go = [], [], threading.Event()

    @on(app)
    def wait(value: str) -> str:
        running.append(value)
        most.append(len(running))
        go.wait(20)
        running.remove(value)
        return value

    @app.callback(Output("other", "children"), Input("in", "value"), websocket=True)
    async def quick(value: str) -> str:
        return value

    async with Page(URL) as page:
        requests = [await page.start(app, "out.children", value) for value in "abcd"]
        await until(lambda: len(running) == 1)
        assert await page.result(app, "other.children", "not held up") == "not held up"
        # One page alone does not get all threads.
        async with Page(URL) as other:
            others = [await other.start(app, "out.children", value) for value in "efgh"]
            await until(lambda: len(running) == 2)
            await asyncio.sleep(0.2)
            go.set()
            for request in requests:
                assert (await page.response(request))["status"] == "ok"
            for request in others:
                assert (await other.response(request))["status"] == "ok"
    assert max(most) == 2


async def test_a_coroutine_callback_that_its_own_call_makes_known_keeps_no_thread(settings: Any) -> None:
    settings.PLOTLY_DASH = {"websocket_pool_size": 1}
    app, go = live(), asyncio.Event()

    def layout() -> Any:
        @app.callback(Output("late", "children"), Input("in", "value"), websocket=True)
        async def stream(value: str) -> str:
            set_props("out", {"title": "begun"})
            await go.wait()
            return value

        return html.Div(id="late")

    app.layout = layout
    async with Page(URL) as page:
        known = callback_body(app, "out.children", "x")
        body = {**known, "output": "late.children", "outputs": {"id": "late", "property": "children"}}
        request = await page.start_body(body)
        assert await page.value() == ("out", "title", "begun")
        assert await page.result(app, "out.children", "not held up") == "NOT HELD UP"
        go.set()
        assert (await page.response(request))["status"] == "ok"


async def test_a_browser_that_reads_nothing_does_not_take_the_threads_of_others(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PLOTLY_DASH = {"websocket_queue_size": 1000}
    app = bare()
    streaming: list[str] = []

    @on(app)
    def stream(value: str) -> str:
        streaming.append(value)
        for number in range(1000):
            set_props("out", {f"data-{number}": "x" * 100})
        return value

    @app.callback(Output("other", "children"), Input("in", "value"), websocket=True)
    def quick(value: str) -> str:
        return value

    async def stalled(scope: Any, receive: Any, send: Any) -> None:
        async def send_but_texts(message: Any) -> None:
            if message["type"] == "websocket.send":
                await asyncio.Event().wait()
            await send(message)

        await routing.application(scope, receive, send_but_texts)

    async with Page(URL, asgi=stalled) as slow, Page(URL) as quick_page:
        for number in range(12):  # the pool has 8
            await slow.start(app, "out.children", f"{number}")
        await until(lambda: len(streaming) == 4)
        assert await quick_page.result(app, "other.children", "not held up") == "not held up"
        assert len(streaming) == 4  # which still wait


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        (lambda page, other: [page, page], "all 1 that one socket may have"),
        (lambda page, other: [page, other], "all 1"),
    ],
    ids=["one page", "two pages"],
)
async def test_a_full_pool_is_told(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, calls: Any, told: str
) -> None:
    settings.PLOTLY_DASH = {"websocket_pool_size": 1}
    monkeypatch.setattr("django_plotly_dash.websocket_callbacks.pools._LONG_SECONDS", 0.01)
    app, go = bare(), threading.Event()

    @on(app)
    def wait(value: str) -> str:
        go.wait(20)
        return value

    async with Page(URL) as page, Page(URL) as other:
        requests = [
            (each, await each.start(app, "out.children", value))
            for each, value in zip(calls(page, other), "ab", strict=True)
        ]
        await until(lambda: f"wait for a thread: {told} are taken" in caplog.text)
        go.set()
        for each, request in requests:
            assert (await each.response(request))["status"] == "ok"


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_database_connections_are_closed(colour: str) -> None:
    app, used = bare(), []

    def ask() -> int:
        used.append(connection.connection or connection.cursor().connection)
        used.append(connection)
        return User.objects.count()

    @on(app)
    def count(value: str) -> int:
        return ask()

    @app.callback(Output("other", "children"), Input("in", "value"), websocket=True)
    async def count_async(value: str) -> int:
        return await sync_to_async(ask)()

    wrappers: list[Any] = []
    original = connection.settings_dict["CONN_MAX_AGE"]
    connection.settings_dict["CONN_MAX_AGE"] = 600
    try:
        async with Page(URL) as page:
            assert await page.result(app, "out.children" if colour == "sync" else "other.children", "x") == 0
            wrappers.append(used)
    finally:
        connection.settings_dict["CONN_MAX_AGE"] = original
    with pytest.raises(Exception, match="closed"):
        used[0].execute("SELECT 1")


async def test_callbacks_run_below_transactions_of_requests(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    app = bare()

    @on(app)
    def fail(value: str) -> str:
        User.objects.create(username="not kept")
        raise ValueError("it fails")

    @app.callback(Output("other", "children"), Input("in", "value"), websocket=True)
    async def keep(value: str) -> str:
        await User.objects.acreate(username="kept")
        return value

    async with Page(URL) as page:
        assert (await page.call(app, "out.children", "x"))["status"] == "error"
        assert await page.result(app, "other.children", "x") == "x"
    assert [user.username async for user in User.objects.all()] == ["kept"]


async def test_the_example_of_the_documentation() -> None:
    text = (Path(__file__).parent.parent / "docs" / "websocket-callbacks.rst").read_text()
    block = text.split(".. code-block:: python\n\n", 1)[1].split("\n``websocket=True``")[0]
    module: dict[str, Any] = {"__name__": "tests.progress"}
    exec(compile(textwrap.dedent(block).replace("sleep(0.5)", "sleep(0)"), "progress.py", "exec"), module)
    async with Page("/dash/app/progress/") as page:
        await page.start(module["app"], next(o for o in module["app"].callback_map if not o.startswith("done")))
        assert await page.value() == ("clock", "children", "open for 0 s")
        request = await page.start(module["app"], "done.children", 1)
        question = await page.hears("get_props_request")
        await page.say({**question, "type": "get_props_response", "payload": {"steps": None, "children": "2"}})
        assert await page.value() == ("now", "children", "step 1")
        assert await page.value() == ("now", "children", "step 2")
        response = (await page.response(request))["data"]["response"]
        assert response == {"done": {"children": "done for AnonymousUser"}}


# --- the page, and HTTP -----------------------------------------------------------------------------------------


def entry(text: str) -> dict[str, Any] | None:
    config = text.split('<script id="_dash-config" type="application/json">')[1].split("</script>")[0]
    found = json.loads(config).get("websocket")
    return dict(found) if found else None


async def test_a_page_is_told_of_the_socket_where_one_is_answered(async_client: AsyncClient) -> None:
    live(websocket_inactivity_timeout=1000, websocket_heartbeat_interval=2000)
    found = entry((await async_client.get(URL)).content.decode())
    assert found is not None
    worker, _, visitor = found.pop("worker_url").partition("?for=")
    assert found == {
        "enabled": False,
        "url": f"{URL}_dash-ws-callback",
        "inactivity_timeout": 1000,
        "heartbeat_interval": 2000,
    }
    assert worker.startswith(f"{URL}_dash-component-suites/dash/dash-renderer/build/dash-ws-worker")
    assert (await async_client.get(f"{worker}?for={visitor}")).status_code == 200


async def test_an_app_may_use_websockets_for_all_callbacks(async_client: AsyncClient) -> None:
    app = bare(websocket_callbacks=True)

    @app.callback(Output("out", "children"), Input("in", "value"))
    def shout(value: str) -> str:
        return f"{value} {ctx.websocket is not None}"

    found = entry((await async_client.get(URL)).content.decode())
    assert found is not None
    assert found["enabled"] is True
    async with Page(URL) as page:
        assert await page.result(app, "out.children", "x") == "x True"


async def test_visitors_of_other_sessions_do_not_share_a_socket() -> None:
    live()
    workers = []
    for name in ("ada", "bob", None):
        client = (await logged_in(name))[0] if name else AsyncClient()
        workers += [entry((await client.get(URL)).content.decode())["worker_url"] for _ in range(2)]
    assert len(set(workers)) == 3


async def test_an_app_without_websocket_callbacks_opens_no_socket(async_client: AsyncClient) -> None:
    DjangoDash("Live").layout = html.Div()
    assert entry((await async_client.get(URL)).content.decode()) is None


@pytest.mark.parametrize(
    ("server", "wanted", "offered"),
    [("asgi", None, True), ("asgi", False, False), ("wsgi", None, False), ("wsgi", True, True)],
)
async def test_the_server_or_the_setting_decides(
    settings: Any, caplog: pytest.LogCaptureFixture, server: str, wanted: bool | None, offered: bool
) -> None:
    settings.PLOTLY_DASH = {"websocket_callbacks": wanted}
    websocket._told.clear()
    live()
    response = await AsyncClient().get(URL) if server == "asgi" else await sync_to_async(Client().get)(URL)
    assert (entry(response.content.decode()) is not None) is offered
    assert ("The websocket callbacks of 'Live' are answered over HTTP" in caplog.text) is not offered


async def test_an_asgi_application_that_routes_no_sockets_offers_none(
    async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(websocket, "_answering", [])
    websocket._told.clear()
    live()
    assert entry((await async_client.get(URL)).content.decode()) is None
    assert "The ASGI application does not route websockets to django_plotly_dash.routing." in caplog.text


def test_over_http_plain_callbacks_answer(client: Client) -> None:
    app = live()
    assert call(client, app, "out.children", "abc").json()["response"] == {"out": {"children": "ABC"}}


def test_over_http_persistent_callbacks_say_what_is_missing(client: Client) -> None:
    app = live()
    streaming(app)
    response = call(client, app, list(app.callback_map)[1])
    assert response.status_code == 426
    assert response.json()["error"] == (
        "This callback is persistent and needs a websocket. "
        "This process serves WSGI, which has no websockets; serve the site by ASGI, with daphne or uvicorn."
    )


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_over_http_the_missing_websocket_is_named(
    client: Client, colour: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = bare()

    @on(app)
    def use(value: str) -> Any:
        return ctx.websocket.is_shutdown

    @app.callback(Output("other", "children"), Input("in", "value"), websocket=True)
    async def use_async(value: str) -> Any:
        await ctx.websocket.set_prop("a", "b", 1)

    client.raise_request_exception = False
    assert call(client, app, "out.children" if colour == "sync" else "other.children", "x").status_code == 500
    error = caplog.records[-1].exc_info[1]  # type: ignore[index]
    assert str(error).startswith("dash.ctx.websocket is None, so it has no ")
    assert "This process serves WSGI" in str(error)


async def test_a_browser_that_is_given_up_is_closed_even_if_it_takes_nothing_any_more(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PLOTLY_DASH = {"websocket_queue_size": 1000}
    monkeypatch.setattr(socket, "_TELLING_SECONDS", 0.1)
    app = bare()

    @on(app)
    async def stream(value: str) -> str:
        while True:
            for _ in range(10):
                set_props("other", {"children": Patch()})
                set_props("other", {"title": "x" * 100})
            await asyncio.sleep(0)

    async def stalled(scope: Any, receive: Any, send: Any) -> None:
        async def send_but_texts(message: Any) -> None:
            if message["type"] == "websocket.send":
                await asyncio.Event().wait()
            await send(message)

        await routing.application(scope, receive, send_but_texts)

    async with Page(URL, asgi=stalled) as page:
        await page.start(app, "out.children", "x")
        code, reason = await page.closed()
        assert code == socket.TOO_SLOW
        assert "characters wait" in reason


@pytest.mark.parametrize("name", ["rendererId", "requestId"])
async def test_an_id_that_no_renderer_has_made_is_refused_before_it_is_kept(name: str) -> None:
    app = live()
    async with Page(URL) as page:
        ids = {"rendererId": "r" * 64, "requestId": "q" * 64}
        message = {"type": "callback_request", **ids, "payload": callback_body(app, "out.children", "x")}
        await page.say(message)
        assert (await page.hears("callback_response", **ids))["payload"]["status"] == "ok"
        await page.say({**message, name: "x" * 65})
        assert (await page.closed())[0] == socket.BAD_MESSAGE


async def test_too_many_messages_a_second_end_a_socket(settings: Any) -> None:
    settings.PLOTLY_DASH = {"websocket_max_rate": 2, "websocket_max_callbacks": 5}
    live()
    async with Page(URL) as page:
        for _ in range(25):
            await page.say({"type": "heartbeat"})
        code, reason = await page.closed()
        assert (code, "More than 2 messages a second (websocket_max_rate)" in reason) == (socket.TOO_OFTEN, True)


async def test_as_many_callbacks_as_are_allowed_may_begin_at_once_whatever_the_rate(settings: Any) -> None:
    settings.PLOTLY_DASH = {"websocket_max_rate": 1, "websocket_max_callbacks": 50}
    app = live()
    async with Page(URL) as page:
        requests = [await page.start(app, "out.children", "x") for _ in range(50)]
        for request in requests:
            assert (await page.response(request))["status"] == "ok"


async def test_what_the_server_asks_for_is_not_too_much(settings: Any) -> None:
    settings.PLOTLY_DASH = {"websocket_max_rate": 1, "websocket_max_callbacks": 5}
    app = bare()

    @on(app)
    async def ask(value: str) -> int:
        return sum([await ctx.websocket.get_prop("in", "value") for _ in range(40)])

    async with Page(URL) as page:
        request = await page.start(app, "out.children", "x")
        for _ in range(40):
            question = await page.hears("get_props_request")
            await page.say({**question, "type": "get_props_response", "payload": {"value": 1}})
        assert (await page.response(request))["data"]["response"] == {"out": {"children": 40}}


async def test_pages_that_come_and_go_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    app = live()
    made: list[socket.CallbackSocket] = []
    original = socket.CallbackSocket.open

    async def noted(self: socket.CallbackSocket) -> None:
        made.append(self)
        await original(self)

    monkeypatch.setattr(socket.CallbackSocket, "open", noted)
    async with Page(URL) as page:
        for number in range(250):
            page.renderer_id = f"page-{number}"
            await page.call(app, "out.children", "x")
        await until(lambda: not made[0]._calls)
        assert len(made[0]._pages.known) <= 101
        assert len(made[0]._own_tasks) == 2
