"""A layout may be a list of components."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Loose parts")
app.layout = [html.H2("Parts"), dcc.Input(id="part", value="screw"), html.P(id="stock")]


@app.callback(Output("stock", "children"), Input("part", "value"))
def stock(part: str) -> str:
    return f"{len(part)} pieces of {part}"


def sees(view: Frame) -> None:
    expect(view.locator("h2")).to_have_text("Parts")
    view.fill("#part", "nut")
    expect(view.locator("#stock")).to_have_text("3 pieces of nut")
