"""dcc.Tooltip beside the point of a chart that the pointer is on."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dcc, html, no_update
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

NAMES = ["Mercury", "Venus", "Earth"]

app = DjangoDash("Planets")
app.layout = html.Div(
    [
        dcc.Graph(
            id="planets",
            figure={
                "data": [{"x": [1, 2, 3], "y": [5, 12, 13], "type": "bar", "hoverinfo": "none"}],
                "layout": {"width": 600, "height": 400},
            },
            clear_on_unhover=True,
        ),
        dcc.Tooltip(id="tip"),
    ]
)


@app.callback(Output("tip", "show"), Output("tip", "bbox"), Output("tip", "children"), Input("planets", "hoverData"))
def tip(hover: dict[str, Any] | None) -> tuple[Any, Any, Any]:
    if hover is None:
        return False, no_update, no_update
    point = hover["points"][0]
    return True, point["bbox"], f"{NAMES[point['pointNumber']]}, {point['y']} thousand km"


def sees(view: Frame) -> None:
    view.locator("#planets .bars .point").nth(1).wait_for()
    view.locator("#planets .nsewdrag").hover(position={"x": 240, "y": 200})
    expect(view.get_by_text("Venus, 12 thousand km")).to_be_visible()
