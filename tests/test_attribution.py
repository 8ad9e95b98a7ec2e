"""Callbacks of ``dash.callback`` reach the apps that they belong to, in whichever order things happen."""

from __future__ import annotations

import importlib
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import dash
import pytest
from django.test import Client

from django_plotly_dash import dash_globals
from django_plotly_dash.exceptions import InjectionError, RegistrationError
from django_plotly_dash.registry import registry

from .conftest import Write
from .helpers import call, result

APP = """
from dash import Input, Output, callback, clientside_callback, dcc, html
from django_plotly_dash import DjangoDash

app = DjangoDash("{name}")
app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out"), html.Div(id="other")])
"""
CALLBACK = """
from dash import Input, Output, callback, clientside_callback

@callback(Output("out", "children"), Input("in", "value"))
def show(value):
    return f"{name} got {{value}}"
"""


def answers(name: str) -> str:
    app = registry[name]
    Client().get(f"/dash/app/{app.slug}/_dash-layout")
    return str(result(call(Client(), app, "out.children", "x")))


def callbacks_of(name: str) -> list[str]:
    response = Client().get(f"/dash/app/{registry[name].slug}/_dash-dependencies")
    return [spec["output"] for spec in json.loads(response.content)]


@pytest.mark.parametrize(
    "imports", list(itertools.permutations(["one.dash_apps", "one.calls", "two.dash_apps", "two.calls"]))
)
@pytest.mark.parametrize("asked_first", ["One", "Two"])
def test_callbacks_beside_an_app_are_its_own_in_every_order(
    write: Write, imports: tuple[str, ...], asked_first: str
) -> None:
    write(
        {
            "one/dash_apps.py": APP.format(name="One"),
            "one/calls.py": CALLBACK.format(name="One"),
            "two/dash_apps.py": APP.format(name="Two"),
            "two/calls.py": CALLBACK.format(name="Two"),
        }
    )
    for module in imports:
        importlib.import_module(module)
    order = [asked_first, *{"One", "Two"} - {asked_first}]
    assert [answers(name) for name in order] == [f"{name} got x" for name in order]


@pytest.mark.parametrize("asked_first", ["One", "Two"])
def test_callbacks_in_a_module_of_several_apps_belong_to_the_app_above_them(write: Write, asked_first: str) -> None:
    write({"both.py": "".join(APP.format(name=name) + CALLBACK.format(name=name) for name in ("One", "Two"))})
    importlib.import_module("both")
    order = [asked_first, *{"One", "Two"} - {asked_first}]
    assert [answers(name) for name in order] == [f"{name} got x" for name in order]


def test_a_callback_above_the_only_app_of_its_module_belongs_to_that_app(write: Write) -> None:
    write({"one/dash_apps.py": CALLBACK.format(name="One") + APP.format(name="One"), "two.py": APP.format(name="Two")})
    importlib.import_module("two")
    importlib.import_module("one.dash_apps")
    assert answers("One") == "One got x"
    assert callbacks_of("Two") == []


def test_a_module_that_is_run_again_replaces_its_callbacks(write: Write) -> None:
    write({"again.py": APP.format(name="One") + CALLBACK.format(name="first")})
    module = importlib.import_module("again")
    Path(str(module.__file__)).write_text(APP.format(name="One") + CALLBACK.format(name="second run"))
    importlib.invalidate_caches()
    importlib.reload(module)
    assert answers("One") == "second run got x"
    assert callbacks_of("One") == ["out.children"]


SHARED = """
from dash import MATCH, Input, Output, callback, clientside_callback

@callback(Output({"aio": "counter", "id": MATCH}, "children"), Input({"aio": "button", "id": MATCH}, "n_clicks"))
def count(clicks):
    return clicks

clientside_callback(
    "function(n) { return n; }",
    Output({"aio": "mirror", "id": MATCH}, "children"),
    Input({"aio": "button", "id": MATCH}, "n_clicks"),
)
"""


PAYROLL = """
from dash import MATCH, Input, Output, callback

@callback(
    Output({"type": "out", "id": MATCH}, "children"),
    Input({"type": "in", "id": MATCH}, "value"),
    api_endpoint="/salary",
)
def salary(value):
    return f"salary of {value}"
"""
ASKED = {
    "output": '{"id":["MATCH"],"type":"out"}.children',
    "outputs": {"id": {"id": 1, "type": "out"}, "property": "children"},
    "inputs": [{"id": {"id": 1, "type": "in"}, "property": "value", "value": "Ann"}],
    "changedPropIds": [],
}


