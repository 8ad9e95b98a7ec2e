"""extendData adds points to a graph, prependData before them."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Heartbeat")
app.layout = html.Div(
    [
        html.Button("beat", id="beat"),
        html.Button("remember", id="remember"),
        dcc.Graph(id="heart", figure={"data": [{"x": [1, 2], "y": [5, 6], "mode": "markers"}]}),
    ]
)


@app.callback(Output("heart", "extendData"), Input("beat", "n_clicks"), prevent_initial_call=True)
def beat(clicks: int) -> list[Any]:
    return [{"x": [[2 + clicks]], "y": [[5 + clicks % 2]]}, [0], 4]


@app.callback(Output("heart", "prependData"), Input("remember", "n_clicks"), prevent_initial_call=True)
def remember(clicks: int) -> dict[str, Any]:
    return {"x": [[0]], "y": [[4]]}


def sees(view: Frame) -> None:
    points = view.locator("#heart .points path")
    expect(points).to_have_count(2)
    view.click("#remember")
    expect(points).to_have_count(3)
    view.click("#beat")
    expect(points).to_have_count(4)
    view.click("#beat")
    view.wait_for_function("document.querySelector('#heart .js-plotly-plot').data[0].x.join() === '1,2,3,4'")
    expect(points).to_have_count(4)
