"""clickData, hoverData and selectedData of a dcc.Graph."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Orchard")
app.layout = html.Div(
    [
        dcc.Graph(
            id="trees",
            figure={
                "data": [
                    {"x": ["apple", "pear", "plum"], "y": [9, 8, 7], "type": "bar", "customdata": ["A", "B", "C"]}
                ],
                "layout": {"width": 600, "height": 400},
            },
        ),
        html.P(id="hovered"),
        html.P(id="clicked"),
    ]
)


@app.callback(Output("hovered", "children"), Input("trees", "hoverData"))
def hovered(data: dict[str, Any] | None) -> str:
    return f"over {data['points'][0]['x']}" if data else "over nothing"


@app.callback(Output("clicked", "children"), Input("trees", "clickData"))
def clicked(data: dict[str, Any] | None) -> str:
    return f"chose {data['points'][0]['customdata']}" if data else "chose nothing"


def sees(view: Frame) -> None:
    view.locator("#trees .bars .point").nth(2).wait_for()
    expect(view.locator("#hovered")).to_have_text("over nothing")
    plot = view.locator("#trees .nsewdrag")
    _move(view, 240)
    expect(view.locator("#hovered")).to_have_text("over pear")
    _move(view, 80)
    expect(view.locator("#hovered")).to_have_text("over apple")
    plot.click(position={"x": 80, "y": 200})
    expect(view.locator("#clicked")).to_have_text("chose A")


def _move(view: Frame, x: int) -> None:
    """Plotly passes over moves that follow too fast on one another; a hand makes many small ones."""
    plot = view.locator("#trees .nsewdrag")
    for step in range(5):
        plot.hover(position={"x": x + step, "y": 200})
        view.wait_for_timeout(60)
