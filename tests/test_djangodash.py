from __future__ import annotations

import importlib
import json
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dash
import pytest
from dash import Input, Output, dcc, html
from django.template import Context, Template
from django.test import Client

from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import RegistrationError
from django_plotly_dash.registry import registry

from .helpers import call, callback_body, result

URL = "/dash/app/made/"


def made(**kwargs: Any) -> DjangoDash:
    app = DjangoDash("Made", **kwargs)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    @app.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> str:
        return value

    return app


def config_of_page(url: str = URL) -> dict[str, Any]:
    text = Client().get(url).content.decode()
    return dict(json.loads(text.split('<script id="_dash-config" type="application/json">')[1].split("</script>")[0]))


# --- one object per app -----------------------------------------------------------------------------------------


def test_an_app_is_a_dash_app() -> None:
    app = made()
    assert isinstance(app, dash.Dash)
    assert app.as_dash_instance() is app
    assert repr(app) == f"<DjangoDash 'Made' of {__name__}>"


def test_requests_make_no_further_dash_object(client: Client, monkeypatch: Any) -> None:
    app, count = made(), []
    original = dash.Dash.__init__

    def counted(self: Any, *args: Any, **kwargs: Any) -> None:
        count.append(self)
        original(self, *args, **kwargs)

    monkeypatch.setattr(dash.Dash, "__init__", counted)
    for path in ("", "_dash-layout", "_dash-dependencies", "_reload-hash", "_favicon.ico", "page"):
        assert client.get(URL + path).status_code == 200
    assert result(call(client, app, "out.children", "x")) == "x"
    assert count == []
    made()
    assert len(count) == 1


def test_requests_register_nothing_anew(client: Client) -> None:
    app = made()
    client.get(URL)
    before = (len(app.callback_map), len(app._callback_list), len(app.routes), len(app.scripts._resources._resources))
    for _ in range(3):
        client.get(URL)
        client.get(f"{URL}_dash-dependencies")
        call(client, app, "out.children", "x")
    after = (len(app.callback_map), len(app._callback_list), len(app.routes), len(app.scripts._resources._resources))
    assert after == before


def test_without_a_name_one_is_made_from_the_module() -> None:
    first, second = DjangoDash(), DjangoDash()
    assert first.app_name == "tests-test_djangodash"
    assert second.app_name == "tests-test_djangodash-2"
    assert registry[second.app_name] is second


def test_a_template_does_not_call_an_app() -> None:
    assert "DjangoDash" in Template("{{ app }}").render(Context({"app": made()}))


def test_expanded_callback_is_callback(client: Client) -> None:
    app = DjangoDash("Made")
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    @app.expanded_callback(Output("out", "children"), [Input("in", "value")])
    def answer(value: str, **kwargs: Any) -> str:
        return f"{value} {sorted(kwargs)[:2]}"

    assert result(call(client, app, "out.children", "x")) == "x ['callback_context', 'dash_app']"


def test_a_decorated_callback_stays_the_users_function() -> None:
    app = DjangoDash("Made")

    def answer(value: str, user: Any = None) -> str:
        return f"called by hand with {value}"

    decorated = app.callback(Output("out", "children"), Input("in", "value"))(answer)
    assert decorated is answer
    assert decorated("x") == "called by hand with x"


def test_append_css_and_append_script_reach_the_page() -> None:
    app = made()
    app.css.append_css({"external_url": "https://example.com/a.css"})
    app.scripts.append_script({"external_url": "https://example.com/a.js"})
    app.css.config.serve_locally = app.scripts.config.serve_locally = False
    text = Client().get(URL).content.decode()
    assert "https://example.com/a.css" in text
    assert "https://example.com/a.js" in text


def test_config_answers_per_request_in_every_way_of_reading(client: Client) -> None:
    app, seen = made(), []

    def read() -> None:
        config = app.config
        seen.append((config.requests_pathname_prefix, config["requests_pathname_prefix"]))
        seen.append((config.get("requests_pathname_prefix"), config.get("no such key", 7)))

    app.backend.before_request(read)
    client.get(URL)
    assert seen == [(URL, URL), (URL, 7)]
    assert app.config.requests_pathname_prefix == "/~dpd~made~/"  # no request: a mark, which leaves with no page


def test_config_is_as_strict_as_dashs() -> None:
    app = made()
    with pytest.raises(AttributeError, match="Read-only"):
        app.config.assets_folder = "elsewhere"
    with pytest.raises(AttributeError, match="Invalid config key"):
        app.config.nonsense = 1


