from __future__ import annotations

import asyncio
import inspect
import json
import logging
import threading
from typing import Any

import dash
import pytest
from asgiref.sync import async_to_sync
from dash import Input, Output, dcc, html
from dash.backends.base_server import BaseDashServer
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import AsyncClient, Client

from django_plotly_dash import DjangoDash
from django_plotly_dash.backend import DjangoDashServer
from django_plotly_dash.exceptions import ConfigurationError

from .helpers import call, post, result

PAGE = "/dash/app/served/"


def layout() -> html.Div:
    return html.Div([dcc.Input(id="in"), html.Div(id="out")])


def served(*, with_layout: bool = True, **kwargs: Any) -> DjangoDash:
    app = DjangoDash("Served", **kwargs)
    if with_layout:
        app.layout = layout()

    @app.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> str:
        return value

    return app


def get(colour: str, path: str = "") -> Any:
    """The answer to a GET, under WSGI or ASGI."""
    if colour == "sync":
        return Client().get(PAGE + path)
    return async_to_sync(AsyncClient().get)(PAGE + path)


both_colours = pytest.mark.parametrize("colour", ["sync", "async"])


# --- the contract -----------------------------------------------------------------------------------------------


def test_every_abstract_method_of_dashs_contract_is_our_own() -> None:
    abstract = BaseDashServer.__abstractmethods__
    assert len(abstract) > 10, "Dash's contract has lost its abstract methods: look for what took their place"
    assert abstract <= set(vars(DjangoDashServer))


