"""relayoutData of a zoomed graph, and a second graph that follows it."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, Patch, dcc, html
from dash.exceptions import PreventUpdate
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

LAYOUT = {"width": 600, "height": 300, "dragmode": "zoom"}

app = DjangoDash("Twin charts")
app.layout = html.Div(
    [
        dcc.Graph(id="one", figure={"data": [{"y": [1, 4, 2, 8, 5]}], "layout": LAYOUT}),
        dcc.Graph(id="two", figure={"data": [{"y": [3, 1, 4, 1, 5]}], "layout": LAYOUT}),
        html.P(id="zoomed"),
    ]
)


@app.callback(Output("two", "figure"), Output("zoomed", "children"), Input("one", "relayoutData"))
def follow(change: dict[str, Any] | None) -> tuple[Patch, str]:
    if not change or "xaxis.range[0]" not in change:
        raise PreventUpdate
    figure = Patch()
    figure["layout"]["xaxis"]["range"] = [change["xaxis.range[0]"], change["xaxis.range[1]"]]
    return figure, "zoomed in"


def sees(view: Frame) -> None:
    for name in ("one", "two"):
        view.locator(f"#{name} path.js-line").wait_for()
    view.locator("#one .nsewdrag").hover(position={"x": 100, "y": 60})
    mouse, box = view.page.mouse, view.locator("#one .nsewdrag").bounding_box()
    assert box is not None
    mouse.down()
    mouse.move(box["x"] + 250, box["y"] + 60, steps=3)
    mouse.up()
    expect(view.locator("#zoomed")).to_have_text("zoomed in")
    ranges = "name => document.querySelector(`#${name} .js-plotly-plot`)._fullLayout.xaxis.range"
    view.wait_for_function("() => document.querySelector('#two .js-plotly-plot')._fullLayout.xaxis.range[1] < 3.9")
    assert view.evaluate(ranges, "two") == view.evaluate(ranges, "one")