# --- where it was made ------------------------------------------------------------------------------------------


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: Any) -> Callable[..., Any]:
    """Write modules into a folder of their own each, and import the last."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(**sources: str) -> Any:
        for name, source in sources.items():
            folder = tmp_path / name
            (folder / "assets").mkdir(parents=True)
            (folder / "assets" / f"of_{name}.css").write_text("a{}")
            (folder / "__init__.py").write_text(source)
            monkeypatch.delitem(sys.modules, name, raising=False)
        module = importlib.import_module(name)
        for name in sources:
            monkeypatch.setitem(sys.modules, name, sys.modules[name])
        return module

    return write


PLAIN = """
from dash import html
from django_plotly_dash import DjangoDash

app = DjangoDash("Made")
app.layout = html.Div()
"""
FACTORY = """
from dash import html
from django_plotly_dash import DjangoDash

class Special(DjangoDash):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)

def make(kind=DjangoDash):
    app = kind("Made")
    app.layout = html.Div()
    return app
"""


@pytest.mark.parametrize(
    "sources",
    [
        {"dpd_beside": PLAIN},
        {"dpd_factory": FACTORY, "dpd_beside": "from dpd_factory import make\napp = make()"},
        {"dpd_factory": FACTORY, "dpd_beside": "from dpd_factory import make, Special\napp = make(Special)"},
        {"dpd_factory": FACTORY, "dpd_beside": "from dpd_factory import make\n[app] = [make() for _ in range(1)]"},
    ],
    ids=["in the module", "by a factory", "of a subclass", "in a comprehension"],
)
def test_assets_lie_beside_the_module_that_makes_the_app(
    importable: Callable[..., Any], sources: dict[str, str]
) -> None:
    app = importable(**sources).app
    assert app.module == "dpd_beside"
    assert Path(app.config.assets_folder).parts[-2:] == ("dpd_beside", "assets")
    text = Client().get(URL).content.decode()
    assert "of_dpd_beside.css" in text
    assert "of_dpd_factory.css" not in text


def test_the_same_module_may_make_its_app_again() -> None:
    first, second = made(), made()
    assert first is not second
    assert registry["Made"] is second


def test_another_module_may_not_take_the_name(importable: Callable[..., Any]) -> None:
    made()
    with pytest.raises(RegistrationError) as caught:
        importable(dpd_other=PLAIN)
    assert __name__ in str(caught.value)
    assert "dpd_other" in str(caught.value)


# --- layouts ----------------------------------------------------------------------------------------------------


class Counted:
    """A layout function that counts its calls and knows who asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, request: Any) -> html.Div:
        who = request.headers.get("X-Who", "nobody")
        self.calls.append(who)
        return html.Div(f"for {who}", id="out")


def test_a_layout_function_is_called_when_the_layout_is_asked_for_and_not_before(client: Client) -> None:
    app, layout = made(), Counted()
    app.layout = layout
    assert layout.calls == []
    for path in ("", "_dash-dependencies", "_favicon.ico", "_reload-hash", "page"):
        assert client.get(URL + path).status_code == 200
    assert result(call(client, app, "out.children", "x")) == "x"
    assert layout.calls == []
    client.get(f"{URL}_dash-layout", headers={"X-Who": "first"})
    client.get(f"{URL}_dash-layout", headers={"X-Who": "second"})
    assert layout.calls == ["first", "second"]