@pytest.mark.parametrize("name", sorted(BaseDashServer.__abstractmethods__))
def test_our_methods_take_what_dash_passes(name: str) -> None:
    contract = inspect.signature(getattr(BaseDashServer, name))
    ours = inspect.signature(getattr(DjangoDashServer, name))
    assert len(ours.parameters) == len(contract.parameters)
    needed = [p for p in ours.parameters.values() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    allowed = [p for p in contract.parameters.values() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    assert len(needed) <= len(allowed)


@pytest.mark.parametrize("name", ["__call__", "setup_backend"])
def test_optional_methods_that_matter_here_are_our_own_too(name: str) -> None:
    assert name in vars(DjangoDashServer)


def test_attributes_of_the_contract_are_set() -> None:
    backend = served().backend
    assert backend.server_type == "django"
    assert backend.config == {}
    assert backend.server is served().server or backend.server is not None
    assert issubclass(backend.request_adapter, dash.backends.base_server.RequestAdapter)
    assert issubclass(backend.response_adapter, dash.backends.base_server.ResponseAdapter)
    assert backend.websocket_capability is True


def test_an_app_is_no_server_of_its_own() -> None:
    app = served()
    with pytest.raises(ConfigurationError, match=r"Include django_plotly_dash\.urls"):
        app({}, lambda *_: None)
    with pytest.raises(ConfigurationError, match=r"manage\.py runserver 127\.0\.0\.1:8050"):
        app.run()


def test_has_request_context_is_true_only_in_a_request(client: Client) -> None:
    app = served()
    seen = []
    app.backend.before_request(lambda: seen.append(app.backend.has_request_context()))
    client.get(PAGE)
    assert seen == [True]
    assert not app.backend.has_request_context()


def test_make_response_and_jsonify_give_djangos_responses() -> None:
    backend = served().backend
    made = backend.make_response("x", mimetype="text/plain", status=201)
    assert isinstance(made, HttpResponse)
    assert (made.status_code, made.content, made.headers["Content-Type"]) == (201, b"x", "text/plain")
    assert json.loads(backend.jsonify({"a": [1]}).content) == {"a": [1]}


def test_only_the_methods_of_a_route_are_answered(client: Client) -> None:
    served()
    assert client.get(PAGE + "_dash-update-component").status_code == 405
    assert client.post(PAGE + "_dash-layout").status_code == 405
    assert client.post(PAGE).status_code == 405
    assert client.head(PAGE + "_dash-layout").status_code == 200


# --- before and after requests ----------------------------------------------------------------------------------


@both_colours
@pytest.mark.parametrize("function_colour", ["sync", "async"])
def test_functions_run_before_each_request(colour: str, function_colour: str) -> None:
    app = served()
    seen: list[str] = []

    def note() -> None:
        seen.append(dash.get_app().app_name)

    async def note_async() -> None:
        await asyncio.sleep(0)
        note()

    app.backend.before_request(note if function_colour == "sync" else note_async)
    assert get(colour, "_dash-layout").status_code == 200
    assert get(colour, "_dash-layout").status_code == 200
    assert seen == ["Served", "Served"]


@both_colours
@pytest.mark.parametrize("function_colour", ["sync", "async"])
def test_functions_run_after_each_request_and_may_replace_the_response(colour: str, function_colour: str) -> None:
    app = served()

    def mark(response: HttpResponse) -> None:
        response.headers["X-Mark"] = "1"

    def replace(response: HttpResponse) -> HttpResponse:
        return HttpResponse(b"replaced", headers={"X-Mark": response.headers["X-Mark"] + "2"})

    async def mark_async(response: HttpResponse) -> None:
        mark(response)

    async def replace_async(response: HttpResponse) -> HttpResponse:
        return replace(response)

    for function in (mark, replace) if function_colour == "sync" else (mark_async, replace_async):
        app.backend.after_request(function)
    response = get(colour, "_dash-layout")
    assert response.content == b"replaced"
    assert response.headers["X-Mark"] == "12"


@pytest.mark.django_db(transaction=True)
@both_colours
def test_functions_around_requests_may_ask_the_database(colour: str) -> None:
    app = served()
    seen = []
    app.backend.before_request(lambda: seen.append(User.objects.count()))
    app.backend.after_request(lambda response: seen.append(User.objects.count()))
    assert get(colour, "_dash-layout").status_code == 200
    assert seen == [0, 0]


def test_what_a_function_before_the_request_raises_is_the_answer(caplog: Any) -> None:
    def refuse() -> None:
        raise ValueError("not today")

    served().backend.before_request(refuse)
    assert Client(raise_request_exception=False).get(PAGE + "_dash-layout").status_code == 500
    assert "not today" in caplog.text


@both_colours
@pytest.mark.parametrize("function_colour", ["sync", "async"])
def test_a_rule_that_is_added_by_hand_is_answered_in_either_colour(colour: str, function_colour: str) -> None:
    def give(number: int) -> dict[str, int]:
        return {"number": number}

    async def give_async(number: int) -> dict[str, int]:
        await asyncio.sleep(0)
        return give(number)

    served().backend.add_url_rule("/own/<int:number>", give if function_colour == "sync" else give_async)
    assert get(colour, "own/7").json() == {"number": 7}


# --- set-up before the first request ----------------------------------------------------------------------------


def test_two_first_requests_at_once_set_up_once(monkeypatch: Any) -> None:
    app = served()
    count, ready, set_up = [], threading.Barrier(2, timeout=30), DjangoDash._setup_server

    def counted(self: DjangoDash) -> None:
        count.append(self)
        threading.Event().wait(0.05)  # long enough that the other request comes by
        set_up(self)

    app.backend._set_up = [lambda: counted(app)]
    statuses: list[int] = []

    def ask() -> None:
        ready.wait()
        statuses.append(call(Client(), app, "out.children", "x").status_code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200, 200]
    assert count == [app]


def test_set_up_that_failed_is_tried_again_by_the_next_request() -> None:
    app = served(with_layout=False)
    client = Client(raise_request_exception=False)
    assert client.get(PAGE + "_dash-layout").status_code == 500
    app.layout = layout()
    assert client.get(PAGE + "_dash-layout").status_code == 200
    assert result(call(client, app, "out.children", "x")) == "x"


def test_scripts_of_assets_are_linked_once_though_set_up_was_tried_twice(tmp_path: Any) -> None:
    (tmp_path / "own.js").write_text("1")
    (tmp_path / "own.css").write_text("a{}")
    app = served(with_layout=False, assets_folder=str(tmp_path))
    client = Client(raise_request_exception=False)
    assert client.get(PAGE).status_code == 500
    app.layout = layout()
    page = client.get(PAGE).content.decode()
    assert page.count("assets/own.js") == page.count("assets/own.css") == 1


# --- timing -----------------------------------------------------------------------------------------------------


def timed(**kwargs: Any) -> DjangoDash:
    app = DjangoDash("Served", **kwargs)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    @app.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> str:
        dash.ctx.record_timing("query", 1.25, "asks the database")
        dash.ctx.record_timing("plain", 0.002)
        return value

    return app


def test_dev_tools_show_timings_in_a_header(client: Client) -> None:
    app = timed(dev_tools=True)
    entries = call(client, app, "out.children", "x").headers["Server-Timing"].split(", ")
    assert entries[0].startswith("__dash_server;dur=")
    assert entries[1:] == ['query;desc="asks the database";dur=1250', "plain;dur=2"]
    assert result(call(client, app, "out.children", "again")) == "again"  # names are free again


def test_a_header_that_a_callback_set_keeps_its_entries(client: Client) -> None:
    app = DjangoDash("Served", dev_tools=True)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    @app.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> str:
        dash.ctx.response.set_header("Server-Timing", "own;dur=1")
        return value

    header = call(client, app, "out.children", "x").headers["Server-Timing"]
    assert header.startswith("own;dur=1, __dash_server;dur=")


def test_without_dev_tools_timings_are_recorded_for_nobody(client: Client) -> None:
    response = call(client, timed(), "out.children", "x")
    assert result(response) == "x"
    assert "Server-Timing" not in response.headers


@pytest.mark.parametrize("description", ['say "hi"', "two\nlines", "ünï"])
def test_no_description_of_a_timing_breaks_the_answer(client: Client, description: str) -> None:
    app = DjangoDash("Served", dev_tools=True)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    @app.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> str:
        dash.ctx.record_timing("query", 1, description)
        return value

    response = call(client, app, "out.children", "x")
    assert result(response) == "x"
    assert "query;desc=" in response.headers["Server-Timing"]
    assert "\n" not in response.headers["Server-Timing"]


# --- compression, health, favicon, redirects, reload hash -------------------------------------------------------


@pytest.mark.parametrize("name", ["django_plotly_dash", "dash"])
def test_compression_is_left_to_djangos_middleware(caplog: Any, settings: Any, name: str) -> None:
    with caplog.at_level(logging.WARNING, name):
        served()
        assert caplog.text == ""
        served(compress=True)
    assert caplog.text.count("add 'django.middleware.gzip.GZipMiddleware' to settings.MIDDLEWARE") == 1
    caplog.clear()
    settings.MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *settings.MIDDLEWARE]
    served(compress=True)
    assert caplog.text == ""


def test_the_gzip_middleware_compresses_bundles_pages_and_callbacks(settings: Any) -> None:
    settings.MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *settings.MIDDLEWARE]
    app = served()
    client = Client(headers={"Accept-Encoding": "gzip"})
    page = client.get(PAGE)
    client.get(PAGE + "_dash-layout")
    bundle = client.get(PAGE + "_dash-component-suites/dash/dcc/dash_core_components.js")
    answer = call(client, app, "out.children", "x" * 1000)
    for response in (page, bundle, answer):
        assert response.status_code == 200
        assert response.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", ["healthz", "health/live"])
