"""ALL: one callback for every component of a kind, however many there are."""

from __future__ import annotations

from typing import Any

from dash import ALL, Input, Output, Patch, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Adding machine")
app.layout = html.Div([html.Button("more", id="more"), html.Div([], id="numbers"), html.P(id="sum")])


@app.callback(Output("numbers", "children"), Input("more", "n_clicks"), prevent_initial_call=True)
def more(clicks: int) -> Patch:
    numbers = Patch()
    numbers.append(dcc.Input(id={"kind": "number", "index": clicks}, type="number", value=clicks * 10))
    return numbers


@app.callback(Output("sum", "children"), Input({"kind": "number", "index": ALL}, "value"))
def add(numbers: list[Any]) -> str:
    return f"{len(numbers)} numbers make {sum(numbers)}"


def sees(view: Frame) -> None:
    expect(view.locator("#sum")).to_have_text("0 numbers make 0")
    view.click("#more")
    expect(view.locator("#sum")).to_have_text("1 numbers make 10")
    view.click("#more")
    expect(view.locator("#sum")).to_have_text("2 numbers make 30")
    view.locator("#numbers input").first.fill("5")
    expect(view.locator("#sum")).to_have_text("2 numbers make 25")
