"""dcc.RangeSlider that filters a list."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

TOWERS = {"Pisa": 57, "London": 96, "Paris": 330, "Toronto": 553}

app = DjangoDash("Towers")
app.layout = html.Div([dcc.RangeSlider(0, 600, 100, value=[0, 100], id="metres"), html.Ul(id="towers")])


@app.callback(Output("towers", "children"), Input("metres", "value"))
def filter_towers(metres: list[int]) -> list[html.Li]:
    low, high = metres
    return [html.Li(place) for place, height in TOWERS.items() if low <= height <= high]


def sees(view: Frame) -> None:
    low, high = view.locator("[role=slider]").first, view.locator("[role=slider]").last
    expect(view.locator("#towers li")).to_have_text(["Pisa", "London"])
    high.press("End")
    expect(view.locator("#towers li")).to_have_text(list(TOWERS))
    low.press("ArrowRight")
    expect(view.locator("#towers li")).to_have_text(["Paris", "Toronto"])
