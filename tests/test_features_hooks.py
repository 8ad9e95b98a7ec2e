"""``dash.hooks`` of every kind and plugins, with several apps: each app gets them, and each speaks for itself."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from typing import Any

import dash
import pytest
from dash import Input, Output, ctx, dcc, hooks, html
from dash._hooks import HooksManager
from django.http import HttpResponse, JsonResponse
from django.test import AsyncClient, Client

from django_plotly_dash import DjangoDash, context

from .feature_apps import answer, ask, ask_async, body_of, dependency, new_client, new_name, out, page, specs, url_of

IN, OUTPUT = Input("in", "value"), Output("out", "children")
KINDS = {
    "setup",
    "layout",
    "route",
    "error",
    "callback",
    "clientside_callback",
    "script",
    "stylesheet",
    "index",
    "custom_data",
    "devtool",
}
OF_WEBSOCKETS = {"websocket_connect", "websocket_message"}


@pytest.fixture(autouse=True)
def _hooks() -> Iterator[None]:
    """Hooks of a test are forgotten after it."""
    kept = {name: copy.copy(value) for name, value in vars(hooks).items()}
    kept["_ns"] = {name: list(value) for name, value in hooks._ns.items()}
    yield
    vars(hooks).update(kept)


def make(**kwargs: Any) -> DjangoDash:
    app = DjangoDash(new_name(), **{"dev_tools": False, **kwargs})
    app.layout = html.Div(id="out")
    return app


def two(**kwargs: Any) -> tuple[DjangoDash, DjangoDash]:
    return make(**kwargs), make(**kwargs)


def layout_of(app: DjangoDash) -> Any:
    return new_client().get(url_of(app, "_dash-layout")).json()


def test_every_kind_of_hook_is_tested_here() -> None:
    registering = {name for name in dir(hooks) if not name.startswith("_")} - {"add_hook", "get_hooks"}
    assert registering - KINDS - OF_WEBSOCKETS == set()


# --- setup and layout -------------------------------------------------------------------------------------------


def test_setup_gets_each_app_when_it_is_made() -> None:
    seen: list[Any] = []
    hooks.setup()(lambda app: seen.append((app, dash.get_app())))
    apps = two()
    assert seen == [(app, app) for app in apps]


def test_hooks_of_layout_wrap_the_layout_of_each_request_in_order() -> None:
    hooks.layout(final=True)(lambda layout: html.Div([layout, "final"]))
    hooks.layout(priority=1)(lambda layout: html.Div([layout, "low"]))
    hooks.layout(priority=2)(lambda layout: html.Div([layout, dash.get_app().slug]))
    for app in two():
        for _ in range(2):
            final = layout_of(app)["props"]["children"]
            low = final[0]["props"]["children"]
            high = low[0]["props"]["children"]
            assert (final[1], low[1], high[1], high[0]["props"]["id"]) == ("final", "low", app.slug, "out")


def test_a_hook_of_layout_sees_the_request() -> None:
    hooks.layout()(lambda layout: html.Div([layout, context.require().request.GET["colour"]]))
    app = make()
    shown = new_client().get(url_of(app, "_dash-layout"), {"colour": "red"}).json()
    assert shown["props"]["children"][1] == "red"


def test_a_second_final_hook_is_refused() -> None:
    hooks.layout(final=True)(lambda layout: layout)
    with pytest.raises(dash.exceptions.HookError):
        hooks.layout(final=True)(lambda layout: layout)


# --- routes -----------------------------------------------------------------------------------------------------


def answer_plain() -> str:
    return f"plain of {dash.get_app().slug}"


def answer_django() -> HttpResponse:
    return HttpResponse(f"django of {context.require().app.slug}", status=201)


def answer_json() -> dict[str, str]:
    return {"json of": dash.get_app().slug}


async def answer_async() -> JsonResponse:
    return JsonResponse({"async of": dash.get_app().slug})


ROUTES: list[tuple[Any, int, str]] = [
    (answer_plain, 200, "plain of SLUG"),
    (answer_django, 201, "django of SLUG"),
    (answer_json, 200, '{"json of":"SLUG"}'),
    (answer_async, 200, '{"async of": "SLUG"}'),
]


@pytest.mark.parametrize(("function", "status", "text"), ROUTES)
async def test_a_route_answers_below_every_app(function: Any, status: int, text: str) -> None:
    hooks.route(name="more/told")(function)
    for app in two():
        response = await AsyncClient().get(url_of(app, "more/told"))
        assert response.status_code == status
        assert response.content.decode() == text.replace("SLUG", app.slug)


@pytest.mark.parametrize(("function", "status", "text"), ROUTES)
def test_a_route_answers_without_an_event_loop(function: Any, status: int, text: str) -> None:
    hooks.route(name="more/told")(function)
    for app in two():
        response = Client().get(url_of(app, "more/told"))
        assert (response.status_code, response.content.decode()) == (status, text.replace("SLUG", app.slug))


def test_a_route_takes_its_name_from_the_function_and_has_variables() -> None:
    def told() -> str:
        return "told"

    hooks.route()(told)
    hooks.route(name="item/<int:number>")(lambda number: str(number + 1))
    app = make()
    assert Client().get(url_of(app, "told")).content == b"told"
    assert Client().get(url_of(app, "item/41")).content == b"42"


def test_a_route_that_takes_posts_asks_for_the_csrf_token() -> None:
    hooks.route(name="told", methods=["POST"])(lambda: "told")
    app = make()
    client = Client(enforce_csrf_checks=True)
    client.get(url_of(app))
    token = client.cookies["csrftoken"].value
    assert client.post(url_of(app, "told")).status_code == 403
    assert client.post(url_of(app, "told"), headers={"X-CSRFToken": token}).content == b"told"
    assert client.get(url_of(app, "told")).status_code == 405


def test_a_startup_route_answers_below_every_app_made_after_it() -> None:
    kept = list(dash.Dash.STARTUP_ROUTES)
    try:
        dash.Dash.add_startup_route("told", lambda: f"told of {dash.get_app().slug}", ["GET"])
        for app in two():
            assert Client().get(url_of(app, "_dash_startup_route/told")).content.decode() == f"told of {app.slug}"
    finally:
        dash.Dash.STARTUP_ROUTES = kept


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_functions_around_a_request_are_called_whatever_their_colour(colour: str, server: str) -> None:
    seen: list[str] = []

    def before() -> None:
        seen.append(f"before {dash.get_app().slug}")

    def after(response: HttpResponse) -> HttpResponse:
        response["X-After"] = dash.get_app().slug
        return response

    async def before_async() -> None:
        before()

    async def after_async(response: HttpResponse) -> HttpResponse:
        return after(response)

    app, other = two()
    app.backend.before_request(before if colour == "sync" else before_async)
    app.backend.after_request(after if colour == "sync" else after_async)

    async def asked() -> Any:
        return await AsyncClient().get(url_of(app, "_dash-layout"))

    response = asyncio.run(asked()) if server == "asgi" else Client().get(url_of(app, "_dash-layout"))
    assert (response["X-After"], seen) == (app.slug, [f"before {app.slug}"])
    assert "X-After" not in Client().get(url_of(other, "_dash-layout"))


# --- callbacks --------------------------------------------------------------------------------------------------


def test_a_callback_of_a_hook_belongs_to_every_app_and_gets_extras() -> None:
    @hooks.callback(OUTPUT, IN, prevent_initial_call=True)
    def show(value: int, dash_app_id: str, *, request: Any) -> str:
        return f"{value} {dash_app_id} {dash.get_app().slug} {request.method} {ctx.triggered_id}"

    for app in two():
        assert out(app, 3) == f"3 {app.slug} {app.slug} POST in"
        assert specs(app)["out.children"]["prevent_initial_call"] is True


async def test_an_async_callback_of_a_hook() -> None:
    @hooks.callback(OUTPUT, IN)
    async def show(value: int, dash_app_id: str) -> str:
        return f"{value} {dash_app_id}"

    for app in two():
        response = await ask_async(app, body_of([dependency("in.value", 3)]))
        assert json.loads(response.content)["response"] == {"out": {"children": f"3 {app.slug}"}}


def test_a_callback_of_a_hook_that_nobody_can_fill_raises_when_an_app_is_made() -> None:
    hooks.callback(OUTPUT, IN)(lambda value, usr: value)
    with pytest.raises(TypeError, match="nobody can fill 'usr'"):
        make()


def test_a_clientside_callback_of_a_hook_is_on_the_page_of_every_app() -> None:
    hooks.clientside_callback("function(v) { return 'hooked' + v; }", OUTPUT, IN)
    for app in two():
        assert page(app).count("return 'hooked' + v;") == 1
        spec = specs(app)["out.children"]
        assert spec["clientside_function"]["function_name"] in page(app)


# --- errors -----------------------------------------------------------------------------------------------------


def failing(app: DjangoDash) -> DjangoDash:
    @app.callback(OUTPUT, IN)
    def fail(value: int) -> None:
        raise ValueError("the secret of the callback")

    return app


@pytest.mark.parametrize("own", [None, lambda error: "by the app"])
def test_a_hook_of_error_is_told_in_every_app(own: Any) -> None:
    seen: list[Any] = []

    @hooks.error()
    def told(error: Exception) -> str:
        seen.append((str(error), dash.get_app().slug, ctx.triggered_id))
        return "by the hook"

    apps = [failing(app) for app in two(on_error=own)]
    assert [out(app) for app in apps] == ["by the app" if own else "by the hook"] * 2
    assert seen == [("the secret of the callback", app.slug, "in") for app in apps]


@pytest.mark.parametrize("kind", ["error", "layout", "custom_data", "index", "route"])
@pytest.mark.parametrize("debug", [False, True])
def test_an_error_in_a_hook_is_logged_and_shows_nothing_of_itself_without_debug(
    kind: str, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("the secret of the hook")

    register = {"custom_data": lambda: hooks.custom_data("told"), "route": lambda: hooks.route(name="told")}
    register.get(kind, getattr(hooks, kind))()(fail)
    app = failing(make(dev_tools=debug))
    headers = {"Accept": "application/json"}
    if kind in ("error", "custom_data"):
        response = ask(app, body_of([dependency("in.value", 1)]), headers=headers)
    else:
        path = {"layout": "_dash-layout", "index": "", "route": "told"}[kind]
        response = new_client().get(url_of(app, path), headers=headers)
    assert response.status_code == 500
    assert (b"the secret of the hook" in response.content) is debug
    assert "the secret of the hook" in caplog.text


# --- the page ---------------------------------------------------------------------------------------------------


def test_scripts_and_style_sheets_of_hooks_are_on_every_page() -> None:
    hooks.script([{"external_url": "https://cdn.example/a.js", "external_only": True}])
    hooks.stylesheet([{"external_url": "https://cdn.example/a.css", "external_only": True}])
    for app in two():
        assert '<script src="https://cdn.example/a.js"></script>' in page(app)
        assert '<link rel="stylesheet" href="https://cdn.example/a.css">' in page(app)


def test_a_script_of_a_hook_in_a_package_is_served_by_every_app() -> None:
    import dash_ag_grid

    hooks.script([{"namespace": "dash_ag_grid", "relative_package_path": "package-info.json"}])
    for app in two():
        found = next(part for part in page(app).split('"') if "package-info" in part)
        assert found.startswith("/dash/_dash-component-suites/dash_ag_grid/package-info")
        response = Client().get(found)
        assert json.loads(response.content)["version"] == dash_ag_grid.__version__


def test_hooks_of_index_change_every_page_in_order() -> None:
    hooks.index(priority=2)(lambda index: index.replace("</body>", f"first {dash.get_app().slug}</body>"))
    hooks.index(priority=1)(lambda index: index.replace("</body>", ", second</body>"))
    hooks.index(final=True)(lambda index: index.replace("</body>", ", final</body>"))
    for app in two():
        assert f"first {app.slug}, second, final" in page(app)


@pytest.mark.parametrize("shown", [True, False])
def test_a_component_in_the_dev_tools_is_told_where_they_are_on(shown: bool) -> None:
    hooks.devtool("dash_html_components", "B", lambda: {"id": dash.get_app().slug}, position="left")
    for app in two(dev_tools=shown):
        config = json.loads(page(app).split('id="_dash-config" type="application/json">')[1].split("</script>")[0])
        told = [(tool["type"], tool["props"], tool["position"]) for tool in config.get("dev_tools", [])]
        assert told == ([("B", {"id": app.slug}, "left")] if shown else [])


# --- data for callbacks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_custom_data_of_hooks_reach_the_callback(colour: str) -> None:
    hooks.custom_data("who")(
        lambda context_value: f"{dash.get_app().slug} {context_value.triggered_inputs[0]['value']}"
    )
    hooks.custom_data("where")(lambda context_value: context.require().request.path)

    def show(value: int, callback_context: Any) -> str:
        return f"{ctx.custom_data.who} {callback_context.custom_data['where']}"

    async def show_async(value: int, callback_context: Any) -> str:
        return show(value, callback_context)

    for app in two():
        app.callback(OUTPUT, IN)(show if colour == "sync" else show_async)
        assert out(app, 3) == f"{app.slug} 3 {url_of(app, '_dash-update-component')}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_a_hook_of_custom_data_may_ask_the_database_on_an_event_loop(colour: str) -> None:
    from django.contrib.auth.models import User

    hooks.custom_data("users")(lambda context_value: User.objects.count())

    async def show(value: int) -> int:
        return ctx.custom_data.users

    app = make()
    app.callback(OUTPUT, IN)(show if colour == "async" else lambda value: ctx.custom_data.users)
    response = await ask_async(app, body_of([dependency("in.value", 3)]))
    assert json.loads(response.content)["response"] == {"out": {"children": 0}}


# --- plugins and packages ---------------------------------------------------------------------------------------


class Plugin:
    """What a plugin does: it gets the app while it is made."""

    def plug(self, app: DjangoDash) -> None:
        self.app, self.seen = app, dash.get_app()
        app.title = "plugged"
        app.callback(Output("plugged", "children"), IN)(lambda value, dash_app_id: f"{value} {dash_app_id}")
        app.clientside_callback("function(v) { return 'plug' + v; }", Output("client", "children"), IN)


def test_a_plugin_is_plugged_into_its_app_alone() -> None:
    plugin = Plugin()
    app, other = make(plugins=[plugin]), make()
    assert plugin.app is plugin.seen is app
    asked = body_of(
        [dependency("in.value", 1)], output="plugged.children", outputs={"id": "plugged", "property": "children"}
    )
    assert answer(app, asked) == {"plugged": {"children": f"1 {app.slug}"}}
    assert "<title>plugged</title>" in page(app)
    assert "return 'plug' + v" in page(app)
    assert "plug" not in page(other)
    assert specs(other) == {}


def test_hooks_of_installed_packages_are_found_by_their_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        group = "dash_hooks"

        def load(self) -> None:
            hooks.layout()(lambda layout: html.Div([layout, "by a package"]))

    class Distribution:
        entry_points = (Entry(),)

    monkeypatch.setattr(HooksManager, "_registered", False)
    monkeypatch.setattr("dash._hooks._importlib_metadata.distributions", lambda: [Distribution()])
    assert layout_of(make())["props"]["children"][1] == "by a package"


def test_a_hook_that_adds_components_can_be_the_target_of_its_own_callback() -> None:
    hooks.layout()(lambda layout: html.Div([layout, dcc.Input(id="hooked"), html.P(id="heard")]))
    hooks.callback(Output("heard", "children"), Input("hooked", "value"))(lambda value: f"heard {value}")
    app = make()
    asked = body_of(
        [dependency("hooked.value", 1)], output="heard.children", outputs={"id": "heard", "property": "children"}
    )
    assert answer(app, asked) == {"heard": {"children": "heard 1"}}