def test_the_health_endpoint_answers_ok(client: Client, path: str) -> None:
    served(health_endpoint=path)
    response = client.get(PAGE + path)
    assert (response.status_code, response.content) == (200, b"OK")
    assert response.headers["Content-Type"] == "text/plain"


def test_without_a_health_endpoint_the_path_is_a_page(client: Client) -> None:
    served()
    assert client.get(PAGE + "health").headers["Content-Type"].startswith("text/html")


def test_the_default_favicon_is_dashs(client: Client) -> None:
    served()
    page = client.get(PAGE).content.decode()
    assert f'href="{PAGE}_favicon.ico?v={dash.__version__}"' in page
    icon = client.get(PAGE + "_favicon.ico")
    assert icon.headers["Content-Type"] == "image/x-icon"
    assert icon.content[:4] == b"\x00\x00\x01\x00"


@pytest.mark.parametrize("name", ["favicon.ico", "icons/favicon.ico"])
def test_a_favicon_in_assets_is_the_pages(client: Client, tmp_path: Any, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"\x00\x00\x01\x00own")
    served(assets_folder=str(tmp_path))
    response = client.get(PAGE)
    assert response.status_code == 200
    (link,) = [line for line in response.content.decode().splitlines() if 'rel="icon"' in line]
    url = link.split('href="')[1].split('"')[0]
    assert url.startswith(f"{PAGE}assets/{name}?m=")
    assert client.get(url).content == b"\x00\x00\x01\x00own"


@pytest.mark.parametrize("query", ["", "?a=1&b=%C3%BC"])
def test_a_redirect_keeps_the_prefix_of_the_request_and_the_query(client: Client, query: str) -> None:
    app = served()
    app.backend.add_redirect_rule(app, app.get_relative_path("/old/place"), app.get_relative_path("/new"))
    response = client.get(f"{PAGE}old/place{query}")
    assert response.status_code == 301
    assert response.headers["Location"] == f"{PAGE}new{query}"


def test_the_reload_hash_is_the_apps(client: Client) -> None:
    app = served()
    app._hot_reload.hash = "abc"
    answer = client.get(PAGE + "_reload-hash").json()
    assert answer["reloadHash"] == "abc"
    assert answer["hard"] is False
    assert answer["files"] == []
    assert {"dash", "plotly"} & set(answer["packages"])


# --- pages ------------------------------------------------------------------------------------------------------


@both_colours
@pytest.mark.parametrize("path", ["", "deep/link", "assets/"])
def test_every_page_of_an_app_is_its_index_and_may_be_framed_by_the_site(colour: str, path: str) -> None:
    served()
    response = get(colour, path)
    assert response.status_code == 200
    assert b"_dash-config" in response.content
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert response.cookies["csrftoken"].value


def test_a_mark_of_an_app_that_is_built_at_import_becomes_the_prefix_of_the_request(client: Client) -> None:
    app = served()
    app.layout = html.Div(html.Img(src=app.get_asset_url("logo.png")))
    text = client.get(PAGE + "_dash-layout").content.decode()
    assert "~dpd~" not in text
    assert json.loads(text)["props"]["children"]["props"]["src"] == f"{PAGE}assets/logo.png"


def test_a_callback_that_is_none_of_the_apps_is_not_answered(client: Client) -> None:
    app = served()
    body = {"output": "nowhere.children", "inputs": [], "outputs": []}
    assert post(client, app, body).status_code == 404
