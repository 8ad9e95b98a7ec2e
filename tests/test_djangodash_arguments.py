"""Every argument of ``dash.Dash`` passes through ``DjangoDash``. The table at the end says which test shows it."""

from __future__ import annotations

import inspect
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dash
import diskcache
import pytest
from dash import DiskcacheManager, Input, Output, State, dcc, html
from django.test import Client
from django.utils.autoreload import BaseReloader, autoreload_started

from django_plotly_dash import DjangoDash
from django_plotly_dash.backend import DjangoDashServer
from django_plotly_dash.exceptions import ConfigurationError

from .helpers import call, callback_body, needs_signed_handles, post, result

URL = "/dash/app/argued/"
PARAMETERS = [name for name in inspect.signature(dash.Dash.__init__).parameters if name not in ("self", "obsolete")]


def needs(argument: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(argument not in PARAMETERS, reason=f"this Dash has no argument {argument}")


def argued(**kwargs: Any) -> DjangoDash:
    app = DjangoDash("Argued", **kwargs)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out"), dcc.Graph()])

    @app.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> str:
        if value == "fail":
            raise ValueError("it fails")
        return value

    return app


def page(path: str = "") -> str:
    response = Client().get(URL + path)
    assert response.status_code == 200
    return str(response.content.decode())


def config_of(text: str) -> dict[str, Any]:
    """The configuration that a page hands to the renderer."""
    return dict(json.loads(text.split('<script id="_dash-config" type="application/json">')[1].split("</script>")[0]))


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    folder = tmp_path / "things"
    for name in ("own.js", "own.css", "skipped.js", "private/hidden.js", "sub/deep.js"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("/* it */")
    return folder


# --- who the app is, and who serves it --------------------------------------------------------------------------


def test_name_identifies_the_app() -> None:
    app = argued()
    assert (app.app_name, app.slug) == ("Argued", "argued")
    assert app.config.name == __name__  # what Dash calls name: beside that module it looks for assets
    assert "_dash-config" in page()


@pytest.mark.parametrize("server", [True, False, None])
def test_server_that_dash_would_make_is_accepted(server: bool | None) -> None:
    argued(server=server)
    assert "_dash-config" in page()


@pytest.mark.parametrize(
    "arguments",
    [{"server": object()}, {"server": lambda: None}, {"backend": "flask"}, {"backend": DjangoDashServer}],
    ids=["server object", "server function", "backend name", "backend class"],
)
def test_server_or_backend_of_another_kind_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"'Argued' was given a server or a backend\. Django is both"):
        argued(**arguments)


def test_backend_none_is_django() -> None:
    assert isinstance(argued(backend=None).backend, DjangoDashServer)


# --- URLs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {"url_base_pathname": "/base/"},
        {"routes_pathname_prefix": "/routes/"},
        {"requests_pathname_prefix": "/requests/"},
        {"routes_pathname_prefix": "/routes/", "requests_pathname_prefix": "/requests/routes/"},
    ],
    ids=["url_base_pathname", "routes_pathname_prefix", "requests_pathname_prefix", "two of them"],
)
def test_prefixes_are_accepted_and_django_places_the_app(client: Client, arguments: dict[str, str]) -> None:
    app = argued(health_endpoint="health", **arguments)
    text = page()
    assert config_of(text)["requests_pathname_prefix"] == URL
    assert 'src="/dash/_dash-component-suites/' in text
    assert client.get(f"{URL}_dash-layout").status_code == 200
    assert client.get(f"{URL}_dash-dependencies").status_code == 200
    assert client.get(f"{URL}health").content == b"OK"
    assert result(call(client, app, "out.children", "x")) == "x"
    for prefix in arguments.values():
        assert client.get(f"{prefix}_dash-layout").status_code == 404


# --- assets -----------------------------------------------------------------------------------------------------


def test_assets_folder_is_linked_in_order_and_served(client: Client, assets: Path) -> None:
    argued(assets_folder=str(assets))
    text = page()
    places = [text.index(f"{URL}assets/{name}") for name in ("own.js", "skipped.js", "private/hidden.js", "sub/deep")]
    assert places == sorted(places)
    assert client.get(f"{URL}assets/own.css").content == b"/* it */"


