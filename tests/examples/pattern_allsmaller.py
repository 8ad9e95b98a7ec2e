"""ALLSMALLER: each step knows the steps before it."""

from __future__ import annotations

from dash import ALLSMALLER, MATCH, Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Stairs")
app.layout = html.Div(
    [
        html.Div(
            [
                dcc.Input(id={"part": "height", "step": step}, type="number", value=step + 1),
                html.Span(id={"part": "level", "step": step}),
            ]
        )
        for step in range(3)
    ]
)


@app.callback(
    Output({"part": "level", "step": MATCH}, "children"),
    Input({"part": "height", "step": MATCH}, "value"),
    Input({"part": "height", "step": ALLSMALLER}, "value"),
)
def level(height: int, below: list[int]) -> str:
    return f"{sum(below)} + {height}"


def sees(view: Frame) -> None:
    levels = view.locator("span")
    expect(levels).to_have_text(["0 + 1", "1 + 2", "3 + 3"])
    view.locator("input").nth(1).fill("7")
    expect(levels).to_have_text(["0 + 1", "1 + 7", "8 + 3"])
