"""Duplicate outputs that also run as the page loads: prevent_initial_call="initial_duplicate"."""

from __future__ import annotations

from dash import Input, Output, Patch, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Log book", prevent_initial_callbacks="initial_duplicate")
app.layout = html.Div([html.Button("left", id="left"), html.Button("right", id="right"), html.Ul([], id="log")])


@app.callback(Output("log", "children", allow_duplicate=True), Input("left", "n_clicks"))
def left(clicks: int | None) -> Patch:
    log = Patch()
    log.append(html.Li(f"left {clicks}"))
    return log


@app.callback(Output("log", "children", allow_duplicate=True), Input("right", "n_clicks"))
def right(clicks: int | None) -> Patch:
    log = Patch()
    log.append(html.Li(f"right {clicks}"))
    return log


def sees(view: Frame) -> None:
    lines = view.locator("#log li")
    expect(lines).to_have_count(2)
    assert sorted(lines.all_text_contents()) == ["left None", "right None"]
    view.click("#right")
    expect(lines).to_have_count(3)
    expect(lines.nth(2)).to_have_text("right 1")