def test_assets_folder_is_looked_for_beside_the_module() -> None:
    assert argued(assets_folder="things").config.assets_folder == str(Path(__file__).parent / "things")


@pytest.mark.parametrize("path", ["files", "/files", "deep/files"])
def test_assets_url_path_is_where_assets_are(client: Client, assets: Path, path: str) -> None:
    app = argued(assets_folder=str(assets), assets_url_path=path)
    place = f"{URL}{path.strip('/')}/own.css"
    assert f'href="{place}?m=' in page()
    assert client.get(place).content == b"/* it */"
    assert app.get_asset_url("own.css").endswith(f"/{path.strip('/')}/own.css")


def test_assets_ignore_leaves_files_out(assets: Path) -> None:
    argued(assets_folder=str(assets), assets_ignore="skip.*")
    text = page()
    assert "assets/own.js" in text
    assert "skipped.js" not in text


def test_assets_path_ignore_leaves_folders_out(assets: Path) -> None:
    argued(assets_folder=str(assets), assets_path_ignore=["private"])
    text = page()
    assert "assets/sub/deep.js" in text
    assert "hidden.js" not in text


@pytest.mark.parametrize("serve_locally", [True, False])
def test_assets_external_path_is_where_links_lead(assets: Path, serve_locally: bool) -> None:
    app = argued(
        assets_folder=str(assets), assets_external_path="https://cdn.example.com/", serve_locally=serve_locally
    )
    assert '"https://cdn.example.com/assets/own.js' in page()
    assert app.get_asset_url("logo.png") == "https://cdn.example.com/assets/logo.png"


def test_include_assets_files_false_links_none(client: Client, assets: Path) -> None:
    argued(assets_folder=str(assets), include_assets_files=False)
    assert "own.js" not in page()
    assert client.get(f"{URL}assets/own.js").status_code == 200


# --- scripts and styles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("eager", [True, False])
def test_eager_loading_links_what_is_loaded_later_otherwise(eager: bool) -> None:
    argued(eager_loading=eager)
    assert ("async-graph" in page()) is eager


def test_serve_locally_false_takes_bundles_from_the_cdn() -> None:
    argued(serve_locally=False)
    text = page()
    assert 'src="https://unpkg.com/dash-core-components' in text
    assert config_of(text)["plotlyjs_url"].startswith("https://cdn.plot.ly/")


@pytest.mark.parametrize("argument", [None, True, False])
@pytest.mark.parametrize("setting", [True, False])
def test_serve_locally_none_takes_the_setting(settings: Any, setting: bool, argument: bool | None) -> None:
    settings.PLOTLY_DASH = {"serve_locally": setting}
    argued(serve_locally=argument)
    locally = setting if argument is None else argument
    # It tells the renderer where plotly.js is, and nothing else.
    assert config_of(page())["plotlyjs_url"].startswith("/dash/_dash-component-suites/plotly/") is locally


def test_compress_says_that_djangos_middleware_does_it(caplog: Any) -> None:
    argued(compress=True)
    assert "GZipMiddleware" in caplog.text
    assert "_dash-config" in page()


def test_external_scripts_are_linked_before_the_renderer() -> None:
    argued(
        external_scripts=[
            "https://example.com/one.js",
            {"src": "https://example.com/two.js", "integrity": "sha384-x", "crossorigin": "anonymous"},
        ]
    )
    text = page()
    assert '<script src="https://example.com/one.js"></script>' in text
    two = text[text.index("https://example.com/two.js") :].split("</script>")[0]
    assert 'integrity="sha384-x"' in two
    assert text.index("one.js") < text.index("two.js") < text.index("dash_renderer")


