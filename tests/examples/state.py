"""State is passed along with an input, but does not start the callback."""

from __future__ import annotations

from dash import Input, Output, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Order form")
app.layout = html.Div(
    [
        dcc.Input(id="dish", value="soup"),
        dcc.Input(id="guests", type="number", value=2),
        html.Button("Order", id="order"),
        html.P("nothing yet", id="ordered"),
    ]
)


@app.callback(
    Output("ordered", "children"),
    Input("order", "n_clicks"),
    State("dish", "value"),
    State("guests", "value"),
    prevent_initial_call=True,
)
def order(clicks: int, dish: str, guests: int) -> str:
    return f"order {clicks}: {guests} x {dish}"


def sees(view: Frame) -> None:
    view.fill("#dish", "salad")
    view.fill("#guests", "3")
    expect(view.locator("#ordered")).to_have_text("nothing yet")
    view.click("#order")
    expect(view.locator("#ordered")).to_have_text("order 1: 3 x salad")
    view.fill("#dish", "cake")
    view.click("#order")
    expect(view.locator("#ordered")).to_have_text("order 2: 3 x cake")
