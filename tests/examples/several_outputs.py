"""A callback with several outputs, of children, style and a tooltip."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Thermometer")
app.layout = html.Div([dcc.Input(id="celsius", type="number", value=10), html.P(id="fahrenheit"), html.P(id="words")])


@app.callback(
    Output("fahrenheit", "children"),
    Output("words", "children"),
    Output("words", "style"),
    Output("words", "title"),
    Input("celsius", "value"),
)
def convert(celsius: int) -> tuple[str, str, dict[str, str], str]:
    warm = celsius > 25
    colour = {"color": "rgb(200, 0, 0)" if warm else "rgb(0, 0, 200)"}
    return f"{celsius * 9 // 5 + 32} F", "warm" if warm else "cool", colour, f"{celsius} degrees"


def sees(view: Frame) -> None:
    expect(view.locator("#fahrenheit")).to_have_text("50 F")
    expect(view.locator("#words")).to_have_css("color", "rgb(0, 0, 200)")
    view.fill("#celsius", "30")
    expect(view.locator("#fahrenheit")).to_have_text("86 F")
    expect(view.locator("#words")).to_have_text("warm")
    expect(view.locator("#words")).to_have_css("color", "rgb(200, 0, 0)")
    expect(view.locator("#words")).to_have_attribute("title", "30 degrees")