@pytest.mark.parametrize("add_bootstrap_links", [True, False])
def test_external_stylesheets_are_linked_behind_bootstrap(add_bootstrap_links: bool) -> None:
    argued(
        add_bootstrap_links=add_bootstrap_links,
        external_stylesheets=["https://example.com/one.css", {"href": "https://example.com/two.css", "media": "print"}],
    )
    text = page()
    assert '<link rel="stylesheet" href="https://example.com/one.css">' in text
    assert 'media="print"' in text
    assert ("bootstrap.min.css" in text) is add_bootstrap_links
    if add_bootstrap_links:
        assert text.index("bootstrap.min.css") < text.index("one.css")


def test_external_lists_of_the_caller_are_left_as_they_are() -> None:
    scripts, styles = ["https://example.com/a.js"], ("https://example.com/a.css",)
    argued(add_bootstrap_links=True, external_scripts=scripts, external_stylesheets=styles)
    page()
    assert (scripts, styles) == (["https://example.com/a.js"], ("https://example.com/a.css",))


# --- the page ---------------------------------------------------------------------------------------------------


def test_title_is_the_pages() -> None:
    argued(title="Sales of the year")
    assert "<title>Sales of the year</title>" in page()


def test_update_title_reaches_the_renderer() -> None:
    argued(update_title="One moment …")
    assert config_of(page())["update_title"] == "One moment …"


def test_meta_tags_are_in_the_page() -> None:
    argued(meta_tags=[{"name": "robots", "content": "noindex"}, {"name": "viewport", "content": "width=500"}])
    text = page()
    assert '<meta name="robots" content="noindex">' in text
    assert text.count('name="viewport"') == 1


def test_index_string_is_the_pages_template() -> None:
    argued(
        index_string="<!doctype html><p>around it</p>{%metas%}{%favicon%}{%css%}{%app_entry%}{%config%}{%scripts%}"
        "{%renderer%}"
    )
    assert page().startswith("<!doctype html><p>around it</p>")


@pytest.mark.parametrize("value", [True, False])
def test_suppress_callback_exceptions_reaches_the_renderer(value: bool) -> None:
    argued(suppress_callback_exceptions=value)
    assert config_of(page())["suppress_callback_exceptions"] is value


@pytest.mark.parametrize("value", [True, False])
def test_prevent_initial_callbacks_is_the_default_of_each(client: Client, value: bool) -> None:
    argued(prevent_initial_callbacks=value)
    (entry,) = client.get(f"{URL}_dash-dependencies").json()
    assert entry["prevent_initial_call"] is value


@pytest.mark.parametrize("value", [True, False])
def test_show_undo_redo_reaches_the_renderer(value: bool) -> None:
    argued(show_undo_redo=value)
    assert config_of(page())["show_undo_redo"] is value


def test_hooks_reach_the_renderer() -> None:
    argued(hooks={"request_pre": "(payload) => { window.seen = payload; }"})
    assert "new DashRenderer({request_pre: (payload) => { window.seen = payload; }" in page()


@pytest.mark.parametrize(
    "arguments",
    [{"csrf_token_name": "_own"}, {"csrf_header_name": "X-Own"}, {"csrf_token_name": "a", "csrf_header_name": "b"}],
    ids=["csrf_token_name", "csrf_header_name", "both"],
)
def test_csrf_names_come_from_djangos_settings_and_others_are_warned_of(
    settings: Any, caplog: Any, arguments: dict[str, str]
) -> None:
    settings.CSRF_COOKIE_NAME, settings.CSRF_HEADER_NAME = "mine", "HTTP_X_MINE"
    argued(**arguments)
    for name in arguments:
        assert f"{name} has no effect: settings" in caplog.text
    assert "CSRF_COOKIE_NAME" in caplog.text
    config = config_of(page())
    assert (config["csrf_token_name"], config["csrf_header_name"]) == ("mine", "X-Mine")


# --- pages ------------------------------------------------------------------------------------------------------


def with_pages(**kwargs: Any) -> DjangoDash:
    app = DjangoDash("Argued", use_pages=True, **{"pages_folder": "", **kwargs})
    app.layout = html.Div([dash.page_container, dcc.Input(id="who", value="somebody")])
    return app


