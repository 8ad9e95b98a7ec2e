"""MCP: tools and resources of apps, asked by a real client over HTTP and by hand-made messages."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import dash
import httpx2
import pytest
from asgiref.sync import async_to_sync
from dash import Input, Output, dcc, html
from django.contrib.auth.models import AnonymousUser, User
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash, mcp, urls
from django_plotly_dash.background import managers
from django_plotly_dash.exceptions import ConfigurationError, RegistrationError
from django_plotly_dash.models import DashApp, StatelessApp
from django_plotly_dash.registry import registry

from .helpers import callback_body, needs_mcp, needs_signed_handles
from .site_urls import mount, urls_made_again
from .waiting import eventually

pytestmark = needs_mcp

Conversation = Callable[[ClientSession], Awaitable[Any]]
Write = Callable[[dict[str, str]], None]
URL = "/dash/app/sums/_mcp"


class BearerUsers:
    """A middleware as a site with tokens has one: the token is the user's name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kind, _, name = request.headers.get("Authorization", "").partition(" ")
        if kind == "Bearer":
            request.user = User.objects.filter(username=name).first() or AnonymousUser()
        return self.get_response(request)


@pytest.fixture
def sums() -> DjangoDash:
    """An app with three tools: a callback, a coroutine function, and one that fails."""
    app = DjangoDash("Sums", enable_mcp=True)
    app.layout = html.Div(
        [
            html.Label("First number", htmlFor="a"),
            dcc.Input(id="a", value=1),
            dcc.Input(id="b", value=2),
            *(html.Div(id=ident) for ident in ("total", "twice", "failed")),
        ]
    )

    @app.callback(Output("total", "children"), Input("a", "value"), Input("b", "value"))
    def add(a: int, b: int, user: Any, dash_app_id: str) -> str:
        """Add two numbers."""
        return f"{user} got {a + b} from {dash_app_id}"

    @app.callback(Output("twice", "children"), Input("a", "value"))
    async def double(a: int) -> Any:
        await asyncio.sleep(0)
        return Decimal(2 * a)

    @app.callback(Output("failed", "children"), Input("b", "value"), prevent_initial_call=True)
    def fail(b: int) -> str:
        raise ValueError("the secret of the callback")

    return app


def talk(url: str, conversation: Conversation, **headers: str) -> Any:
    """Open a session with a real MCP client, say what the conversation says, and close it."""

    async def session() -> Any:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            streamable_http_client(url, http_client=http) as (read, write),
            ClientSession(read, write) as client,
        ):
            await client.initialize()
            return await conversation(client)

    return asyncio.run(session())


def ask(client: Client, method: str, url: str = URL, headers: dict[str, str] | None = None, **params: Any) -> Any:
    """One message, without a session; gives the response."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return client.post(url, json.dumps(message), content_type="application/json", headers=headers)


def tools(client: Client, url: str = URL, **headers: str) -> dict[str, Any]:
    answer = ask(client, "tools/list", url, headers).json()["result"]["tools"]
    return {tool["name"]: tool for tool in answer}


def call_tool(client: Client, name: str, url: str = URL, **arguments: Any) -> dict[str, Any]:
    answer = ask(client, "tools/call", url, name=name, arguments=arguments).json()
    return answer.get("result") or answer["error"]


def output_of(result: Any, ident: str) -> Any:
    """The property that a callback's tool has set on a component."""
    structured = result["structuredContent"] if isinstance(result, dict) else result.structured_content
    return structured["response"][ident]["children"]


@pytest.fixture(autouse=True)
def _forget_functions() -> Iterator[None]:
    known = dict(mcp._functions._known)
    yield
    mcp._functions._known = known


@pytest.fixture
def server(transactional_db: None, settings: Any) -> Iterator[LiveServer]:
    """A server with the middleware that the test has asked for before."""
    server = LiveServer("localhost")
    server._live_server_modified_settings.enable()
    yield server
    server._live_server_modified_settings.disable()
    server.stop()


