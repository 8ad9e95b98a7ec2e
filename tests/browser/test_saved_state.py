"""Saved instances in a browser: what is seen after a reload, and in another browser."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from dash import ALL, Input, Output, Patch, State, dcc, html, page_container, register_page, set_props
from dash._callback_context import context_value
from django.db import connections
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash
from django_plotly_dash.models import DashApp
from tests import handing_over

from .conftest import Troubles

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("PICTURES")


def with_rows(do: Callable[[], Any]) -> Any:
    """Ask the database: in a thread of its own, since the browser's has an event loop."""

    def done() -> Any:
        try:
            return do()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(done).result()


def make(app: DjangoDash, **fields: Any) -> None:
    def made() -> None:
        row = DashApp.objects.create_for(app, "One", **{"save_on_change": True, **fields})
        row.populate_values()

    with_rows(made)


def state() -> Any:
    return with_rows(lambda: DashApp.objects.get().current_state())


def parts() -> list[Any]:
    return [
        html.H4("A saved instance"),
        dcc.Input(id="text", value="default"),
        html.Div(id="written"),
        dcc.Dropdown(["red", "green", "blue"], "red", id="colour", clearable=False, style={"width": "15em"}),
        html.Div([dcc.Input(id={"row": n, "kind": "cell"}, value="", style={"width": "4em"}) for n in range(3)]),
        html.Div(id="sum"),
        dcc.Checklist(
            id="list", options=[{"label": html.Span("an option", id="in-option", title=""), "value": 1}], value=[]
        ),
        html.Button("add a point", id="add", n_clicks=0),
        dcc.Graph(id="graph", figure={"data": [{"y": [1, 3, 2]}], "layout": {"height": 250}}),
    ]


def callbacks(app: DjangoDash) -> None:
    @app.callback(Output("written", "children"), Input("text", "value"), Input("colour", "value"))
    def write(text: str, colour: str) -> str:
        return f"{text} in {colour}"

    @app.callback(Output("sum", "children"), Input({"row": ALL, "kind": "cell"}, "value"), Input("list", "value"))
    def add_up(values: list[str], ticked: list[int]) -> str:
        set_props("in-option", {"title": f"{len(ticked)} ticked"})
        return f"sum {sum(int(value or 0) for value in values)}"

    @app.callback(
        Output("graph", "figure"), Input("add", "n_clicks"), State("graph", "figure"), prevent_initial_call=True
    )
    def add(clicks: int, figure: Any) -> Any:
        patch = Patch()
        patch["data"][0]["y"].append(clicks)
        return patch


def static() -> DjangoDash:
    app = DjangoDash("Kept")
    app.layout = html.Div(parts())
    return app


def of_function() -> DjangoDash:
    app = DjangoDash("Kept")
    app.layout = lambda user, dash_app: html.Div([html.P(f"{user} sees {dash_app}", id="who"), *parts()])
    return app


def nested() -> DjangoDash:
    app = DjangoDash("Kept")
    app.layout = html.Div(
        dcc.Tabs([dcc.Tab([html.Details([html.Summary("parts"), *parts()], open=True)], label="one")])
    )
    return app


def of_pages() -> DjangoDash:
    context_value.set({})  # Dash sets it in the thread that imports it, which is another one
    app = DjangoDash("Kept", use_pages=True, pages_folder="")
    with app.speaking():
        register_page("start", path="/", layout=html.Div(dcc.Link("further", id="further", href="further")))
        register_page("further", path="/further", layout=lambda user, **_: html.Div(parts()))
    app.layout = html.Div([page_container])
    return app


