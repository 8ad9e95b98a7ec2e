"""Two apps in a module with the same ids: callbacks without an app belong to the app above them."""

from __future__ import annotations

import dash
from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

other = DjangoDash("Lower half")
other.layout = html.Div([dcc.Input(id="text", value="Two"), html.P(id="shown")])


@dash.callback(Output("shown", "children"), Input("text", "value"))
def lower(text: str) -> str:
    return text.lower()


app = DjangoDash("Upper half")
app.layout = html.Div([dcc.Input(id="text", value="Two"), html.P(id="shown")])


@dash.callback(Output("shown", "children"), Input("text", "value"))
def upper(text: str) -> str:
    return text.upper()


def sees(view: Frame) -> None:
    expect(view.locator("#shown")).to_have_text("TWO")
    view.fill("#text", "Three")
    expect(view.locator("#shown")).to_have_text("THREE")