@pytest.fixture
def bearers(settings: Any, db: None) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.test_mcp.BearerUsers"]
    for name in ("ada", "bob"):
        User.objects.create_user(name)


@pytest.fixture
def login_required(settings: Any) -> Iterator[None]:
    """The site's view decorator, which is read when the URLs are."""
    settings.PLOTLY_DASH = {"view_decorator": "django_plotly_dash.access.login_required"}
    settings.ROOT_URLCONF = (path("dash/", include(importlib.reload(urls))),)
    yield
    settings.PLOTLY_DASH = {}
    importlib.reload(urls)


# --- a real client ----------------------------------------------------------------------------------------------


def test_a_real_client_lists_and_calls_tools_and_reads_resources(
    bearers: None, server: LiveServer, sums: DjangoDash
) -> None:
    async def conversation(client: ClientSession) -> Any:
        return (
            await client.list_tools(),
            await client.call_tool("add", {"a": 20, "b": 3}),
            await client.call_tool("double", {"a": 4}),
            await client.list_resources(),
            await client.read_resource("dash://layout"),
            await client.read_resource("dash://components"),
        )

    known, added, doubled, resources, layout, components = talk(
        server.url + URL, conversation, Authorization="Bearer ada"
    )
    assert {tool.name for tool in known.tools} >= {"add", "double", "fail", "get_dash_component"}
    assert output_of(added, "total") == "ada got 23 from sums"
    assert output_of(doubled, "twice") == 8
    assert {str(resource.uri) for resource in resources.resources} == {"dash://layout", "dash://components"}
    shown = json.loads(layout.contents[0].text)
    assert shown["props"]["children"][1]["props"] == {"id": "a", "value": 1}
    assert {"id": "total", "type": "Div"} in json.loads(components.contents[0].text)


def test_a_client_without_a_login_is_kept_out_where_callbacks_are(
    bearers: None, server: LiveServer, sums: DjangoDash, login_required: None
) -> None:
    async def conversation(client: ClientSession) -> Any:
        return await client.call_tool("add", {"a": 1, "b": 1})

    url = server.url + URL
    assert output_of(talk(url, conversation, Authorization="Bearer ada"), "total") == "ada got 2 from sums"
    with pytest.raises(Exception, match="TaskGroup") as raised:
        talk(url, conversation)
    assert "/accounts/login/" in repr(raised.value)


def test_session_state_lasts_through_a_session_of_a_client(server: LiveServer) -> None:
    app = DjangoDash("Counting", enable_mcp=True)
    app.layout = html.Div([html.Button(id="button"), html.Div(id="count")])

    @app.callback(Output("count", "children"), Input("button", "n_clicks"), prevent_initial_call=True)
    def count(clicks: int, session_state: dict[str, int]) -> int:
        session_state["count"] = session_state.get("count", 0) + 1
        return session_state["count"]

    async def conversation(client: ClientSession) -> Any:
        return [output_of(await client.call_tool("count", {"clicks": 1}), "count") for _ in range(3)]

    assert talk(f"{server.url}/dash/app/counting/_mcp", conversation) == [1, 2, 3]


# --- what a request may do --------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Authorization": "Bearer ada"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://evil.example", "Authorization": "Bearer ada"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://testserver"}, 403),
        ({"Referer": "http://testserver/dash/app/sums/"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Mode": "cors"}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 403),
    ],
)
def test_what_a_browser_may_have_sent_needs_the_csrf_token(
    sums: DjangoDash, headers: dict[str, str], status: int
) -> None:
    client = Client(enforce_csrf_checks=True)
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    kind = headers.get("Content-Type", "application/json")
    assert client.post(URL, message, content_type=kind, headers=headers).status_code == status
    assert asyncio.run(_status_async(message, kind, headers)) == status


async def _status_async(message: str, kind: str, headers: dict[str, str]) -> int:
    client = AsyncClient(enforce_csrf_checks=True)
    return (await client.post(URL, message, content_type=kind, headers=headers)).status_code


