"""Inputs, states and outputs that are grouped in dicts, together with an argument of Django's."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Invoice")
app.layout = html.Div(
    [
        dcc.Input(id="amount", type="number", value=3),
        dcc.Input(id="price", type="number", value=10),
        dcc.Store(id="rate", data=0.2),
        html.P(id="net"),
        html.P(id="tax"),
        html.P(id="who"),
    ]
)


@app.callback(
    output={"net": Output("net", "children"), "tax": Output("tax", "children"), "who": Output("who", "children")},
    inputs={"amount": Input("amount", "value"), "price": Input("price", "value")},
    state={"rate": State("rate", "data")},
)
def total(amount: int, price: int, rate: float, user: Any) -> dict[str, Any]:
    net = amount * price
    return {"net": net, "tax": net * rate, "who": "a visitor" if user.is_anonymous else user.get_username()}


def sees(view: Frame) -> None:
    expect(view.locator("#net")).to_have_text("30")
    expect(view.locator("#tax")).to_have_text("6")
    expect(view.locator("#who")).to_have_text("a visitor")
    view.fill("#amount", "5")
    expect(view.locator("#tax")).to_have_text("10")