def test_the_layout_of_one_user_is_never_sent_to_another(client: Client) -> None:
    made().layout = Counted()
    first = client.get(f"{URL}_dash-layout", headers={"X-Who": "first"}).content
    assert b"for first" in first
    for path in ("", "_dash-layout", "_dash-dependencies"):
        answer = client.get(URL + path, headers={"X-Who": "second"})
        assert answer.status_code == 200
        assert b"first" not in answer.content
    assert "validation_layout" not in config_of_page()


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_layouts_of_parallel_requests_do_not_mix(colour: str) -> None:
    together, answers = threading.Barrier(2, timeout=30), {}

    def layout(request: Any) -> html.Div:
        together.wait()
        return html.Div(f"for {request.headers['X-Who']} at {dash.get_relative_path('/')}")

    async def layout_async(request: Any) -> html.Div:
        return layout(request)

    made().layout = layout if colour == "sync" else layout_async

    def ask(who: str) -> None:
        answers[who] = Client().get(f"{URL}_dash-layout", headers={"X-Who": who}).json()["props"]["children"]

    threads = [threading.Thread(target=ask, args=(who,)) for who in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == {"one": f"for one at {URL}", "two": f"for two at {URL}"}


def test_a_layout_may_be_a_list_of_components(client: Client) -> None:
    made().layout = [html.Div("one"), html.Div("two")]
    assert [item["props"]["children"] for item in client.get(f"{URL}_dash-layout").json()] == ["one", "two"]


def test_a_layout_of_a_wrong_type_is_refused_when_it_is_given() -> None:
    with pytest.raises(dash.exceptions.NoLayoutException):
        made().layout = "text"


@pytest.mark.parametrize("wrong", ["text", html.Div([html.Div(id="same"), html.Div(id="same")])])
def test_what_a_layout_function_gives_is_validated_when_it_is_called(caplog: Any, wrong: Any) -> None:
    made().layout = lambda: wrong
    client = Client(raise_request_exception=False)
    assert client.get(URL).status_code == 200
    assert client.get(f"{URL}_dash-layout").status_code == 500
    assert "Error in a Dash app" in caplog.text


def test_layout_gives_back_what_was_set() -> None:
    app, layout = made(), html.Div("x")
    app.layout = layout
    assert app.layout is layout


# --- dev tools --------------------------------------------------------------------------------------------------

DEV_TOOLS = [
    # DEBUG, PLOTLY_DASH["dev_tools"], the argument -> on
    (True, None, None, True),
    (False, None, None, False),
    (False, True, None, True),
    (True, False, None, False),
    (False, None, True, True),
    (True, None, False, False),
    (True, True, False, False),
    (False, False, True, True),
    (False, {}, None, False),
    (False, None, {"dev_tools_ui": True}, True),
    (False, {"dev_tools_ui": True}, None, True),
]


@pytest.mark.parametrize(("debug", "setting", "argument", "on"), DEV_TOOLS)
def test_dev_tools_are_on_where_they_are_wanted(
    settings: Any, debug: bool, setting: Any, argument: Any, on: bool
) -> None:
    settings.DEBUG = debug
    settings.PLOTLY_DASH = {"dev_tools": setting}
    app = made(dev_tools=argument)
    config = config_of_page()
    assert bool(config["ui"]) is on
    assert app.backend.show_errors is on
    assert ("Server-Timing" in Client().get(f"{URL}_dash-layout").headers) is on


@pytest.mark.parametrize("place", ["argument", "setting"])
def test_a_dict_sets_single_dev_tools(settings: Any, place: str) -> None:
    wanted = {"dev_tools_ui": False, "dev_tools_props_check": True, "dev_tools_prune_errors": False}
    settings.PLOTLY_DASH = {"dev_tools": wanted if place == "setting" else None}
    app = made(dev_tools=wanted if place == "argument" else None)
    config = config_of_page()
    assert (config["ui"], config["props_check"]) == (False, True)
    assert (app.backend.show_errors, app.backend.prune_errors, app.backend.timing) == (True, False, False)


@pytest.fixture
def no_watcher(monkeypatch: Any) -> list[Any]:
    """Dash's watcher of files, which would run for ever, notes what it was to watch."""
    watched: list[Any] = []
    monkeypatch.setattr(dash._watch, "watch", lambda folders, *args, **kwargs: watched.append(folders))
    return watched


@pytest.mark.parametrize(
    ("run_main", "hot"), [("true", True), ("false", False), (None, False)], ids=["runserver", "parent", "a worker"]
)
def test_pages_reload_themselves_only_under_runserver(
    client: Client, settings: Any, monkeypatch: Any, no_watcher: list[Any], run_main: str | None, hot: bool
) -> None:
    settings.DEBUG = True
    monkeypatch.delenv("RUN_MAIN", raising=False)
    if run_main is not None:
        monkeypatch.setenv("RUN_MAIN", run_main)
    app = made()
    config = config_of_page()
    assert ("hot_reload" in config) is hot
    assert config["ui"] is True
    assert (app._hot_reload.watch_thread is not None) is hot
    assert (client.get(f"{URL}_reload-hash").json()["reloadHash"] is not None) is hot
    if hot:
        app._hot_reload.watch_thread.join(30)
        assert app.config.assets_folder in no_watcher[0]


def test_hot_reload_may_be_forced_and_forbidden(monkeypatch: Any, no_watcher: list[Any]) -> None:
    made(dev_tools={"dev_tools_hot_reload": True})
    assert "hot_reload" in config_of_page()
    monkeypatch.setenv("RUN_MAIN", "true")
    made(dev_tools={"dev_tools_hot_reload": False})
    assert "hot_reload" not in config_of_page()


def test_an_asset_that_changes_changes_the_reload_hash(
    client: Client, monkeypatch: Any, no_watcher: list[Any], tmp_path: Path
) -> None:
    monkeypatch.setenv("RUN_MAIN", "true")
    (tmp_path / "own.css").write_text("a{}")
    app = made(dev_tools=True, assets_folder=str(tmp_path))
    client.get(URL)
    before = client.get(f"{URL}_reload-hash").json()
    app._on_assets_change(str(tmp_path / "own.css"), 1, False)
    after = client.get(f"{URL}_reload-hash").json()
    assert after["reloadHash"] != before["reloadHash"]
    assert [Path(file["url"].split("?")[0]).name for file in after["files"]] == ["own.css"]
    assert client.get(f"{URL}_reload-hash").json()["files"] == []


def test_set_up_that_failed_starts_no_second_watcher(monkeypatch: Any, no_watcher: list[Any]) -> None:
    monkeypatch.setenv("RUN_MAIN", "true")
    app = DjangoDash("Made", dev_tools=True)  # without a layout
    client = Client(raise_request_exception=False)
    for _ in range(2):
        assert client.get(URL).status_code == 500
    app._hot_reload.watch_thread.join(30)
    assert len(no_watcher) == 1


@pytest.mark.parametrize("quiet", [True, False])
def test_requests_for_the_reload_hash_are_kept_out_of_the_log_of_runserver(
    client: Client, monkeypatch: Any, quiet: bool
) -> None:
    server_log = logging.getLogger("django.server")
    monkeypatch.setattr(server_log, "filters", [])
    made(dev_tools={"dev_tools_silence_routes_logging": quiet})
    client.get(URL)

    def shown(text: str) -> bool:
        record = logging.LogRecord("django.server", logging.INFO, "", 0, '"%s"', (text,), None)
        return bool(server_log.filter(record))

    assert shown(f"GET {URL}_reload-hash HTTP/1.1") is not quiet
    assert shown(f"GET {URL} HTTP/1.1")


# --- set-up that fails ------------------------------------------------------------------------------------------


def test_callbacks_of_dash_callback_survive_a_set_up_that_failed() -> None:
    app = DjangoDash("Made")

    @dash.callback(Output("out", "children"), Input("in", "value"))
    def answer(value: str) -> str:
        return value

    client = Client(raise_request_exception=False)
    assert client.get(URL).status_code == 500  # it has no layout yet
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])
    assert client.get(URL).status_code == 200
    assert result(call(client, app, "out.children", "x")) == "x"
    assert len(client.get(f"{URL}_dash-dependencies").json()) == 1


