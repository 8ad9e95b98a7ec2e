"""api_endpoint: a callback that other programs of the same site may call as well."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Exchange office")
app.layout = html.Div([dcc.Input(id="amount", type="number", value=10), html.P(id="crowns")])


@app.callback(Output("crowns", "children"), Input("amount", "value"), api_endpoint="api/crowns")
def crowns(amount: Any = 0) -> str:
    return f"{amount * 7} crowns"


ASK = """async path => {
    const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
    const answer = await fetch(path, {
        method: "POST",
        headers: {"Content-Type": "application/json", "X-CSRFToken": token},
        body: JSON.stringify({amount: 3}),
    });
    return [answer.status, await answer.json()];
}"""


def sees(view: Frame) -> None:
    expect(view.locator("#crowns")).to_have_text("70 crowns")
    assert view.evaluate(ASK, f"{view.url}api/crowns") == [200, "21 crowns"]
