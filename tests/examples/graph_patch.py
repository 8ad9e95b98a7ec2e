"""Patch changes a figure without sending its data again."""

from __future__ import annotations

from dash import Input, Output, Patch, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Repainted chart")
app.layout = html.Div(
    [
        dcc.Input(id="title", value="Rain"),
        html.Button("add", id="add"),
        dcc.Graph(
            id="chart",
            figure={"data": [{"x": ["a", "b"], "y": [1, 2], "type": "bar"}], "layout": {"title": {"text": "-"}}},
        ),
    ]
)


@app.callback(Output("chart", "figure"), Input("title", "value"))
def rename(title: str) -> Patch:
    figure = Patch()
    figure["layout"]["title"]["text"] = title
    figure["data"][0]["marker"]["color"] = "rgb(0, 100, 0)"
    return figure


@app.callback(Output("chart", "figure", allow_duplicate=True), Input("add", "n_clicks"), prevent_initial_call=True)
def add(clicks: int) -> Patch:
    figure = Patch()
    figure["data"][0]["x"].append(f"c{clicks}")
    figure["data"][0]["y"].append(clicks + 2)
    return figure


def sees(view: Frame) -> None:
    bars = view.locator("#chart .bars .point path")
    expect(view.locator("#chart .gtitle")).to_have_text("Rain")
    expect(bars).to_have_count(2)
    expect(bars.first).to_have_css("fill", "rgb(0, 100, 0)")
    with view.page.expect_response("**/_dash-update-component*") as answer:
        view.click("#add")
    assert len(answer.value.text()) < 600
    expect(bars).to_have_count(3)
    view.fill("#title", "Snow")
    expect(view.locator("#chart .gtitle")).to_have_text("Snow")
    expect(bars).to_have_count(3)
