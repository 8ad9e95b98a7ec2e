"""A callback with one input and one output."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Greeter")
app.layout = html.Div([dcc.Input(id="name", value="Ada"), html.P(id="greeting")])


@app.callback(Output("greeting", "children"), Input("name", "value"))
def greet(name: str) -> str:
    return f"Good morning, {name}!"


def sees(view: Frame) -> None:
    expect(view.locator("#greeting")).to_have_text("Good morning, Ada!")
    view.fill("#name", "Grace")
    expect(view.locator("#greeting")).to_have_text("Good morning, Grace!")
