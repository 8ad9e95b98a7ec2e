"""Callbacks of ``dash.callback`` reach the apps that they belong to, in whichever order things happen."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import dash
import pytest
from dash import _get_app
from django.apps import apps as installed
from django.test import Client

from django_plotly_dash import dash_globals
from django_plotly_dash.dash_globals import pages
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


ASKING = """
import dash

app, url, path = dash.get_app(), dash.get_asset_url("a.png"), dash.get_relative_path("/p")
"""


@pytest.mark.parametrize("imports", list(itertools.permutations(["shop.dash_apps", "blog.dash_apps", "shop.links"])))
def test_while_a_module_beside_an_app_is_imported_dashs_functions_speak_for_that_app(
    write: Write, imports: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        {
            "shop/dash_apps.py": APP.format(name="Shop"),
            "blog/dash_apps.py": APP.format(name="Blog"),
            "shop/links.py": ASKING,
        }
    )
    registry._apps.clear()
    monkeypatch.setattr(installed, "ready", False)  # as while Django imports dash_apps
    monkeypatch.setattr(_get_app, "APP", None)
    for module in imports:
        if module == "shop.links" and "Shop" not in registry:
            with pytest.raises(dash.exceptions.AppNotFoundError):
                importlib.import_module(module)
        else:
            importlib.import_module(module)
    links = importlib.import_module("shop.links")
    assert links.app is registry["Shop"]
    assert (links.url, links.path) == ("/~dpd~shop~/assets/a.png", "/~dpd~shop~/p")


def test_a_module_beside_none_of_several_apps_is_told_what_to_do(write: Write) -> None:
    write({"shop/dash_apps.py": APP.format(name="Shop"), "blog/dash_apps.py": APP.format(name="Blog")})
    write({"links.py": ASKING})
    registry._apps.clear()
    for module in ("shop.dash_apps", "blog.dash_apps"):
        importlib.import_module(module)
    with pytest.raises(dash.exceptions.AppNotFoundError) as caught:
        importlib.import_module("links")
    assert str(caught.value) == (
        "While module links is imported, Dash is asked for the current app, and nothing says which that is. The apps "
        "so far are: 'Shop', 'Blog'. Ask in the module of the app, below it, or in a module of its package that is "
        "imported after the app is made; or name the module where the app is made: "
        "DjangoDash(..., global_callbacks=['links'])."
    )


def test_what_the_only_app_imports_speaks_for_it(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"shop/dash_apps.py": APP.format(name="Shop") + "import links\n", "links.py": ASKING})
    registry._apps.clear()
    monkeypatch.setattr(installed, "ready", False)
    importlib.import_module("shop.dash_apps")
    assert sys.modules["links"].app is registry["Shop"]


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


# --- pages in modules beside their app ---------------------------------------------------------------------------

ORDERS = """
import dash
from dash import html

dash.register_page("orders", path="/orders", redirect_from=["/old"], layout=html.Div("orders of {name}"))
"""
PAGES_APP = """
import dash
from dash import html
{imports}
from django_plotly_dash import DjangoDash

