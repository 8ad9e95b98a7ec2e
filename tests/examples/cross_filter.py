"""Cross-filtering: a click in one graph chooses what a second one shows."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

PARTS = {"bike": {"wheel": 2, "bell": 1, "pedal": 2}, "cart": {"wheel": 4, "shaft": 2}}

app = DjangoDash("Vehicles")
app.layout = html.Div(
    [
        dcc.Graph(
            id="vehicles",
            figure={
                "data": [{"x": list(PARTS), "y": [5, 6], "type": "bar"}],
                "layout": {"width": 600, "height": 300},
            },
        ),
        dcc.Graph(id="parts"),
    ]
)


@app.callback(Output("parts", "figure"), Input("vehicles", "clickData"))
def parts(click: dict[str, Any] | None) -> dict[str, Any]:
    vehicle = click["points"][0]["x"] if click else "bike"
    return {
        "data": [{"labels": list(PARTS[vehicle]), "values": list(PARTS[vehicle].values()), "type": "pie"}],
        "layout": {"title": {"text": vehicle}},
    }


def sees(view: Frame) -> None:
    expect(view.locator("#parts .gtitle")).to_have_text("bike")
    expect(view.locator("#parts .slice")).to_have_count(3)
    view.locator("#vehicles .bars .point").nth(1).wait_for()
    view.locator("#vehicles .nsewdrag").click(position={"x": 330, "y": 90})
    expect(view.locator("#parts .gtitle")).to_have_text("cart")
    expect(view.locator("#parts .slice")).to_have_count(2)