@pytest.mark.parametrize(
    "imports", list(itertools.permutations(["payroll.calls", "payroll.dash_apps", "public.dash_apps"]))
)
@pytest.mark.parametrize("asked_first", ["payroll", "public"])
def test_callbacks_with_pattern_ids_beside_an_app_are_not_served_by_others(
    write: Write, imports: tuple[str, ...], asked_first: str
) -> None:
    write(
        {
            "payroll/calls.py": PAYROLL,
            "payroll/dash_apps.py": APP.format(name="Payroll"),
            "public/dash_apps.py": APP.format(name="Public"),
        }
    )
    for module in imports:
        importlib.import_module(module)
    client = Client(raise_request_exception=False)
    client.get(f"/dash/app/{asked_first}/_dash-layout")
    answered = {}
    for name in ("payroll", "public"):
        call_url, api_url = f"/dash/app/{name}/_dash-update-component", f"/dash/app/{name}/salary"
        for url, body in ((call_url, ASKED), (api_url, {"value": "Ann"})):
            response = client.post(url, body, content_type="application/json")
            answered[url] = b"salary of Ann" in response.content
    assert callbacks_of("Public") == []
    assert answered == {url: "/payroll/" in url for url in answered}


def test_callbacks_with_pattern_ids_beside_several_apps_serve_these(write: Write) -> None:
    write(
        {
            "payroll/calls.py": PAYROLL.replace('    api_endpoint="/salary",\n', ""),
            "payroll/one.py": APP.format(name="One"),
            "payroll/two.py": APP.format(name="Two"),
            "public/dash_apps.py": APP.format(name="Public"),
        }
    )
    for module in ("payroll.calls", "payroll.one", "payroll.two", "public.dash_apps"):
        importlib.import_module(module)
    assert [len(callbacks_of(name)) for name in ("One", "Two", "Public")] == [1, 1, 0]


@pytest.mark.parametrize("imports", list(itertools.permutations(["library.widgets", "one.dash_apps", "two.dash_apps"])))
def test_components_with_pattern_ids_serve_every_app(write: Write, imports: tuple[str, ...]) -> None:
    write(
        {
            "library/widgets.py": SHARED,
            "one/dash_apps.py": APP.format(name="One"),
            "two/dash_apps.py": APP.format(name="Two"),
        }
    )
    for module in imports:
        importlib.import_module(module)
    for name in ("One", "Two"):
        assert len(callbacks_of(name)) == 2
        page = Client().get(f"/dash/app/{name.lower()}/").content.decode()
        assert page.count("function(n) { return n; }") == 1


def test_the_function_of_a_clientside_callback_is_on_the_pages_of_its_app_only(write: Write) -> None:
    inline = 'clientside_callback("function(v) { return v; }", Output("out", "children"), Input("in", "value"))\n'
    write({"one/dash_apps.py": APP.format(name="One") + inline, "two/dash_apps.py": APP.format(name="Two")})
    importlib.import_module("one.dash_apps")
    importlib.import_module("two.dash_apps")
    for _ in range(2):
        assert "function(v)" not in Client().get("/dash/app/two/").content.decode()
        assert Client().get("/dash/app/one/").content.decode().count("function(v)") == 1


UNDECIDED = (
    "The callback 'out.children', registered with dash.callback in module {module}, could belong to any of these apps: "
    "'One' (of pair.one), 'Two' (of pair.two). Register it with the callback method of its app, or name its module "
    "where the app is made: DjangoDash(..., global_callbacks=['{module}'])."
)


@pytest.mark.parametrize("module", ["pair.calls", "elsewhere.calls"])
def test_what_cannot_be_decided_is_an_error_at_start_up(write: Write, module: str) -> None:
    write(
        {
            "pair/one.py": APP.format(name="One"),
            "pair/two.py": APP.format(name="Two"),
            f"{module.replace('.', '/')}.py": CALLBACK.format(name="who"),
        }
    )
    for name in ("pair.one", "pair.two"):
        importlib.import_module(name)
    for app in list(registry):
        if not app.module.startswith("pair."):
            del registry._apps[app.slug]
    importlib.import_module(module)
    with pytest.raises(RegistrationError) as caught:
        dash_globals.check_callbacks()
    assert str(caught.value) == UNDECIDED.format(module=module)


@pytest.mark.parametrize("given", ["'pair.calls'", "'pair'", "pair.calls"])
def test_global_callbacks_names_the_modules_of_an_app(write: Write, given: str) -> None:
    one = APP.format(name="One").replace('DjangoDash("One"', f'DjangoDash("One", global_callbacks=[{given}]')
    write(
        {
            "pair/calls.py": CALLBACK.format(name="One"),
            "pair/one.py": "import pair.calls\n" + one,
            "pair/two.py": APP.format(name="Two"),
        }
    )
    importlib.import_module("pair.two")
    importlib.import_module("pair.one")
    assert answers("One") == "One got x"
    assert callbacks_of("Two") == []


