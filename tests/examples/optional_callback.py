"""optional= and hidden= callbacks, whose components may all be missing."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Spare parts")
app.layout = html.Div([dcc.Input(id="text", value="here"), html.P(id="shown")])


@app.callback(Output("shown", "children"), Input("text", "value"), hidden=True)
def show(text: str) -> str:
    return f"{text} and now"


@app.callback(Output("missing", "children"), Input("absent", "value"), optional=True)
def never(text: str) -> str:
    return text


def sees(view: Frame) -> None:
    expect(view.locator("#shown")).to_have_text("here and now")
    view.fill("#text", "there")
    expect(view.locator("#shown")).to_have_text("there and now")