def routed(client: Client, app: DjangoDash, pathname: str, *states: dict[str, Any]) -> Any:
    """What the router of pages answers for a path."""
    output = next(key for key in app.callback_map if "_pages_content" in key)
    spec = app.callback_map[output]
    values = {"_pages_location.pathname": pathname, "_pages_location.search": ""}
    body = {
        "output": output,
        "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
        "inputs": [{**part, "value": values[f"{part['id']}.{part['property']}"]} for part in spec["inputs"]],
        "state": list(states),
        "changedPropIds": ["_pages_location.pathname"],
    }
    return post(client, app, body).json()["response"]["_pages_content"]["children"]


@pytest.mark.parametrize("use_async", [True, False])
def test_use_pages_routes_by_path(client: Client, use_async: bool) -> None:
    app = with_pages(use_async=use_async)
    dash.register_page("home", path="/", layout=html.H1("home"))
    dash.register_page("second", path="/second", layout=lambda: html.H1("second"))
    assert "_dash-config" in page("second")
    assert routed(client, app, URL)["props"]["children"] == "home"
    assert routed(client, app, f"{URL}second")["props"]["children"] == "second"


@pytest.mark.parametrize("use_async", [True, False, None])
def test_use_async_is_not_needed_for_coroutine_functions(client: Client, use_async: Any) -> None:
    async def later() -> html.H1:
        return html.H1("later")

    app = with_pages(use_async=use_async)
    dash.register_page("home", path="/", layout=html.H1("home"))
    dash.register_page("later", path="/later", layout=later)
    page()
    assert routed(client, app, URL)["props"]["children"] == "home"
    assert routed(client, app, f"{URL}later")["props"]["children"] == "later"


def test_pages_folder_is_imported(client: Client, tmp_path: Path) -> None:
    (tmp_path / "found.py").write_text(
        "import dash\n"
        "from dash import html\n"
        "dash.register_page(__name__, path='/found')\n"
        "layout = html.H1('from a file')\n"
    )
    app = with_pages(pages_folder=str(tmp_path))
    assert "_dash-config" in page("found")
    assert routed(client, app, f"{URL}found")["props"]["children"] == "from a file"


def test_routing_callback_inputs_reach_the_layout_function(client: Client) -> None:
    app = with_pages(routing_callback_inputs={"who": State("who", "value")})
    dash.register_page("home", path="/", layout=lambda who=None, **_: html.H1(f"hello {who}"))
    page()
    state = {"id": "who", "property": "value", "value": "somebody"}
    assert routed(client, app, URL, state)["props"]["children"] == "hello somebody"


@pytest.mark.parametrize("value", [True, False])
def test_include_pages_meta_adds_tags_for_previews(value: bool) -> None:
    with_pages(include_pages_meta=value)
    dash.register_page("home", path="/", title="The home", layout=html.H1("home"))
    text = page()
    assert ('property="og:title" content="The home"' in text) is value


def test_description_is_in_the_tags_of_a_page() -> None:
    with_pages(description="All sales")
    dash.register_page("home", path="/", layout=html.H1("home"))
    assert 'content="All sales"' in page()


# --- callbacks --------------------------------------------------------------------------------------------------


def test_on_error_answers_for_callbacks_that_raise(client: Client) -> None:
    app = argued(on_error=lambda error: f"handled: {error}")
    assert result(call(client, app, "out.children", "fail")) == "handled: it fails"


@needs_signed_handles
def test_background_callback_manager_runs_background_callbacks(client: Client, tmp_path: Path) -> None:
    manager = DiskcacheManager(diskcache.Cache(str(tmp_path)))
    app = DjangoDash("Argued", background_callback_manager=manager)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def answer(value: str) -> str:
        return f"{value} from a job"

    page()
    end_id = app._config()["end_id"]
    body = callback_body(app, "out.children", "x")
    url = f"{URL}_dash-update-component?endId={end_id}"
    started = client.post(url, body, content_type="application/json").json()
    url += f"&cacheKey={started['cacheKey']}&job={started['job']}"
    answered: dict[str, Any] = {}
    for _ in range(200):
        answered = client.post(url, body, content_type="application/json").json()
        if "response" in answered:
            break
        time.sleep(0.05)
    assert answered["response"] == {"out": {"children": "x from a job"}}