app = DjangoDash("{name}", use_pages=True, pages_folder="")
app.layout = html.Div(dash.page_container)
"""
BESIDE = ["shop.dash_apps", "shop.views", "blog.dash_apps", "blog.views", "plain.dash_apps"]


def pages_of(*names: str) -> dict[str, list[str]]:
    return {name: [page["layout"].children for page in registry[name].pages.values()] for name in names}


@pytest.mark.parametrize("imports", list(itertools.permutations(BESIDE)))
def test_pages_beside_an_app_are_its_own_in_every_order(write: Write, imports: tuple[str, ...]) -> None:
    files = {"plain/dash_apps.py": PAGES_APP.format(name="Plain", imports="")}
    for name in ("Shop", "Blog"):
        files[f"{name.lower()}/dash_apps.py"] = PAGES_APP.format(name=name, imports="")
        files[f"{name.lower()}/views.py"] = ORDERS.format(name=name)
    write(files)
    registry._apps.clear()
    for module in imports:
        importlib.import_module(module)
    dash_globals.check_callbacks()
    assert pages_of("Shop", "Blog", "Plain") == {"Shop": ["orders of Shop"], "Blog": ["orders of Blog"], "Plain": []}


@pytest.mark.parametrize("order", list(itertools.permutations(["blog", "shop"])))
def test_an_apps_module_may_import_its_pages_above_the_app(write: Write, order: tuple[str, ...]) -> None:
    for name in ("Shop", "Blog"):
        folder = name.lower()
        write({f"{folder}/dash_apps.py": PAGES_APP.format(name=name, imports=f"import {folder}.views")})
        write({f"{folder}/views.py": ORDERS.format(name=name)})
    registry._apps.clear()
    for folder in order:
        importlib.import_module(f"{folder}.dash_apps")
    assert pages_of("Shop", "Blog") == {"Shop": ["orders of Shop"], "Blog": ["orders of Blog"]}
    for folder in ("shop", "blog"):
        assert Client().get(f"/dash/app/{folder}/old")["Location"] == f"/dash/app/{folder}/orders"


def test_a_page_whose_app_cannot_be_told_is_an_error_at_start_up(write: Write) -> None:
    write({f"pair/{name}.py": PAGES_APP.format(name=name.title(), imports="") for name in ("one", "two")})
    write({"pair/views.py": ORDERS.format(name="whom")})
    for module in ("pair.one", "pair.views", "pair.two"):
        importlib.import_module(module)
    with pytest.raises(RegistrationError) as caught:
        dash_globals.check_callbacks()
    assert str(caught.value) == (
        "The page 'orders', registered in module pair.views, could belong to any of these apps: 'One' (of pair.one), "
        "'Two' (of pair.two). Register it in the module or the pages folder of its app, or name its module where the "
        "app is made: DjangoDash(..., global_callbacks=['pair.views'])."
    )


@pytest.mark.parametrize("imports", list(itertools.permutations(["pair.one", "pair.two", "pair.views"])))
def test_global_callbacks_decides_whose_pages_are(write: Write, imports: tuple[str, ...]) -> None:
    two = PAGES_APP.format(name="Two", imports="").replace('"Two"', '"Two", global_callbacks=["pair.views"]')
    write({"pair/one.py": PAGES_APP.format(name="One", imports=""), "pair/two.py": two})
    write({"pair/views.py": ORDERS.format(name="Two")})
    for module in imports:
        importlib.import_module(module)
    dash_globals.check_callbacks()
    assert pages_of("One", "Two") == {"One": [], "Two": ["orders of Two"]}


def test_a_page_moves_to_an_app_that_is_made_nearer_and_takes_its_redirect_along(write: Write) -> None:
    write({"shop/dash_apps.py": PAGES_APP.format(name="Shop", imports="")})
    write({"shop/sales/dash_apps.py": PAGES_APP.format(name="Sales", imports="")})
    write({"shop/sales/views.py": ORDERS.format(name="Sales")})
    for module in ("shop.dash_apps", "shop.sales.views", "shop.sales.dash_apps"):
        importlib.import_module(module)
    assert pages_of("Shop", "Sales") == {"Shop": [], "Sales": ["orders of Sales"]}
    assert Client().get("/dash/app/sales/old").status_code == 301
    assert Client().get("/dash/app/shop/old").status_code == 200  # the app's page, which says that there is none


def test_the_only_app_with_pages_gets_those_of_other_packages(write: Write) -> None:
    write({"shop/dash_apps.py": PAGES_APP.format(name="Shop", imports="")})
    write({"blog/dash_apps.py": APP.format(name="Blog"), "elsewhere/views.py": ORDERS.format(name="Shop")})
    registry._apps.clear()
    for module in ("elsewhere.views", "blog.dash_apps", "shop.dash_apps"):
        importlib.import_module(module)
    dash_globals.check_callbacks()
    assert pages_of("Shop", "Blog") == {"Shop": ["orders of Shop"], "Blog": []}


def test_a_module_of_pages_that_is_run_again_replaces_them(write: Write) -> None:
    write({"shop/dash_apps.py": PAGES_APP.format(name="Shop", imports=""), "shop/views.py": ORDERS.format(name="Shop")})
    importlib.import_module("shop.dash_apps")
    views = importlib.import_module("shop.views")
    Path(str(views.__file__)).write_text(ORDERS.format(name="Shop").replace('"orders"', '"sold"'))
    importlib.invalidate_caches()
    importlib.reload(views)
    assert "sold" in registry["Shop"].pages


# --- several threads ---------------------------------------------------------------------------------------------


def at_once(*functions: Any) -> list[Any]:
    with ThreadPoolExecutor(len(functions)) as pool:
        return [running.result(60) for running in [pool.submit(function) for function in functions]]


@pytest.mark.parametrize("imported", ["late.dash_apps", "late.calls"])
def test_what_is_imported_while_an_app_is_set_up_is_not_lost(
    write: Write, imported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"one/dash_apps.py": APP.format(name="One") + CALLBACK.format(name="One")})
    write({"late/dash_apps.py": APP.format(name="Late"), "late/calls.py": CALLBACK.format(name="Late")})
    one = importlib.import_module("one.dash_apps").app
    begun, done = threading.Event(), threading.Event()
    walk = one._walk_assets_directory
    monkeypatch.setattr(one, "_walk_assets_directory", lambda: (begun.set(), done.wait(30), walk()))

    def import_late() -> None:
        begun.wait(30)
        importlib.import_module(imported)
        importlib.import_module("late.dash_apps")
        importlib.import_module("late.calls")
        done.set()

    assert at_once(lambda: answers("One"), import_late)[0] == "One got x"
    assert answers("Late") == "Late got x"
    assert callbacks_of("One") == callbacks_of("Late") == ["out.children"]


def test_first_requests_to_several_apps_at_once_get_each_its_own_callbacks(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, all_inside = ["One", "Two", "Three"], threading.Barrier(3, timeout=30)
    for name in names:
        write({f"{name.lower()}/dash_apps.py": APP.format(name=name) + CALLBACK.format(name=name)})
        app = importlib.import_module(f"{name.lower()}.dash_apps").app
        walk = app._walk_assets_directory
        monkeypatch.setattr(app, "_walk_assets_directory", lambda walk=walk: (all_inside.wait(), walk()))
    assert at_once(*[partial(answers, name) for name in names]) == [f"{name} got x" for name in names]


def test_first_requests_to_one_app_at_once_set_it_up_once(write: Write) -> None:
    write({"one/dash_apps.py": APP.format(name="One") + CALLBACK.format(name="One")})
    app = importlib.import_module("one.dash_apps").app
    assert at_once(*[lambda: callbacks_of("One")] * 6) == [["out.children"]] * 6
    assert len(app._callback_list) == 1


def test_modules_that_are_imported_at_once_register_each_its_own_function(write: Write) -> None:
    write({"gate.py": "import threading\nwait = threading.Barrier(2, timeout=30).wait\n"})
    for name in ("One", "Two"):
        slowly = CALLBACK.format(name=name).replace("@callback", "@slowly")
        slow = "import gate\ndef slowly(*args):\n    made = callback(*args)\n    gate.wait()\n    return made\n"
        write({f"{name.lower()}/dash_apps.py": APP.format(name=name), f"{name.lower()}/calls.py": slow + slowly})
        importlib.import_module(f"{name.lower()}.dash_apps")
    at_once(*[partial(importlib.import_module, f"{name}.calls") for name in ("one", "two")])
    assert [answers(name) for name in ("One", "Two")] == ["One got x", "Two got x"]


def test_while_an_app_is_made_dashs_functions_speak_for_another_that_is_asked(write: Write) -> None:
    write({"gate.py": "import threading\nbegun, done = threading.Event(), threading.Event()\n"})
    slow = "import gate\ngate.begun.set()\ngate.done.wait(30)\nmine = dash.get_app().app_name\n"
    write({"one/pages/first.py": PAGE.format(name="one", imports="") + slow})
    write({"one/dash_apps.py": PAGES_APP.format(name="One", imports="").replace(', pages_folder=""', "")})
    write({"two.py": SPEAKS.format(name="Two", first="")})
    importlib.import_module("two")
    gate = importlib.import_module("gate")

    def ask() -> Any:
        gate.begun.wait(30)
        try:
            return Client().get("/dash/app/two/_dash-layout").json()["props"]["children"]
        finally:
            gate.done.set()

    _, layout = at_once(lambda: importlib.import_module("one.dash_apps"), ask)
    assert layout == ["Two title", "/dash/app/two/assets/a.png", "/dash/app/two/p", "q"]
    assert [page["path"] for page in registry["One"].pages.values()] == ["/one"]


# --- libraries that were imported before this package ------------------------------------------------------------

EARLY = """
from dash import MATCH, Input, Output, clientside_callback, callback

