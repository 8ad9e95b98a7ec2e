"""Pages of dash-bootstrap-components and dash-mantine-components look right: alone, in a frame, in a page."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import dash_bootstrap_components as dbc
import dash_mantine_components as dmc
import plotly.graph_objects as go
import pytest
from dash import dcc, html
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path
from playwright.sync_api import Frame, Page, expect

from django_plotly_dash import DjangoDash
from tests.site_urls import mount

pytestmark = pytest.mark.browser

# Where there is a real one, pages can be looked at; what the tests need of it stands below.
STYLESHEET = os.environ.get("BOOTSTRAP_CSS")
SCREENSHOTS = os.environ.get("SCREENSHOTS")
RULES = ".btn-primary { background-color: rgb(13, 110, 253); } .card { border: 1px solid rgb(200, 200, 200); }"


def figure() -> go.Figure:
    made = go.Figure(go.Bar(x=["spring", "summer", "autumn"], y=[3, 7, 5]))
    made.update_layout(height=240, margin={"l": 20, "r": 10, "t": 10, "b": 20})
    return made


@pytest.fixture
def bootstrap() -> DjangoDash:
    app = DjangoDash("Reception", add_bootstrap_links=True)
    rows = [
        dbc.Col(
            dbc.Card([dbc.CardHeader("Guests"), dbc.CardBody([html.H4("42"), dbc.Button("Book", id="book")])]), md=4
        ),
        dbc.Col(dbc.Card(dbc.CardBody(dcc.Graph(figure=figure(), id="graph"))), md=8),
    ]
    app.layout = dbc.Container(
        [
            dbc.Alert("Two rooms are free.", color="info", className="mt-3"),
            dbc.Row(rows),
            dbc.Tabs(
                [dbc.Tab(dbc.Input(placeholder="Your name", className="my-3"), label="Name"), dbc.Tab(label="Room")],
                active_tab="tab-0",
            ),
            dbc.Progress(value=60, className="mb-3"),
        ]
    )
    return app


@pytest.fixture
def mantine() -> DjangoDash:
    app = DjangoDash("Studio")
    app.layout = dmc.MantineProvider(
        dmc.Container(
            [
                dmc.Title("Brushes", order=2),
                dmc.Grid(
                    [
                        dmc.GridCol(
                            dmc.Card(
                                [
                                    dmc.Select(label="Brush", data=["round", "flat"], value="flat"),
                                    dmc.Button("Paint", id="paint"),
                                ],
                                withBorder=True,
                            ),
                            span=4,
                        ),
                        dmc.GridCol(
                            dmc.BarChart(
                                h=240,
                                dataKey="season",
                                data=[{"season": "spring", "sold": 3}, {"season": "summer", "sold": 7}],
                                series=[{"name": "sold", "color": "teal.6"}],
                            ),
                            span=8,
                        ),
                    ]
                ),
                dmc.Switch(label="wet", checked=True),
                dmc.SegmentedControl(data=["day", "week"], value="week"),
            ],
            p="md",
        ),
        env="test",
    )
    return app


def host(request: HttpRequest, tag: str, name: str) -> HttpResponse:
    """A page of the site that has an app in it."""
    template = engines["django"].from_string(
        "{% load plotly_dash %}<!DOCTYPE html><html lang=en><head><title>Host</title>"
        "<link rel=icon href='data:,'></head>"
        f"<body><h1>A page of the site</h1>{{% {tag} name=name %}}<p>The end of the page</p></body></html>"
    )
    return HttpResponse(template.render({"name": name}, request))


@pytest.fixture
def site(serve: Callable[..., str], settings: Any) -> str:
    mount(
        settings,
        path("dash/", include("django_plotly_dash.urls")),
        path("host/<str:tag>/<str:name>/", host),
    )
    return serve()


def looked_at(page: Page, name: str) -> None:
    if SCREENSHOTS:
        page.wait_for_timeout(500)
        page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)


def inside(page: Page, form: str) -> Page | Frame:
    """Where the app's elements are."""
    if form != "plotly_app":
        return page
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    return frame


FORMS = ["page", "plotly_app", "plotly_direct"]


@pytest.mark.parametrize("form", FORMS)
def test_bootstrap(page: Page, site: str, bootstrap: DjangoDash, form: str) -> None:
    given = {"path": STYLESHEET} if STYLESHEET else {"body": RULES}
    page.context.route(
        re.compile(r"https://cdn\.jsdelivr\.net/npm/bootstrap@5.*\.css"),
        lambda route: route.fulfill(content_type="text/css", **given),
    )
    page.goto(f"{site}/dash/app/reception/" if form == "page" else f"{site}/host/{form}/Reception/")
    view = inside(page, form)
    expect(view.locator("#graph .main-svg").first).to_be_visible()
    expect(view.locator("#book")).to_have_css("background-color", "rgb(13, 110, 253)")
    expect(view.locator(".card").first).to_have_css("border-top-style", "solid")
    looked_at(page, f"bootstrap-{form}")


@pytest.mark.parametrize("form", FORMS)
def test_mantine(page: Page, site: str, mantine: DjangoDash, form: str) -> None:
    page.goto(f"{site}/dash/app/studio/" if form == "page" else f"{site}/host/{form}/Studio/")
    view = inside(page, form)
    expect(view.locator("#paint")).to_have_css("background-color", "rgb(34, 139, 230)")
    expect(view.locator(".recharts-bar-rectangle").first).to_be_visible()
    looked_at(page, f"mantine-{form}")
