"""Apps in frames of a Django template."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser


def test_two_apps_on_a_page_both_answer(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/frames/")
    first, second = page.frame_locator("iframe[title='Echo']"), page.frame_locator("iframe[title='Second app']")
    # both have the same ids
    first.locator("#text").fill("for the first")
    second.locator("#text").fill("for the second")
    expect(first.locator("#echoed")).to_have_text("You wrote for the first")
    expect(second.locator("#echoed")).to_have_text("Second got for the second")
    expect(first.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def test_the_site_may_forbid_frames_of_its_own_pages(page: Page, live_server: LiveServer) -> None:
    host = page.goto(f"{live_server}/frames/")
    with page.expect_response("**/dash/app/echo/") as framed:
        page.reload()
    assert host is not None
    assert host.headers["x-frame-options"] == "DENY"
    assert framed.value.headers["x-frame-options"] == "SAMEORIGIN"
    expect(page.frame_locator("iframe[title='Echo']").locator("#echoed")).to_be_visible()


@pytest.mark.parametrize(
    ("part", "height"), [("plain", 80), ("half", 400), ("text", 320), ("number", 250), ("border", 100)]
)
def test_a_frame_has_the_size_that_the_tag_says(page: Page, live_server: LiveServer, part: str, height: int) -> None:
    page.goto(f"{live_server}/pages/sizes/")
    box = page.locator(f"#{part} iframe").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (800, height)
    expect(page.frame_locator(f"#{part} iframe").locator("#text")).to_be_visible()


def test_a_frame_has_a_border_only_if_asked_for(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/sizes/")
    width = "element => getComputedStyle(element).borderRightWidth"
    assert page.locator("#plain iframe").evaluate(width) == "0px"
    assert page.locator("#border iframe").evaluate(width) != "0px"
