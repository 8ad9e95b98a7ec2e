"""Lists and tuples of dependencies, and keyword arguments instead of places."""

from __future__ import annotations

from dash import Input, Output, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Word joiner")
app.layout = html.Div(
    [
        dcc.Input(id="one", value="sun"),
        dcc.Input(id="two", value="day"),
        html.P(id="word"),
        html.P(id="back"),
    ]
)


@app.callback([Output("word", "children")], [Input("one", "value")], [State("two", "value")])
def join(one: str, two: str) -> list[str]:
    return [one + two]


@app.callback(Output("back", "children"), inputs=[(Input("one", "value"), Input("two", "value"))])
def back(pair: tuple[str, str]) -> str:
    return "".join(reversed(pair[0] + pair[1]))


def sees(view: Frame) -> None:
    expect(view.locator("#word")).to_have_text("sunday")
    expect(view.locator("#back")).to_have_text("yadnus")
    view.fill("#two", "burn")
    expect(view.locator("#back")).to_have_text("nrubnus")
    expect(view.locator("#word")).to_have_text("sunday")
    view.fill("#one", "wind")
    expect(view.locator("#word")).to_have_text("windburn")
