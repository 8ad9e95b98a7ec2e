"""A callback without inputs runs once, as the page loads."""

from __future__ import annotations

from dash import Output, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Opening words")
app.layout = html.Div([dcc.Input(id="name", value="Emmy"), html.P(id="welcome"), html.P(id="motto")])


@app.callback(Output("motto", "children"))
def motto() -> str:
    return "slowly but surely"


@app.callback(Output("welcome", "children"), State("name", "value"))
def welcome(name: str) -> str:
    return f"come in, {name}"


def sees(view: Frame) -> None:
    expect(view.locator("#motto")).to_have_text("slowly but surely")
    expect(view.locator("#welcome")).to_have_text("come in, Emmy")
