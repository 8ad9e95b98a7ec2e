"""An optional input may be missing from the page."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Guest book")
app.layout = html.Div(
    [
        html.Button("ask for a title", id="ask"),
        html.Div(id="slot"),
        dcc.Input(id="name", value="Noether"),
        html.P(id="greeting"),
    ]
)


@app.callback(Output("slot", "children"), Input("ask", "n_clicks"), prevent_initial_call=True)
def ask(clicks: int) -> dcc.Input:
    return dcc.Input(id="title", value="Professor")


@app.callback(
    Output("greeting", "children"),
    Input("name", "value"),
    Input("title", "value", allow_optional=True),
)
def greet(name: str, title: str | None) -> str:
    return f"Welcome, {title} {name}" if title else f"Welcome, {name}"


def sees(view: Frame) -> None:
    expect(view.locator("#greeting")).to_have_text("Welcome, Noether")
    view.click("#ask")
    expect(view.locator("#greeting")).to_have_text("Welcome, Professor Noether")
    view.fill("#title", "Doctor")
    expect(view.locator("#greeting")).to_have_text("Welcome, Doctor Noether")
