"""Two inputs that follow each other, in one callback."""

from __future__ import annotations

from dash import Input, Output, ctx, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Kilometres and miles")
app.layout = html.Div([dcc.Input(id="kilometres", type="number", value=16), dcc.Input(id="furlongs", type="number")])


@app.callback(
    Output("kilometres", "value"),
    Output("furlongs", "value"),
    Input("kilometres", "value"),
    Input("furlongs", "value"),
)
def convert(kilometres: float, furlongs: float) -> tuple[float, float]:
    if ctx.triggered_id == "furlongs":
        return furlongs / 5, furlongs
    return kilometres, kilometres * 5


def sees(view: Frame) -> None:
    expect(view.locator("#furlongs")).to_have_value("80")
    view.fill("#kilometres", "2")
    expect(view.locator("#furlongs")).to_have_value("10")
    view.fill("#furlongs", "100")
    expect(view.locator("#kilometres")).to_have_value("20")