# --- extensions -------------------------------------------------------------------------------------------------


def test_plugins_are_plugged_into_the_app() -> None:
    class Plugin:
        def plug(self, app: dash.Dash) -> None:
            app.title = "Set by the plugin"

    argued(plugins=[Plugin()])
    assert "<title>Set by the plugin</title>" in page()


def test_health_endpoint_answers_below_the_app(client: Client) -> None:
    argued(health_endpoint="healthz")
    assert client.get(f"{URL}healthz").content == b"OK"


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


@needs("enable_mcp")
@pytest.mark.parametrize(("arguments", "path"), [({}, "_mcp"), ({"mcp_path": "tools/mcp"}, "tools/mcp")])
def test_enable_mcp_answers_at_mcp_path(client: Client, arguments: dict[str, str], path: str) -> None:
    argued(enable_mcp=True, **arguments)
    answer = client.post(URL + path, json.dumps(INITIALIZE), content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["result"]["serverInfo"]["name"] == "Plotly Dash"
    assert answer.headers["Mcp-Session-Id"]
    tools = client.post(
        URL + path, json.dumps({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}), content_type="application/json"
    )
    assert "result" in json.dumps(tools.json())
    forged = Client(enforce_csrf_checks=True, headers={"Origin": "https://elsewhere.example"})
    assert forged.post(URL + path, json.dumps(INITIALIZE), content_type="application/json").status_code == 403


@needs("enable_mcp")
@pytest.mark.parametrize("value", [False, None])
def test_without_enable_mcp_there_is_none(client: Client, value: bool | None) -> None:
    argued(enable_mcp=value)
    assert client.post(f"{URL}_mcp", json.dumps(INITIALIZE), content_type="application/json").status_code == 405


WEBSOCKETS = {
    "websocket_callbacks": True,
    "websocket_allowed_origins": ["https://example.com"],
    "websocket_inactivity_timeout": 1000,
    "websocket_heartbeat_interval": 2000,
    "websocket_batch_delay": 0.25,
    "websocket_max_workers": 7,
}


@pytest.mark.parametrize("argument", WEBSOCKETS)
def test_websocket_arguments_are_kept_for_the_consumer(argument: str) -> None:
    if argument not in PARAMETERS:
        pytest.skip(f"this Dash has no argument {argument}")
    app = argued(**{argument: WEBSOCKETS[argument]})
    assert getattr(app, f"_{argument}") == WEBSOCKETS[argument]
    assert "websocket" not in config_of(page())  # WSGI cannot answer; tests/test_websocket_callbacks.py has what can


# --- development ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "count"), [({}, 0), ({"add_log_handler": True}, 1)])
def test_add_log_handler_prints_only_where_it_is_asked_for(
    monkeypatch: Any, arguments: dict[str, Any], count: int
) -> None:
    logger = logging.getLogger("dash.dash")
    monkeypatch.setattr(logger, "handlers", [])
    argued(**arguments)
    assert len(logger.handlers) == count


def test_extra_hot_reload_paths_are_watched_by_runserver(tmp_path: Path) -> None:
    class Reloader(BaseReloader):
        watched: list[tuple[Path, str]] = []

        def watch_dir(self, path: Any, glob: str) -> None:
            self.watched.append((Path(path), glob))

    file, folder = tmp_path / "data.csv", tmp_path / "folder"
    file.touch()
    folder.mkdir()
    app = argued(extra_hot_reload_paths=[str(file), str(folder)])
    reloader = Reloader()
    autoreload_started.send(sender=reloader)
    assert file in reloader.extra_files
    assert (folder, "**/*") in reloader.watched
    assert app.config.extra_hot_reload_paths == [str(file), str(folder)]


def test_an_argument_that_dash_does_not_know_is_an_error() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        argued(nonsense=1)


# --- the table --------------------------------------------------------------------------------------------------

TESTS: dict[str, Callable[..., None]] = {
    "name": test_name_identifies_the_app,
    "server": test_server_or_backend_of_another_kind_is_refused,
    "backend": test_server_or_backend_of_another_kind_is_refused,
    "assets_folder": test_assets_folder_is_linked_in_order_and_served,
    "pages_folder": test_pages_folder_is_imported,
    "use_pages": test_use_pages_routes_by_path,
    "assets_url_path": test_assets_url_path_is_where_assets_are,
    "assets_ignore": test_assets_ignore_leaves_files_out,
    "assets_path_ignore": test_assets_path_ignore_leaves_folders_out,
    "assets_external_path": test_assets_external_path_is_where_links_lead,
    "eager_loading": test_eager_loading_links_what_is_loaded_later_otherwise,
    "include_assets_files": test_include_assets_files_false_links_none,
    "include_pages_meta": test_include_pages_meta_adds_tags_for_previews,
    "url_base_pathname": test_prefixes_are_accepted_and_django_places_the_app,
    "requests_pathname_prefix": test_prefixes_are_accepted_and_django_places_the_app,
    "routes_pathname_prefix": test_prefixes_are_accepted_and_django_places_the_app,
    "serve_locally": test_serve_locally_false_takes_bundles_from_the_cdn,
    "compress": test_compress_says_that_djangos_middleware_does_it,
    "meta_tags": test_meta_tags_are_in_the_page,
    "index_string": test_index_string_is_the_pages_template,
    "external_scripts": test_external_scripts_are_linked_before_the_renderer,
    "external_stylesheets": test_external_stylesheets_are_linked_behind_bootstrap,
    "suppress_callback_exceptions": test_suppress_callback_exceptions_reaches_the_renderer,
    "prevent_initial_callbacks": test_prevent_initial_callbacks_is_the_default_of_each,
    "show_undo_redo": test_show_undo_redo_reaches_the_renderer,
    "extra_hot_reload_paths": test_extra_hot_reload_paths_are_watched_by_runserver,
    "plugins": test_plugins_are_plugged_into_the_app,
    "title": test_title_is_the_pages,
    "update_title": test_update_title_reaches_the_renderer,
    "background_callback_manager": test_background_callback_manager_runs_background_callbacks,
    "add_log_handler": test_add_log_handler_prints_only_where_it_is_asked_for,
    "hooks": test_hooks_reach_the_renderer,
    "routing_callback_inputs": test_routing_callback_inputs_reach_the_layout_function,
    "description": test_description_is_in_the_tags_of_a_page,
    "on_error": test_on_error_answers_for_callbacks_that_raise,
    "use_async": test_use_async_is_not_needed_for_coroutine_functions,
    "health_endpoint": test_health_endpoint_answers_below_the_app,
    "csrf_token_name": test_csrf_names_come_from_djangos_settings_and_others_are_warned_of,
    "csrf_header_name": test_csrf_names_come_from_djangos_settings_and_others_are_warned_of,
    "websocket_callbacks": test_websocket_arguments_are_kept_for_the_consumer,
    "websocket_allowed_origins": test_websocket_arguments_are_kept_for_the_consumer,
    "websocket_inactivity_timeout": test_websocket_arguments_are_kept_for_the_consumer,
    "websocket_heartbeat_interval": test_websocket_arguments_are_kept_for_the_consumer,
    "websocket_batch_delay": test_websocket_arguments_are_kept_for_the_consumer,
    "websocket_max_workers": test_websocket_arguments_are_kept_for_the_consumer,
    "enable_mcp": test_enable_mcp_answers_at_mcp_path,
    "mcp_path": test_enable_mcp_answers_at_mcp_path,
}


@pytest.mark.parametrize("argument", PARAMETERS)
def test_every_argument_of_this_dash_has_a_test(argument: str) -> None:
    assert argument in TESTS, f"Dash has an argument {argument!r} that no test here covers"