def test_extras_are_injected_into_callbacks_of_dash_callback(write: Write) -> None:
    source = """
@callback(Output("out", "children"), Input("in", "value"))
def show(value, dash_app_id, *, request, user=None):
    return f"{value} {dash_app_id} {request.method}"

@callback(Output("other", "children"), Input("in", "value"))
async def later(value, dash_app_id):
    return f"{value} {dash_app_id} later"
"""
    write({"one/dash_apps.py": APP.format(name="One") + source})
    module = importlib.import_module("one.dash_apps")
    assert answers("One") == "x one POST"
    assert result(call(Client(), module.app, "other.children", "y")) == "y one later"


def test_a_parameter_that_nobody_can_fill_raises_when_the_module_is_imported(write: Write) -> None:
    source = '@callback(Output("out", "children"), Input("in", "value"))\ndef show(value, usr): ...\n'
    write({"one/dash_apps.py": APP.format(name="One") + source})
    with pytest.raises(InjectionError, match=r"def show\(value, \*, user\)"):
        importlib.import_module("one.dash_apps")


def test_api_endpoints_belong_to_the_app_of_their_callback(write: Write) -> None:
    source = """
@callback(Output("out", "children"), Input("in", "value"), api_endpoint="/ask")
def show(value):
    return {"answer": value}
"""
    write({"one/dash_apps.py": APP.format(name="One") + source, "two/dash_apps.py": APP.format(name="Two")})
    importlib.import_module("one.dash_apps")
    importlib.import_module("two.dash_apps")
    for name in ("two", "one"):
        Client().get(f"/dash/app/{name}/_dash-layout")
    response = Client().post("/dash/app/one/ask", {"value": 42}, content_type="application/json")
    assert json.loads(response.content) == {"answer": 42}
    assert Client().post("/dash/app/two/ask", {"value": 42}, content_type="application/json").status_code in (404, 405)


SPEAKS = """
import dash
from dash import Input, Output, html
from django_plotly_dash import DjangoDash

app = DjangoDash("{name}", title="{name} title")
{first}
at_import = dash.get_app()
app.layout = lambda: html.Div([dash.get_app().title, dash.get_asset_url("a.png"), dash.get_relative_path("/p"),
                               str(dash.strip_relative_path(dash.get_relative_path("/q")))], id="out")
"""


@pytest.mark.parametrize("order", list(itertools.permutations(["One", "Two"])))
def test_dashs_functions_speak_for_the_app_of_the_request_or_of_the_module(
    write: Write, order: tuple[str, ...]
) -> None:
    write(
        {
            "one.py": SPEAKS.format(name="One", first="import two"),
            "two.py": SPEAKS.format(name="Two", first=""),
        }
    )
    one = importlib.import_module("one")
    assert one.at_import is one.app
    assert sys.modules["two"].at_import is sys.modules["two"].app
    for name in order:
        layout: Any = Client().get(f"/dash/app/{name.lower()}/_dash-layout").json()
        prefix = f"/dash/app/{name.lower()}/"
        assert layout["props"]["children"] == [f"{name} title", f"{prefix}assets/a.png", f"{prefix}p", "q"]
    assert dash.get_app() is sys.modules["two"].app or dash.get_app() is one.app


PAGE = """
import dash
from dash import html
{imports}
dash.register_page(__name__, path="/{name}")
layout = html.Div("a page of {name}")
"""


@pytest.mark.parametrize("imports", list(itertools.permutations(["one.dash_apps", "two.dash_apps"])))
def test_what_a_page_imports_does_not_belong_to_its_app_for_that(write: Write, imports: tuple[str, ...]) -> None:
    pages = APP.replace('DjangoDash("{name}")', 'DjangoDash("{name}", use_pages=True)').replace(
        'html.Div(id="other")]', 'html.Div(id="other"), dash.page_container]'
    )
    write(
        {
            "one/dash_apps.py": "import dash\n" + pages.format(name="One") + CALLBACK.format(name="One"),
            "one/pages/first.py": PAGE.format(name="one", imports="import library.widgets, two.calls, two.dash_apps"),
            "two/dash_apps.py": "import dash\n" + pages.format(name="Two"),
            "two/calls.py": CALLBACK.format(name="Two"),
            "two/pages/second.py": PAGE.format(name="two", imports="import library.widgets"),
            "library/widgets.py": SHARED,
        }
    )
    for module in imports:
        importlib.import_module(module)
    for name in ("Two", "One"):
        assert answers(name) == f"{name} got x"
        assert sum("aio" in output for output in callbacks_of(name)) == 2
        assert [page["path"] for page in registry[name].pages.values()] == [f"/{name.lower()}"]