for name in ("left", "right"):
    clientside_callback(
        "function(n) { return '%s' + n; }" % name,
        Output({"early": name, "id": MATCH}, "children"),
        Input({"early": "button", "id": MATCH}, "n_clicks"),
    )
"""
EARLY_SITE = """
import EARLY
from django.conf import settings

settings.configure(
    DEBUG=False, SECRET_KEY="x", ALLOWED_HOSTS=["*"], ROOT_URLCONF="urls", DATABASES={},
    INSTALLED_APPS=["django.contrib.contenttypes", "django_plotly_dash", "one", "two"],
)
import django
django.setup()
from django.test import Client
for name in ("one", "two"):
    specs = Client().get(f"/dash/app/{name}/_dash-dependencies").json()
    page = Client().get(f"/dash/app/{name}/").content.decode()
    print(name, len(specs), page.count("return 'left' + n"), page.count("return 'right' + n"))
"""


def early(write: Write, tmp_path: Path, **files: str) -> subprocess.CompletedProcess[str]:
    """Run a site whose libraries are imported before this package is."""
    write({f"{name}/dash_apps.py": APP.format(name=name.title()) for name in ("one", "two")})
    write({f"{name}.py": source for name, source in files.items()})
    urls = "from django.urls import include, path\nurlpatterns = [path('dash/', include('django_plotly_dash.urls'))]\n"
    write({"urls.py": urls, "run.py": EARLY_SITE.replace("EARLY", ", ".join(files))})
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), root])}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, str(tmp_path / "run.py")]
    return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_functions_of_early_clientside_callbacks_are_on_the_pages_of_their_apps(write: Write, tmp_path: Path) -> None:
    # The last callback is one app's alone.
    write({"one/calls.py": CALLBACK.format(name="One")})
    done = early(write, tmp_path, library=EARLY, calls="import one.calls")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["one 3 1 1", "two 2 1 1"]


def test_an_early_clientside_callback_that_cannot_be_decided_is_told_a_way_out(write: Write, tmp_path: Path) -> None:
    inline = 'from dash import *\nclientside_callback("f", Output("out", "children"), Input("in", "value"))\n'
    done = early(write, tmp_path, library=inline)
    assert done.stderr.strip().splitlines()[-1] == (
        "django_plotly_dash.exceptions.RegistrationError: The callback 'out.children' was registered before "
        "django_plotly_dash was imported, so that nobody knows in which module, and could belong to any of these apps: "
        "'One' (of one.dash_apps), 'Two' (of two.dash_apps). Import django_plotly_dash before the module that "
        "registers it, or register it with the clientside_callback method of its app."
    )


STACKED = """
@callback(Output("out", "children"), Input("in", "value"))
@callback(Output("other", "children"), Input("in", "value"))
def show(value):
    return f"got {value}"
