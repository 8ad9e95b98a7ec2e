"""Apps in a page without frames."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser


def test_each_app_of_a_page_works_by_itself(page: Page, live_server: LiveServer) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{live_server}/pages/direct/")
    parts = {"first": "red", "second": "blue", "third": "red"}
    for part, colour in parts.items():
        app = page.locator(f"#{part}")
        expect(app.locator("#echoed")).to_have_text(f"{colour.title()} got {colour}")
        expect(app.locator("#reversed")).to_have_text(colour[::-1])
        expect(app.locator("#painted")).to_have_text(f"{colour} paints {colour}")
        expect(app.locator("#by-server")).to_have_text(f"the server of {colour} has seen {colour}")
        expect(app.locator(".tab").first).to_have_text(f"{colour} first")
        expect(app.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    for part in parts:
        page.locator(f"#{part} #text").fill(f"for {part}")
    for part, colour in parts.items():
        app = page.locator(f"#{part}")
        expect(app.locator("#echoed")).to_have_text(f"{colour.title()} got for {part}")
        expect(app.locator("#reversed")).to_have_text(f"for {part}"[::-1])
        expect(app.locator("#painted")).to_have_text(f"{colour} paints for {part}")
        app.get_by_text("hello").click()
        expect(app.locator("#counted")).to_have_text(f"1 for for {part}")
    assert page.title() == "The host's title"
    scripts = [url for url in requested if url.split("?")[0].endswith(".js")]
    assert len(scripts) == len(set(scripts))