@pytest.mark.django_db
def test_a_page_of_the_site_may_ask_with_the_token(sums: DjangoDash) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/dash/app/sums/")
    headers = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert ask(client, "tools/list", headers=headers).status_code == 403
    token = client.cookies["csrftoken"].value
    assert ask(client, "tools/list", headers={**headers, "X-CSRFToken": token}).status_code == 200


@pytest.mark.django_db
def test_no_other_path_of_the_app_does_without_the_token(sums: DjangoDash) -> None:
    sums.backend.add_url_rule("/_mcp/other", lambda: "x", methods=["POST"])
    client = Client(enforce_csrf_checks=True)
    body = json.dumps(callback_body(sums, "twice.children", 1))
    for url in ("/dash/app/sums/_dash-update-component", "/dash/app/sums/_mcp/other", "/dash/app/echo/_dash-layout"):
        assert client.post(url, body, content_type="application/json").status_code == 403


@pytest.mark.django_db
def test_an_app_that_does_not_ask_for_it_does_not_answer(client: Client, sums: DjangoDash) -> None:
    assert ask(client, "tools/list", "/dash/app/echo/_mcp").status_code in (404, 405)
    assert sums.mcp_path == "_mcp"
    elsewhere = DjangoDash("Elsewhere", enable_mcp=True, mcp_path="/tools/mcp")
    elsewhere.layout = html.Div()
    assert ask(client, "tools/list", "/dash/app/elsewhere/tools/mcp").status_code == 200
    assert ask(client, "tools/list", "/dash/app/elsewhere/_mcp").status_code in (404, 405)


