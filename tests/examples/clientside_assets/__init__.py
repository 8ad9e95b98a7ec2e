"""Clientside callbacks whose JavaScript lies in the assets folder."""

from __future__ import annotations

from dash import ClientsideFunction, Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Calculator")
app.layout = html.Div([dcc.Input(id="number", type="number", value=4), html.P(id="square"), html.P("none", id="root")])
app.clientside_callback(
    ClientsideFunction(namespace="calculator", function_name="square"),
    Output("square", "children"),
    Input("number", "value"),
)
app.clientside_callback(
    ClientsideFunction(namespace="calculator", function_name="root"),
    Output("root", "children"),
    Input("number", "value"),
)


def sees(view: Frame) -> None:
    expect(view.locator("#square")).to_have_text("16")
    expect(view.locator("#root")).to_have_text("2")
    view.fill("#number", "-3")
    expect(view.locator("#square")).to_have_text("9")
    # a negative number has no root, so that one was left
    expect(view.locator("#root")).to_have_text("2")
