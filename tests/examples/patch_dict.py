"""Patch changes single keys of nested dicts."""

from __future__ import annotations

from dash import Input, Output, Patch, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Painter")
app.layout = html.Div(
    [
        html.Button("blue", id="blue"),
        html.Button("wide", id="wide"),
        html.P("paint", id="wall", style={"color": "rgb(9, 9, 9)", "width": "100px"}),
    ]
)


@app.callback(Output("wall", "style"), Input("blue", "n_clicks"), prevent_initial_call=True)
def paint(clicks: int) -> Patch:
    style = Patch()
    style["color"] = "rgb(0, 0, 255)"
    return style


@app.callback(Output("wall", "style", allow_duplicate=True), Input("wide", "n_clicks"), prevent_initial_call=True)
def widen(clicks: int) -> Patch:
    style = Patch()
    style.update({"width": "300px", "fontStyle": "italic"})
    return style


def sees(view: Frame) -> None:
    wall = view.locator("#wall")
    view.click("#blue")
    expect(wall).to_have_css("color", "rgb(0, 0, 255)")
    expect(wall).to_have_css("width", "100px")
    view.click("#wide")
    expect(wall).to_have_css("width", "300px")
    expect(wall).to_have_css("font-style", "italic")
    expect(wall).to_have_css("color", "rgb(0, 0, 255)")