def test_callbacks_that_were_taken_over_are_not_lost_if_a_later_step_fails() -> None:
    app = made()

    @dash.callback(Output("other", "children"), Input("in", "value"))
    def other(value: str) -> str:
        return value

    failures = [ValueError("once")]
    register = app.backend.register_callback_api_routes

    def fail_once(paths: Any) -> None:
        if failures:
            raise failures.pop()
        register(paths)

    app.backend.register_callback_api_routes = fail_once  # type: ignore[method-assign]
    client = Client(raise_request_exception=False)
    assert client.get(URL).status_code == 500
    assert client.get(URL).status_code == 200
    assert set(app.callback_map) == {"out.children", "other.children"}
    body = callback_body(app, "other.children", "x")
    assert client.post(f"{URL}_dash-update-component", body, content_type="application/json").status_code == 200


def test_a_page_that_fails_once_leaves_no_half_a_router() -> None:
    app = DjangoDash("Made", use_pages=True, pages_folder="")
    app.layout = html.Div(dash.page_container)
    failures = [ValueError("once")]

    def home() -> html.Div:
        if failures:
            raise failures.pop()
        return html.Div("home")

    dash.register_page("home", path="/", layout=home)
    client = Client(raise_request_exception=False)
    assert client.get(URL).status_code == 500
    assert client.get(URL).status_code == 200
    outputs = [entry["output"] for entry in client.get(f"{URL}_dash-dependencies").json()]
    assert len(outputs) == len(set(outputs)) == 2


def test_an_argument_of_old_examples_is_taken_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    DjangoDash("From an old example", app_name="anything")
    assert caplog.messages == ["app_name of the app 'From an old example' has no effect: the name is enough."]
