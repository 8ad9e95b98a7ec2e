"""What a developer sees of an error, and what a visitor does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dash import Input, Output, html
from playwright.sync_api import FrameLocator, Page, expect
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash

from .conftest import Troubles

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.browser

MENU = ".dash-debug-menu__outer"


@pytest.fixture
def failing() -> DjangoDash:
    app = DjangoDash("Failing")
    app.layout = html.Div(
        [
            *(html.Button(name, id=name) for name in ("sync", "async", "fine")),
            *(html.P(id=f"from-{name}") for name in ("sync", "async", "fine")),
        ]
    )

    @app.callback(Output("from-sync", "children"), Input("sync", "n_clicks"), prevent_initial_call=True)
    def fail(clicks: int) -> str:
        secret = f"local secret {clicks}"
        raise ValueError("the reason why it failed", secret)

    @app.callback(Output("from-async", "children"), Input("async", "n_clicks"), prevent_initial_call=True)
    async def fail_async(clicks: int) -> str:
        secret = f"local secret {clicks}"
        raise ValueError("the reason why it failed", secret)

    @app.callback(Output("from-fine", "children"), Input("fine", "n_clicks"), prevent_initial_call=True)
    def work(clicks: int) -> str:
        return f"clicked {clicks} times"

    return app


def _opened_error(page: Page) -> FrameLocator:
    page.click(".test-devtools-error-toggle")
    return page.frame_locator(".dash-backend-error iframe")


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_under_debug_an_exception_pops_up_with_its_traceback(
    page: Page, live_server: LiveServer, settings: Settings, troubles: Troubles, failing: DjangoDash, colour: str
) -> None:
    settings.DEBUG = True
    page.goto(f"{live_server}/dash/app/failing/")
    page.click(f"#{colour}")
    expect(page.locator(".dash-fe-error__title")).to_have_text(f"Callback error updating from-{colour}.children")
    error = _opened_error(page)
    expect(error.locator("h1")).to_contain_text("ValueError")
    expect(error.locator("#summary")).to_contain_text("the reason why it failed")
    # the place is seen without scrolling, and the traceback begins there
    line = error.locator("ol.context-line")
    expect(line).to_have_count(1)
    expect(line).to_contain_text('raise ValueError("the reason why it failed", secret)')
    expect(line).to_be_in_viewport(ratio=1)
    error.get_by_text("Local vars").click()
    expect(error.locator("table.vars")).to_contain_text("local secret 1")
    expect(error.locator("table.vars")).to_be_in_viewport(ratio=1)
    page.click("#fine")
    expect(page.locator("#from-fine")).to_have_text("clicked 1 times")
    troubles.expect("500: POST .*/_dash-update-component")
    troubles.expect("console: .*Callback error updating")


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_without_debug_an_exception_shows_nothing_and_the_page_stays_alive(
    page: Page, live_server: LiveServer, troubles: Troubles, failing: DjangoDash, colour: str
) -> None:
    page.goto(f"{live_server}/dash/app/failing/")
    with page.expect_response("**/_dash-update-component*") as answer:
        page.click(f"#{colour}")
    assert answer.value.status == 500
    assert answer.value.json() == {"error": "The server could not answer."}
    page.click("#fine")
    expect(page.locator("#from-fine")).to_have_text("clicked 1 times")
    assert "the reason" not in page.content()
    assert "Traceback" not in page.content()
    expect(page.locator(f"#from-{colour}")).to_be_empty()
    expect(page.locator(MENU)).to_have_count(0)
    troubles.expect("500: POST .*/_dash-update-component")
    troubles.expect("console: .*Callback error updating .*The server could not answer")


@pytest.mark.parametrize("debug", [True, False])
def test_dev_tools_are_there_under_debug_alone(
    page: Page, live_server: LiveServer, settings: Settings, failing: DjangoDash, debug: bool
) -> None:
    settings.DEBUG = debug
    page.goto(f"{live_server}/dash/app/failing/")
    expect(page.locator("#fine")).to_be_visible()
    expect(page.locator(MENU)).to_have_count(1 if debug else 0)


@pytest.mark.parametrize("debug", [True, False])
def test_dev_tools_of_an_app_are_its_own_choice(
    page: Page, live_server: LiveServer, settings: Settings, debug: bool
) -> None:
    settings.DEBUG = debug
    app = DjangoDash("Contrary", dev_tools=not debug)
    app.layout = html.P("here", id="here")
    page.goto(f"{live_server}/dash/app/contrary/")
    expect(page.locator("#here")).to_be_visible()
    expect(page.locator(MENU)).to_have_count(0 if debug else 1)


def test_under_debug_a_failed_layout_is_reported(
    page: Page, live_server: LiveServer, settings: Settings, troubles: Troubles
) -> None:
    settings.DEBUG = True
    app = DjangoDash("No layout")

    def layout() -> html.Div:
        raise ValueError("the layout failed")

    app.layout = layout
    page.goto(f"{live_server}/dash/app/no-layout/")
    expect(page.locator("h1")).to_contain_text("ValueError")
    expect(page.locator("ol.context-line")).to_contain_text('raise ValueError("the layout failed")')
    expect(page.locator("#pastebinTraceback")).to_be_hidden()
    troubles.expect("500: GET .*/_dash-layout")


def test_without_debug_a_failed_layout_shows_nothing(page: Page, live_server: LiveServer, troubles: Troubles) -> None:
    app = DjangoDash("No layout")

    def layout() -> html.Div:
        raise ValueError("the layout failed")

    app.layout = layout
    with page.expect_response("**/_dash-layout") as answer:
        page.goto(f"{live_server}/dash/app/no-layout/")
    assert answer.value.json() == {"error": "The server could not answer."}
    expect(page.locator("body")).to_contain_text("Error loading layout")
    assert "the layout failed" not in page.content()
    troubles.expect("500: GET .*/_dash-layout")