@pytest.mark.parametrize("path", ["assets/mcp", "/assets/mcp", "_dash-layout", "/", ""])
def test_mcp_may_not_lie_where_the_page_and_its_files_are(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = f"mcp_path is '{path.lstrip('/')}', which lies where <DjangoDash 'Hidden'"
    with pytest.raises(ConfigurationError, match=refused):
        DjangoDash("Hidden", enable_mcp=True, mcp_path=path)
    assert DjangoDash("Without", mcp_path=path).mcp_path is None
    if path:
        monkeypatch.setenv("DASH_MCP_PATH", path)
        with pytest.raises(ConfigurationError, match=refused):
            DjangoDash("Hidden", enable_mcp=True)


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[1]", b'"text"', b"null", b"\xff"])
def test_a_body_that_is_no_message_gets_a_400(client: Client, sums: DjangoDash, body: bytes) -> None:
    response = client.post(URL, body, content_type="application/json")
    assert response.status_code == 400
    assert set(response.json()) == {"error"}


@pytest.mark.django_db
def test_a_saved_instance_has_tools_of_its_own_prefix(client: Client, sums: DjangoDash) -> None:
    row = StatelessApp.objects.create(app_name="Sums")
    DashApp.objects.create(stateless_app=row, instance_name="Saved", slug="saved")
    result = call_tool(client, "add", "/dash/instance/saved/_mcp", a=1, b=1)
    assert output_of(result, "total") == "AnonymousUser got 2 from saved"


# --- one user's values stay with that user ----------------------------------------------------------------------


@pytest.mark.django_db
def test_what_tools_and_layouts_show_of_one_user_is_not_shown_to_another(client: Client, bearers: None) -> None:
    app = DjangoDash("Mine", enable_mcp=True)
    app.layout = lambda user: html.Div(
        [dcc.Input(id="start", value=f"start of {user}"), dcc.Input(id="name"), html.Div(id="out")]
    )

    @app.callback(Output("name", "value"), Input("start", "value"))
    def name(start: str, user: Any) -> str:
        return f"value of {user}"

    @app.callback(Output("out", "children"), Input("name", "value"))
    def show(name: str) -> str:
        return name

    url = "/dash/app/mine/_mcp"
    for one, other in (("ada", "bob"), ("bob", "ada")):
        shown = json.dumps(tools(client, url, Authorization=f"Bearer {one}"))
        assert f"value of {one}" in shown
        headers = {"Authorization": f"Bearer {one}"}
        layout = ask(client, "resources/read", url, headers, uri="dash://layout").content.decode()
        assert f"start of {one}" in layout
        assert other not in shown + layout
    assert app.mcp_callback_map is None


@pytest.mark.django_db
@pytest.mark.parametrize("dev_tools", [False, True])
def test_the_text_of_an_error_is_for_developers(
    dev_tools: bool, sums: DjangoDash, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PLOTLY_DASH = {"dev_tools": dev_tools}
    client = Client(raise_request_exception=False)
    with caplog.at_level(logging.ERROR, logger="django_plotly_dash"):
        result = call_tool(client, "fail", b=1)
    assert result["isError"] is True
    assert ("the secret of the callback" in json.dumps(result)) is dev_tools
    assert "Traceback" not in json.dumps(result)
    (record,) = [record for record in caplog.records if record.name == "django_plotly_dash"]
    assert "the secret of the callback" in str(record.exc_info[1])  # type: ignore[index]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["tools/list", "tools/call"])
def test_a_callback_that_fails_while_tools_are_described_is_no_error_of_the_site(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = DjangoDash("Sums", enable_mcp=True)
    app.layout = html.Div([dcc.Input(id="word"), html.Div(id="loud"), html.Div(id="louder")])

    @app.callback(Output("loud", "children"), Input("word", "value"))
    def shout(word: Any) -> Any:
        return word.upper()

    @app.callback(Output("louder", "children"), Input("loud", "children"))
    def shout_more(loud: Any) -> Any:
        return f"{loud}!"

    client, told = Client(raise_request_exception=False), list[Any]()
    with caplog.at_level(logging.ERROR), signal_heard(got_request_exception, told):
        if method == "tools/list":
            assert {"shout", "shout_more"} <= set(tools(client))
        else:
            assert output_of(call_tool(client, "shout_more", loud="HEY"), "louder") == "HEY!"
        assert (told, caplog.records) == ([], [])
        assert call_tool(client, "shout", word=None)["isError"] is True
        assert len(told) == 1


@contextmanager
def signal_heard(signal: Any, told: list[Any]) -> Iterator[None]:
    """What a signal tells inside the ``with`` block."""

    def hear(**told_of: Any) -> None:
        told.append(told_of)

    signal.connect(hear)
    yield
    signal.disconnect(hear)


# --- functions of mcp_enabled -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_function_of_mcp_enabled_gets_extras_that_clients_neither_see_nor_fill(
    write: Write, client: Client, bearers: None
) -> None:
    write(
        {
            "tool_site/apps.py": """
from decimal import Decimal
from dash import html
from dash.mcp import mcp_enabled
from django_plotly_dash import DjangoDash

app = DjangoDash("Tooled", enable_mcp=True)
app.layout = html.Div()

@mcp_enabled(expose_docstring=True)
def price(amount: int, *, user, dash_app_id: str):
    "What it costs."
    return {"user": str(user), "price": Decimal(amount), "app": dash_app_id}

@mcp_enabled
def everything(**kwargs) -> str:
    return str(kwargs["user"])

@mcp_enabled
async def later(text: str = "x") -> str:
    return text * 2

@mcp_enabled(name="broken")
def fails() -> str:
    raise ValueError("the secret of the function")
"""
        }
    )
    importlib.import_module("tool_site.apps")
    url = "/dash/app/tooled/_mcp"
    known = tools(client, url)
    assert known["price"]["inputSchema"]["properties"].keys() == {"amount"}
    assert known["price"]["description"] == "What it costs."
    headers = {"Authorization": "Bearer ada"}
    answer = ask(client, "tools/call", url, headers, name="price", arguments={"amount": 3}).json()["result"]
    assert answer["structuredContent"]["result"] == {"user": "ada", "price": 3.0, "app": "tooled"}
    assert call_tool(client, "later", url, text="ab")["structuredContent"] == {"result": "abab"}
    assert ask(client, "tools/call", url, headers, name="everything", arguments={}).json()["result"][
        "structuredContent"
    ] == {"result": "ada"}
    for extra in ("user", "request", "callback_context"):
        assert call_tool(client, "everything", url, **{extra: "forged"})["isError"] is True
    for arguments in ({"amount": 3, "user": "bob"}, {"amount": 3, "wrong": 1}, {}):
        assert call_tool(client, "price", url, **arguments)["isError"] is True
    quiet = Client(raise_request_exception=False)
    failed = call_tool(quiet, "broken", url)
    assert failed["isError"] is True
    assert "secret" not in json.dumps(failed)


TOOL_MODULE = """
import dash
from dash import Input, Output, dcc, html
from dash.mcp import mcp_enabled

{before}

from django_plotly_dash import DjangoDash

app = DjangoDash("{name}", enable_mcp=True, use_pages=True, pages_folder="")
dash.register_page("{name}_page", path="/{name}", layout=html.H1("{name}"))
app.layout = html.Div([dcc.Input(id="in", value="x"), html.Div(id="out"), dash.page_container])

@dash.callback(Output("out", "children"), Input("in", "value"))
def show_{name}(text):
    return f"{name} shows {{text}}"

{after}
"""
LOOKUP = """
@mcp_enabled
def lookup(key: str) -> str:
    return "{name} has " + key
"""


@pytest.mark.django_db
@pytest.mark.parametrize("asked_first", ["amber", "violet"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_each_app_has_its_own_tools_and_pages(place: str, asked_first: str, write: Write, client: Client) -> None:
    package = f"colours_{place}_{asked_first}"
    for name in ("amber", "violet"):
        parts = {"before": "", "after": "", place: LOOKUP.format(name=name)}
        write({f"{package}/{name}/apps.py": TOOL_MODULE.format(name=name, **parts)})
    for name in ("amber", "violet"):
        importlib.import_module(f"{package}.{name}.apps")
    for name in sorted(("amber", "violet"), key=lambda name: name != asked_first):
        url = f"/dash/app/{name}/_mcp"
        other = {"amber": "violet", "violet": "amber"}[name]
        known = tools(client, url)
        assert f"show_{name}" in known
        assert f"show_{other}" not in known
        assert output_of(call_tool(client, f"show_{name}", url, text="y"), "out") == f"{name} shows y"
        assert call_tool(client, "lookup", url, key="k")["structuredContent"] == {"result": f"{name} has k"}
        pages = json.loads(
            ask(client, "resources/read", url, uri="dash://pages").json()["result"]["contents"][0]["text"]
        )
        assert [page["path"] for page in pages] == [f"/{name}"]
        read = ask(client, "resources/read", url, uri=f"dash://page-layout/{name}").json()["result"]["contents"][0]
        assert json.loads(read["text"])["props"]["children"] == name
        assert "error" in ask(client, "resources/read", url, uri=f"dash://page-layout/{other}").json()


def test_a_function_that_could_be_of_several_apps_is_refused_with_the_way_out(write: Write) -> None:
    write({"undecided_tools.py": "from dash.mcp import mcp_enabled\n@mcp_enabled\ndef orphan(): return 1\n"})
    importlib.import_module("undecided_tools")
    one = DjangoDash("One", enable_mcp=True)
    assert "orphan" in one.mcp_decorated_functions
    two = DjangoDash("Two", enable_mcp=True)
    with pytest.raises(
        RegistrationError, match=r"'orphan' of mcp_enabled, in module undecided_tools.*global_callbacks"
    ):
        _ = two.mcp_decorated_functions
    named = DjangoDash("Named", enable_mcp=True, global_callbacks=["undecided_tools"])
    assert "orphan" in named.mcp_decorated_functions
    assert "orphan" not in one.mcp_decorated_functions
    mcp.check_functions()


def test_apps_without_mcp_are_no_candidates(write: Write) -> None:
    write({"single_tools.py": "from dash.mcp import mcp_enabled\n@mcp_enabled\ndef single(): return 1\n"})
    importlib.import_module("single_tools")
    DjangoDash("Silent")
    assert "single" in DjangoDash("Only", enable_mcp=True).mcp_decorated_functions


def test_the_pages_of_dash_are_ours_in_modules_that_were_imported_before() -> None:
    from dash import _layout_utils
    from dash.mcp.primitives.resources import resource_page_layout, resource_pages

    for module in (_layout_utils, resource_pages, resource_page_layout):
        module.PAGE_REGISTRY = {}
    DjangoDash("Late", enable_mcp=True)
    for module in (_layout_utils, resource_pages, resource_page_layout):
        assert module.PAGE_REGISTRY is dash.page_registry


@pytest.mark.django_db
@pytest.mark.parametrize("colour", ["wsgi", "asgi"])
def test_a_decorator_that_guards_callbacks_guards_tools(settings: Any, colour: str) -> None:
    def refuse(view: Any, *, name: str, **kwargs: Any) -> Any:
        def refused(request: HttpRequest, **groups: Any) -> HttpResponse:
            return HttpResponse(status=403) if name == "update-component" else view(request, **groups)

        return refused

    settings.PLOTLY_DASH = {"view_decorator": refuse}
    app = DjangoDash("Guarded", enable_mcp=True)
    app.layout = html.Div()
    mount(settings, path("dash/", include(urls_made_again())))
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    client: Any = Client() if colour == "wsgi" else AsyncClient()
    answer = client.post("/dash/app/guarded/_mcp", json.dumps(message), content_type="application/json")
    assert (async_to_sync(_given)(answer) if colour == "asgi" else answer).status_code == 403


async def _given(awaitable: Any) -> Any:
    return await awaitable


@pytest.mark.django_db
def test_only_the_app_that_answers_to_programs_does_without_the_token() -> None:
    """Another app may have a route of its own at the same path."""
    for name, arguments in (("Tooling", {"enable_mcp": True, "mcp_path": "ask"}), ("Plain", {})):
        app = DjangoDash(name, **arguments)
        app.layout = html.Div()
    app.backend.add_url_rule("/ask", lambda: "done", methods=["POST"])
    client = Client(enforce_csrf_checks=True)
    assert client.post("/dash/app/plain/ask", "{}", content_type="application/json").status_code == 403
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert client.post("/dash/app/tooling/ask", message, content_type="application/json").status_code == 200


# --- what tools say and do --------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("registered_with", ["app.callback", "dash.callback"])
def test_docstrings_are_for_clients_where_the_callback_or_the_app_says_so(client: Client, registered_with: str) -> None:
    app = DjangoDash("Sums", enable_mcp=True)
    app.layout = html.Div([dcc.Input(id="in"), *(html.Div(id=ident) for ident in ("told", "kept", "unsaid"))])
    register = app.callback if registered_with == "app.callback" else dash.callback

    @register(Output("told", "children"), Input("in", "value"), mcp_expose_docstring=True)
    def told(value: str) -> str:
        """How the told one works."""
        return value

    @register(Output("kept", "children"), Input("in", "value"), mcp_expose_docstring=False)
    def kept(value: str, user: Any) -> str:
        """How the kept one works."""
        return value

    @register(Output("unsaid", "children"), Input("in", "value"))
    def unsaid(value: str) -> str:
        """How the unsaid one works."""
        return value

    found = tools(client)
    assert "How the told one works." in found["told"]["description"]
    assert "works" not in found["kept"]["description"] + found["unsaid"]["description"]
    dash.mcp.configure_mcp_server(expose_callback_docstrings=True)
    try:
        found = tools(client)
        assert "How the unsaid one works." in found["unsaid"]["description"]
        assert "works" not in found["kept"]["description"]
    finally:
        dash.mcp.configure_mcp_server(expose_callback_docstrings=False)


def in_the_background(test: Any) -> Any:
    """What a test needs that calls a background callback for users."""
    for mark in (
        needs_signed_handles,
        pytest.mark.usefixtures("bearers"),
        pytest.mark.django_db(transaction=True),
        pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
    ):
        test = mark(test)
    return test


class Job(NamedTuple):
    """A background callback that a client has called."""

    client: Client
    task: str
    headers: dict[str, str]

    def ask(self, tool: str = "get_background_task_result") -> dict[str, Any]:
        answer = ask(self.client, "tools/call", URL, self.headers, name=tool, arguments={"taskId": self.task}).json()
        return answer.get("result") or answer["error"]

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = ask(self.client, "tasks/get", URL, self.headers, taskId=self.task).json()["result"]
        return status

    def answer(self) -> dict[str, Any]:
        """What ends it."""
        return eventually(lambda: None if self.status()["status"] == "working" else self.ask())  # type: ignore[no-any-return]


def start(client: Client, name: str, *, user: str = "", **arguments: Any) -> Job:
    headers = {"Authorization": f"Bearer {user}"} if user else {}
    answer = ask(client, "tools/call", URL, headers, name=name, arguments=arguments).json()["result"]
    (content,) = answer["content"]
    told = json.loads(content["text"])
    assert told["status"] == "working"
    assert "get_background_task_result" in told["message"]
    return Job(client, told["taskId"], headers)


@pytest.fixture(params=["app.callback", "dash.callback"])
def slow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """An app with background callbacks; while the file is there that this gives, the slow one goes on."""
    import diskcache

    on = tmp_path / "on"
    on.touch()
    with diskcache.Cache(str(tmp_path / "results")) as cache:
        app = DjangoDash("Sums", enable_mcp=True, background_callback_manager=dash.DiskcacheManager(cache))
        app.layout = html.Div([dcc.Input(id="a", value=1), *(html.Div(id=ident) for ident in ("out", "bad", "bar"))])
        register = app.callback if request.param == "app.callback" else dash.callback

        @register(Output("out", "children"), Input("a", "value"), background=True, progress=Output("bar", "children"))
        def double(set_progress: Any, a: int, user: Any) -> str:
            set_progress("half")
            while on.exists():
                time.sleep(0.02)
            return f"{user} has {2 * a}"

        @register(Output("bad", "children"), Input("a", "value"), background=True)
        def fail(a: int) -> str:
            raise ValueError("the secret of the worker")

        yield on
        on.unlink(missing_ok=True)
        managers.forget_managers()


@in_the_background
def test_a_client_gets_progress_and_then_the_result(slow: Path) -> None:
    client = Client()
    assert list(tools(client)["double"]["inputSchema"]["properties"]) == ["a"]
    job = start(client, "double", user="ada", a=4)
    assert eventually(lambda: job.status().get("statusMessage")) == "['half']"
    slow.unlink()
    assert output_of(job.answer(), "out") == "ada has 8"


@in_the_background
def test_an_error_in_the_worker_shows_its_text_to_developers_only(slow: Path, caplog: pytest.LogCaptureFixture) -> None:
    for dev_tools in (False, True):
        list(registry)[-1].backend.show_errors = dev_tools
        with caplog.at_level(logging.CRITICAL):
            answer = start(Client(), "fail", a=4).answer()
        assert ("the secret of the worker" in answer["message"]) is dev_tools
        assert ("The server could not answer." in answer["message"]) is not dev_tools
        assert "Traceback" not in answer["message"]


@in_the_background
def test_a_client_cancels_a_job(slow: Path) -> None:
    job = start(Client(), "double", a=4)
    eventually(lambda: job.status().get("statusMessage"))  # one that has not begun ends well, without a result
    assert json.loads(job.ask("cancel_background_task")["content"][0]["text"])["status"] == "cancelled"
    assert job.status()["status"] == "failed"


@in_the_background
def test_a_job_answers_no_other_client(slow: Path, caplog: pytest.LogCaptureFixture) -> None:
    job = start(Client(), "double", user="ada", a=4)
    slow.unlink()
    of_bob = job._replace(headers={"Authorization": "Bearer bob"})
    forged = job._replace(task=job.task.replace("double:", "double:0", 1))
    with caplog.at_level(logging.CRITICAL):
        for tool in ("get_background_task_result", "cancel_background_task"):
            assert "has 8" not in json.dumps(of_bob.ask(tool))
            assert "Invalid taskId" in forged.ask(tool)["message"]
    assert output_of(job.answer(), "out") == "ada has 8"
