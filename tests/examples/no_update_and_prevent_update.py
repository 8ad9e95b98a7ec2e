"""no_update leaves one output as it is, PreventUpdate leaves all."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dcc, html, no_update
from dash.exceptions import PreventUpdate
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Even numbers")
app.layout = html.Div([dcc.Input(id="number", value="2"), html.P(id="last-even"), html.P(id="last-number")])


@app.callback(Output("last-even", "children"), Output("last-number", "children"), Input("number", "value"))
def sort(text: str) -> tuple[Any, str]:
    if not text.isdigit():
        raise PreventUpdate
    return (text if int(text) % 2 == 0 else no_update), text


def sees(view: Frame) -> None:
    expect(view.locator("#last-even")).to_have_text("2")
    with view.page.expect_response("**/_dash-update-component*") as answer:
        view.fill("#number", "x")
    assert answer.value.status == 204
    expect(view.locator("#last-number")).to_have_text("2")
    view.fill("#number", "7")
    expect(view.locator("#last-number")).to_have_text("7")
    expect(view.locator("#last-even")).to_have_text("2")
