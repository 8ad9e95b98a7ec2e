"""use_pages with a folder of pages: home, links in order, a nested page, deep links, back and reload."""

from __future__ import annotations

import dash
from dash import dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Village", use_pages=True)


def layout() -> html.Div:
    links = [dcc.Link(page["name"], href=page["relative_path"]) for page in dash.page_registry.values()]
    return html.Div([html.Nav(links), dash.page_container])


app.layout = layout


def sees(view: Frame) -> None:
    start = view.url
    expect(view.locator("h1")).to_have_text("The square")
    expect(view.locator("nav a")).to_have_text(["Square", "Mill", "Old bridge"])
    assert view.title() == "The village"
    view.get_by_role("link", name="Mill").click()
    expect(view.locator("h1")).to_have_text("The mill")
    view.fill("#sacks", "5")
    expect(view.locator("#flour")).to_have_text("5 sacks of flour")
    assert view.url == f"{start}mill"
    view.get_by_role("link", name="Old bridge").click()
    expect(view.locator("h1")).to_have_text("The old bridge")
    assert view.url == f"{start}river/old-bridge"
    view.goto(view.url)
    expect(view.locator("h1")).to_have_text("The old bridge")
    view.get_by_role("link", name="Square").click()
    expect(view.locator("h1")).to_have_text("The square")
    assert view.url == start
