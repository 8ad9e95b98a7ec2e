"""The admin's pages of apps and saved instances, as the demo's user sees them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.demo_server import DemoServer, demo_server

pytestmark = pytest.mark.browser

LIST = "/admin/django_plotly_dash/dashapp/"
APPS = "/admin/django_plotly_dash/statelessapp/"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    folder = tmp_path_factory.mktemp("admin")
    with demo_server(folder) as running:
        _add_rows(folder / "demo.sqlite3")
        yield running
    assert running.complaints() == []


def _add_rows(database: Path) -> None:
    """Rows that the admin would refuse: an unreadable state, and an app that is not there."""
    app = "insert into django_plotly_dash_statelessapp (app_name, slug) values ('Forecast', 'forecast')"
    row = (
        "insert into django_plotly_dash_dashapp "
        '(stateless_app_id, instance_name, slug, base_state, creation, "update", save_on_change) '
        "select id, ?, ?, ?, '2026-01-01', '2026-01-01', 0 from django_plotly_dash_statelessapp where slug = ?"
    )
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(app)
        connection.execute(row, ("By hand", "by-hand", '{"monthly": {"value": 200,\n  "min": }}', "savings"))
        connection.execute(row, ("Next year", "next-year", "{}", "forecast"))


def enter(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(url)


def state(page: Page) -> Locator:
    return page.locator("textarea[name=base_state]")


def preview(page: Page) -> FrameLocator:
    return page.frame_locator(".dpd-preview iframe")


def run(page: Page, action: str, *names: str) -> None:
    for name in names:
        page.get_by_role("row", name=name).get_by_role("checkbox").check()
    page.locator("select[name=action]").select_option(action)
    page.get_by_role("button", name="Run").or_(page.get_by_role("button", name="Go")).click()


def lightness(colour: str) -> float:
    red, green, blue = map(float, colour.split("(")[1].rstrip(")").split(",")[:3])
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_change_page_shows_the_state_and_the_app(page: Page, server: DemoServer, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 1280, "height": 900})
    enter(page, f"{server.url}{LIST}")
    table = page.locator("#result_list")
    assert table.evaluate("t => t.parentElement.scrollWidth <= t.parentElement.clientWidth")
    expect(page.get_by_role("row", name="By hand").get_by_text("unreadable")).to_be_visible()
    page.get_by_role("link", name="Our plan", exact=True).click()
    expect(state(page)).to_have_value(
        '{\n  "monthly": {\n    "value": 200\n  },\n  "interest": {\n    "value": 4\n  }\n}'
    )
    expect(preview(page).locator("#sum")).to_have_text("After 20 years: $74,326")
    expect(preview(page).locator(".js-plotly-plot .main-svg").first).to_be_visible()
    colours = "e => [getComputedStyle(e).color, getComputedStyle(document.body).backgroundColor]"
    for element in (state(page), page.locator(".dpd-preview .help")):
        text, background = map(lightness, element.evaluate(colours))
        assert abs(text - background) > 0.5
        assert (background < 0.5) == (scheme == "dark")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open it in a window of its own").click()
    expect(opened.value.locator("#sum")).to_have_text("After 20 years: $74,326")
    opened.value.close()


def test_an_error_stands_at_the_field_and_nothing_that_was_typed_is_lost(page: Page, server: DemoServer) -> None:
    enter(page, f"{server.url}{LIST}")
    page.get_by_role("link", name="Our plan", exact=True).click()
    state(page).fill('{"monthly": {\n  "value": }}')
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".field-base_state .errorlist")).to_have_text(
        "Line 2, column 12: This is not JSON: Expecting value."
    )
    expect(state(page)).to_have_value('{"monthly": {\n  "value": }}')
    expect(preview(page).locator("#sum")).to_have_text("After 20 years: $74,326")


def test_a_state_that_cannot_be_read_is_shown_and_can_be_corrected(page: Page, server: DemoServer) -> None:
    enter(page, f"{server.url}{LIST}")
    page.get_by_role("link", name="By hand", exact=True).click()
    expect(page.locator(".field-base_state .errorlist")).to_contain_text("Line 2, column 10: This is not JSON")
    expect(state(page)).to_have_value('{"monthly": {"value": 200,\n  "min": }}')
    expect(page.locator(".dpd-preview .dpd-problem")).to_contain_text("cannot be read")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".field-base_state .errorlist").first).to_contain_text("Nothing is written over it")
    state(page).fill('{"monthly": {"value": 300}}')
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist .success")).to_contain_text("was changed successfully")
    expect(preview(page).locator("#sum")).to_have_text("After 20 years: $99,635")


def test_what_the_preview_saves_is_not_overwritten_by_the_form_around_it(page: Page, server: DemoServer) -> None:
    enter(page, f"{server.url}{LIST}add/")
    page.locator("select[name=stateless_app]").select_option(label="Savings")
    page.locator("input[name=instance_name]").fill("To move")
    page.locator("input[name=save_on_change]").check()
    state(page).fill('{"monthly": {"value": 100}}')
    page.get_by_role("button", name="Save and continue editing").click()
    slider = preview(page).get_by_role("slider").first
    expect(preview(page).locator("#sum")).to_have_text("After 20 years: $33,212")
    slider.press("ArrowRight")
    expect(preview(page).locator("#sum")).to_have_text("After 20 years: $49,818")
    state(page).fill('{"monthly": {"value": 500}}')
    page.get_by_role("button", name="Save and continue editing").click()
    error = page.locator(".field-base_state .errorlist")
    expect(error).to_contain_text("was changed while this form was open")
    expect(error.locator("pre")).to_contain_text('"value": 150')
    expect(state(page)).to_have_value('{"monthly": {"value": 500}}')
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist .success")).to_contain_text("was changed successfully")
    expect(preview(page).locator("#sum")).to_have_text("After 20 years: $166,059")


def test_instances_are_populated_cloned_and_reset(page: Page, server: DemoServer) -> None:
    enter(page, f"{server.url}{LIST}?q=plan")
    run(page, "clone", "Our plan")
    expect(page.locator(".messagelist .success")).to_have_text("1 instance cloned: Our plan as Our plan copy.")
    page.goto(f"{server.url}{LIST}")
    run(page, "populate", "Our plan copy", "Next year")
    expect(page.locator(".messagelist .success")).to_have_text("1 instance populated: Our plan copy (12 values).")
    expect(page.locator(".messagelist .error")).to_contain_text("There is no DjangoDash app named 'Forecast'")
    run(page, "reset", "Our plan copy")
    expect(page.locator(".messagelist .success")).to_have_text("1 instance reset: Our plan copy (12 values).")
    page.get_by_role("link", name="Our plan copy", exact=True).click()
    expect(preview(page).locator("#sum")).to_have_text("After 20 years: $33,212")


def test_apps_are_found_and_checked(page: Page, server: DemoServer) -> None:
    enter(page, f"{server.url}{APPS}")
    page.get_by_role("button", name="Find apps").click()
    expect(page.locator(".messagelist .success")).to_contain_text("StockGains, StockPrices, Tips")
    expect(page.locator(".messagelist .warning")).to_have_text("No module of this site makes these apps: Forecast.")
    expect(page.get_by_role("row", name="World")).to_contain_text("dashboards.world")
    run(page, "check_apps", "World", "Forecast")
    expect(page.locator(".messagelist .success")).to_have_text(
        "World: made by dashboards.world, 2 callbacks at /dash/app/world/."
    )
    expect(page.locator(".messagelist .error")).to_contain_text(
        "Forecast: There is no DjangoDash app named 'Forecast'."
    )
    page.get_by_role("link", name="/dash/app/world/").click()
    expect(page.locator("#countries .main-svg").first).to_be_visible()
