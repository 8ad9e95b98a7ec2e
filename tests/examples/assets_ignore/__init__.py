"""assets_folder of another name, and assets_ignore for files that pages do not load."""

from __future__ import annotations

from dash import html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Picky app", assets_folder="wardrobe", assets_ignore="draft.*")
app.layout = html.P("dressed", id="text")


def sees(view: Frame) -> None:
    expect(view.locator("#text")).to_have_css("font-style", "italic")
    expect(view.locator("#text")).to_have_css("text-decoration-line", "none")
    expect(view.locator("link[href*=draft]")).to_have_count(0)
