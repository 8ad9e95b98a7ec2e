"""Pages with titles, descriptions and images, which stand as meta tags in a deep link's page."""

from __future__ import annotations

import dash
from dash import html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Gallery", use_pages=True, pages_folder="")
dash.register_page("hall", path="/", layout=html.H1("Hall"), title="Hall", description="Where it begins")
dash.register_page("sea", layout=html.H1("The sea"), title="Sea", description="Blue on blue", image="sea.svg")
app.layout = html.Div(dash.page_container)


def sees(view: Frame) -> None:
    start = view.url
    expect(view.locator("meta[property='og:description']")).to_have_attribute("content", "Where it begins")
    view.goto(f"{start}sea")
    expect(view.locator("h1")).to_have_text("The sea")
    expect(view.locator("meta[name=description]")).to_have_attribute("content", "Blue on blue")
    expect(view.locator("meta[property='og:title']")).to_have_attribute("content", "Sea")
    image = view.locator("meta[property='og:image']").get_attribute("content")
    assert image is not None
    assert image.startswith(f"{start}assets/sea.svg")
    assert view.evaluate("url => fetch(url).then(answer => answer.status)", image) == 200
