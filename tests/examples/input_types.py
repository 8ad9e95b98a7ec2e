"""dcc.Input of several types: number with limits, password, search with suggestions."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Fields")
app.layout = html.Div(
    [
        dcc.Input(id="number", type="number", min=1, max=5, step=1, value=2),
        dcc.Input(id="password", type="password", value="abc"),
        dcc.Input(id="tree", type="search", list="trees", placeholder="a tree"),
        html.Datalist(id="trees", children=[html.Option(value="oak"), html.Option(value="elm")]),
        html.P(id="values"),
    ]
)


@app.callback(
    Output("values", "children"), Input("number", "value"), Input("password", "value"), Input("tree", "value")
)
def values(number: int | None, password: str, tree: str | None) -> str:
    return f"{number} / {'*' * len(password)} / {tree}"


def sees(view: Frame) -> None:
    expect(view.locator("#values")).to_have_text("2 / *** / None")
    view.fill("#number", "4")
    expect(view.locator("#values")).to_have_text("4 / *** / None")
    view.fill("#password", "abcde")
    expect(view.locator("#password")).to_have_attribute("type", "password")
    view.get_by_placeholder("a tree").fill("elm")
    expect(view.locator("#values")).to_have_text("4 / ***** / elm")
