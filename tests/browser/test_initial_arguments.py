"""Values that a page hands to an app, as a visitor sees them."""

from __future__ import annotations

import string
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from dash import Input, Output, dcc, html, page_container, register_page
from django.core.cache import caches
from playwright.sync_api import FrameLocator, Page, expect
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash
from tests import handing_over

from .conftest import Troubles

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.handing_over")]
LARGE = "".join(Random(1).choices(string.ascii_letters, k=9000))


@pytest.fixture
def app() -> DjangoDash:
    app = DjangoDash("Handed")
    app.layout = lambda params: html.Div(
        [
            html.H1(f"Year {params.get('year')}"),
            dcc.Input(id="text", value="default"),
            dcc.Dropdown(["C", "F"], "C", id="unit"),
            html.P("default", id={"type": "row", "index": 1}, className="row"),
            html.P(id="out"),
        ]
    )

    @app.callback(Output("out", "children"), Input("text", "value"), Input("unit", "value"))
    def show(text: str, unit: str | None, params: Any) -> str:
        return f"{text[:9]} in {unit}, {params.get('year')}"

    return app


def hand_over(name: str, arguments: Any = None, params: Any = None, **more: Any) -> None:
    handing_over.given.clear()
    handing_over.given.update({"name": name, "arguments": arguments, "params": params, **more})


def opened(page: Page, live_server: LiveServer) -> FrameLocator:
    page.goto(f"{live_server}/page/")
    return page.frame_locator("iframe")


def test_they_are_shown_and_stay_through_reloads_and_the_way_back(
    page: Page, live_server: LiveServer, app: DjangoDash
) -> None:
    given = {
        "text": {"value": "Oslo", "placeholder": "a city"},
        "unit": {"value": None},
        '{"type": "row", "index": 1}': {"children": "the first row", "title": "handed"},
    }
    hand_over("Handed", given, {"year": 2007})
    view = opened(page, live_server)
    expect(view.locator("#out")).to_have_text("Oslo in None, 2007")
    expect(view.locator("#text")).to_have_value("Oslo")
    expect(view.locator("#text")).to_have_attribute("placeholder", "a city")
    expect(view.locator(".row")).to_have_text("the first row")
    expect(view.locator(".row")).to_have_attribute("title", "handed")
    view.locator("#text").fill("Bergen")
    expect(view.locator("#out")).to_have_text("Bergen in None, 2007")
    # the frame alone, as a browser's menu offers it
    page.frames[1].evaluate("location.reload()")
    expect(view.locator("#out")).to_have_text("Oslo in None, 2007")
    page.reload()
    expect(view.locator("#out")).to_have_text("Oslo in None, 2007")
    # the page has been left for a login, and is restored
    page.goto(f"{live_server}/enter/anna/")
    page.go_back()
    expect(view.locator("#text")).to_have_value("Oslo")
    view.locator("#text").fill("Tromsø")
    expect(view.locator("#out")).to_have_text("Tromsø in None, 2007")
    page.go_forward()
    page.go_back()
    expect(view.locator("h1")).to_have_text("Year 2007")
    view.locator("#text").fill("Bodø")
    expect(view.locator("#out")).to_have_text("Bodø in None, 2007")


@pytest.fixture
def pages() -> None:
    app = DjangoDash("Pages", use_pages=True, pages_folder="")
    app.layout = lambda: html.Div(
        [*(dcc.Link(name, href=app.get_relative_path(f"/{name}"), id=f"to-{name}") for name in "ab"), page_container]
    )
    for name in "ab":
        register_page(name, path=f"/{name}", layout=lambda name=name: html.P(f"default of {name}", id=f"on-{name}"))


def test_every_page_gets_its_own_and_links_keep_them(page: Page, live_server: LiveServer, pages: None) -> None:
    hand_over("Pages", {f"on-{name}": {"children": f"handed to {name}"} for name in "ab"})
    view = opened(page, live_server)
    for name in "aba":
        view.locator(f"#to-{name}").click()
        expect(view.locator(f"#on-{name}")).to_have_text(f"handed to {name}")
    page.frames[1].evaluate("location.reload()")
    expect(view.locator("#on-a")).to_have_text("handed to a")
    page.frames[1].evaluate("history.back()")
    expect(view.locator("#on-b")).to_have_text("handed to b")


def test_where_they_are_gone_the_frame_says_so_and_a_reload_of_the_page_mends_it(
    page: Page, live_server: LiveServer, settings: Settings, app: DjangoDash, troubles: Troubles
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "gone"}}
    hand_over("Handed", {"text": {"value": LARGE}}, {"year": 1952})
    view = opened(page, live_server)
    expect(view.locator("#text")).to_have_value(LARGE)
    caches["default"].clear()
    # who has the page open goes on
    view.locator("#text").fill("Bergen")
    expect(view.locator("#out")).to_have_text("Bergen in C, 1952")
    page.frames[1].evaluate("location.reload()")
    expect(view.locator("body")).to_contain_text("is not kept any more. Reload the page that it stands in.")
    expect(view.locator("#text")).to_have_count(0)
    troubles.expect("410: GET .*/initial/")
    page.reload()
    expect(view.locator("#text")).to_have_value(LARGE)


def test_under_debug_the_frame_names_the_nearest_of_what_is_not_known(
    page: Page, live_server: LiveServer, settings: Settings, app: DjangoDash, troubles: Troubles
) -> None:
    settings.DEBUG = True
    hand_over("Handed", {"txt": {"value": 1}, "unit": {"valeu": "F"}})
    view = opened(page, live_server)
    expect(view.locator("p")).to_contain_text("There is no component 'txt'. The nearest: 'text'.")
    expect(view.locator("p")).to_contain_text("'unit' (Dropdown) has no property 'valeu'. The nearest: 'value'")
    troubles.expect("500: GET .*/initial/")