@pytest.mark.parametrize("kind", [static, of_function, nested, of_pages])
def test_what_a_visitor_changes_is_there_after_a_reload(
    kind: Callable[[], DjangoDash], page: Page, live_server: LiveServer
) -> None:
    app = kind()
    callbacks(app)
    make(app)
    page.goto(f"{live_server}/dash/instance/one/{'further' if kind is of_pages else ''}")
    cells = page.locator("input[type=text]")
    expect(page.locator("#written")).to_have_text("default in red")
    expect(page.locator("#sum")).to_have_text("sum 0")
    page.fill("#text", "changed")
    expect(page.locator("#written")).to_have_text("changed in red")
    page.locator("#colour").click()
    page.get_by_text("blue", exact=True).click()
    expect(page.locator("#written")).to_have_text("changed in blue")
    rows = page.locator('input[id*="cell"]')
    # One callback at a time: Dash shows what set_props of the answer that comes last says, whichever was asked first.
    for number, (value, total) in enumerate((("1", 1), ("20", 21), ("300", 321))):
        rows.nth(number).fill(value)
        expect(page.locator("#sum")).to_have_text(f"sum {total}")
    page.locator("#list input").check()
    expect(page.locator("#in-option")).to_have_attribute("title", "1 ticked")
    expect(page.locator("#graph .js-plotly-plot")).to_be_visible()
    page.click("#add")
    points = "document.querySelector('#graph .js-plotly-plot')?.data?.[0].y.length"
    page.wait_for_function(f"{points} === 4")

    page.reload()
    expect(page.locator("#text")).to_have_value("changed")
    expect(page.locator("#written")).to_have_text("changed in blue")
    expect(page.locator("#colour")).to_contain_text("blue")
    for number, value in enumerate(("1", "20", "300")):
        expect(rows.nth(number)).to_have_value(value)
    expect(page.locator("#sum")).to_have_text("sum 321")
    expect(page.locator("#list input")).to_be_checked()
    expect(page.locator("#in-option")).to_have_attribute("title", "1 ticked")
    page.wait_for_function(f"{points} === 4")
    expect(cells.first).to_be_visible()
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/saved_{kind.__name__}.png")
    assert state()["text"] == {"value": "changed"}

    # The app itself, and another visitor who may not see what was not saved, begin anew.
    page.goto(f"{live_server}/dash/app/kept/{'further' if kind is of_pages else ''}")
    expect(page.locator("#written")).to_have_text("default in red")


def test_a_visitor_who_may_not_save_works_on(page: Page, live_server: LiveServer) -> None:
    app = static()
    app.state_write_policy = "owner"
    callbacks(app)
    make(app)
    page.goto(f"{live_server}/dash/instance/one/")
    page.fill("#text", "changed")
    expect(page.locator("#written")).to_have_text("changed in red")
    page.reload()
    expect(page.locator("#written")).to_have_text("default in red")


def test_a_broken_state_is_a_page_that_says_so(page: Page, live_server: LiveServer, troubles: Troubles) -> None:
    make(static())
    with_rows(lambda: DashApp.objects.update(base_state='{"text": '))
    page.goto(f"{live_server}/dash/instance/one/")
    expect(page.locator("h1")).to_have_text("This saved instance cannot be shown")
    troubles.expect("500: GET .*/dash/instance/one/$")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/saved_broken.png")
    assert with_rows(lambda: DashApp.objects.get().base_state) == '{"text": '


@pytest.mark.urls("tests.handing_over")
@pytest.mark.parametrize("frame_options", ["DENY", "SAMEORIGIN"])
def test_a_broken_state_is_said_inside_the_frame_of_a_page(
    page: Page, live_server: LiveServer, troubles: Troubles, settings: Any, frame_options: str
) -> None:
    settings.X_FRAME_OPTIONS = frame_options
    make(static())
    with_rows(lambda: DashApp.objects.update(base_state='{"text": '))
    handing_over.given.clear()
    handing_over.given.update({"name": "", "slug": "one", "arguments": None, "params": {"year": 2007}})
    page.goto(f"{live_server}/page/")
    expect(page.frame_locator("iframe").locator("h1")).to_have_text("This saved instance cannot be shown")
    troubles.expect("500: GET .*/dash/instance/one/initial/")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/saved_broken_framed.png")


def test_pages_that_were_opened_earlier_do_not_undo_what_others_save(page: Page, live_server: LiveServer) -> None:
    app = DjangoDash("Together")
    app.layout = html.Div(
        [
            *(dcc.Input(id={"row": n}, value=0, type="number") for n in range(2)),
            dcc.Input(id="note"),
            html.Button("keep", id="keep"),
            html.P(id="sum"),
            html.P(id="kept"),
        ]
    )

    @app.callback(Output("sum", "children"), Input({"row": ALL}, "value"))
    def add_up(values: list[int]) -> str:
        return f"sum {sum(value or 0 for value in values)}"

    @app.callback(
        Output("kept", "children"), Input("keep", "n_clicks"), State("note", "value"), prevent_initial_call=True
    )
    def keep(clicks: int, note: str) -> str:
        return f"kept {note}"

    make(app)
    url = f"{live_server}/dash/instance/one/"
    page.goto(url)
    expect(page.locator("#sum")).to_have_text("sum 0")
    other = page.context.new_page()
    other.goto(url)
    expect(other.locator("#sum")).to_have_text("sum 0")
    page.locator("input[type=number]").first.fill("5")
    expect(page.locator("#sum")).to_have_text("sum 5")
    other.locator("input[type=number]").last.fill("7")
    expect(other.locator("#sum")).to_have_text("sum 7")
    page.fill("#note", "typed")
    page.click("#keep")
    expect(page.locator("#kept")).to_have_text("kept typed")
    page.reload()
    expect(page.locator("#sum")).to_have_text("sum 12")
    expect(page.locator("#note")).to_have_value("typed")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/saved_together.png")
