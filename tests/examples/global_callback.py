"""dash.callback and dash.clientside_callback, which name no app."""

from __future__ import annotations

import dash
from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Nameless callbacks")
app.layout = html.Div([dcc.Input(id="text", value="abc"), html.P(id="upper"), html.P(id="length")])


@dash.callback(Output("upper", "children"), Input("text", "value"))
def upper(text: str, dash_app_id: str) -> str:
    return f"{text.upper()} in {dash_app_id}"


dash.clientside_callback("text => `${text.length} letters`", Output("length", "children"), Input("text", "value"))


def sees(view: Frame) -> None:
    slug = view.url.rstrip("/").split("/")[-1]
    expect(view.locator("#upper")).to_have_text(f"ABC in {slug}")
    view.fill("#text", "word")
    expect(view.locator("#upper")).to_have_text(f"WORD in {slug}")
    expect(view.locator("#length")).to_have_text("4 letters")
