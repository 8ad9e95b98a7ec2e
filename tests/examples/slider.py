"""dcc.Slider, moved with the keyboard, with marks."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Volume")
app.layout = html.Div([dcc.Slider(0, 10, 1, value=3, id="volume", marks={0: "off", 10: "loud"}), html.P(id="heard")])


@app.callback(Output("heard", "children"), Input("volume", "value"))
def hear(volume: int) -> str:
    return "silence" if volume == 0 else f"volume {volume}"


def sees(view: Frame) -> None:
    expect(view.locator("#heard")).to_have_text("volume 3")
    expect(view.get_by_text("loud")).to_be_visible()
    view.locator("[role=slider]").press("ArrowRight")
    expect(view.locator("#heard")).to_have_text("volume 4")
    view.locator("[role=slider]").press("Home")
    expect(view.locator("#heard")).to_have_text("silence")
