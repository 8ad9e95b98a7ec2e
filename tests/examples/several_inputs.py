"""A callback with several inputs runs when any of them changes."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Rectangle")
app.layout = html.Div(
    [
        dcc.Input(id="width", type="number", value=3),
        dcc.Input(id="height", type="number", value=4),
        html.P(id="area"),
    ]
)


@app.callback(Output("area", "children"), Input("width", "value"), Input("height", "value"))
def area(width: int, height: int) -> str:
    return f"{width * height} square metres"


def sees(view: Frame) -> None:
    expect(view.locator("#area")).to_have_text("12 square metres")
    view.fill("#width", "5")
    expect(view.locator("#area")).to_have_text("20 square metres")
    view.fill("#height", "6")
    expect(view.locator("#area")).to_have_text("30 square metres")