"""
KEPT = """
first = callback(Output("out", "children"), Input("in", "value"))
second = callback(Output("other", "children"), Input("in", "value"))

@first
@second
def show(value):
    return f"got {value}"
"""


@pytest.mark.parametrize("code", [STACKED, KEPT])
def test_one_function_may_have_several_decorators(write: Write, code: str) -> None:
    write({"one/dash_apps.py": APP.format(name="One") + code})
    importlib.import_module("one.dash_apps")
    assert callbacks_of("One") in (["out.children", "other.children"], ["other.children", "out.children"])
    app = registry["One"]
    for output in ("out.children", "other.children"):
        assert result(call(Client(), app, output, "x")) == "got x"


def test_a_decorator_may_be_applied_in_another_thread(write: Write) -> None:
    write({"one/dash_apps.py": APP.format(name="One") + KEPT.split("@first")[0]})
    module = importlib.import_module("one.dash_apps")
    with ThreadPoolExecutor() as pool:
        pool.submit(module.first, lambda value: f"got {value}").result()
    assert answers("One") == "got x"
    assert callbacks_of("One") == ["out.children"]


def test_a_page_that_several_threads_give_to_its_app_is_registered_once(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = 'import dash\ndash.register_page("orders", path="/orders", layout="orders")\n'
    app = 'from django_plotly_dash import DjangoDash\napp = DjangoDash("Shop", use_pages=True, pages_folder="")\n'
    write({"shop/orders.py": page, "shop/dash_apps.py": app})
    importlib.import_module("shop.orders")
    settle, register, registered = dash_globals.settle_pages, pages._register, []

    def slow(*args: Any, **kwargs: Any) -> None:
        registered.append(args)
        time.sleep(0.1)
        register(*args, **kwargs)

    monkeypatch.setattr(dash_globals, "settle_pages", lambda: None)
    monkeypatch.setattr(pages, "_register", slow)
    shop = importlib.import_module("shop.dash_apps").app
    with ThreadPoolExecutor() as pool:
        for settled in [pool.submit(settle) for _ in range(2)]:
            settled.result()
    assert list(shop.pages) == ["orders"]
    assert len(registered) == 1
