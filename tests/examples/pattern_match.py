"""MATCH: each row has an answer of its own."""

from __future__ import annotations

from typing import Any

from dash import MATCH, Input, Output, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Rows")
app.layout = html.Div(
    [
        html.Div(
            [dcc.Input(id={"part": "text", "row": row}), html.Span(id={"part": "count", "row": row})], id=f"row-{row}"
        )
        for row in ("first", "second")
    ]
)


@app.callback(
    Output({"part": "count", "row": MATCH}, "children"),
    Input({"part": "text", "row": MATCH}, "value"),
    State({"part": "text", "row": MATCH}, "id"),
    prevent_initial_call=True,
)
def count(text: str, name: dict[str, Any]) -> str:
    return f"{len(text)} letters in the {name['row']} row"


def sees(view: Frame) -> None:
    view.locator("#row-second input").fill("seven")
    expect(view.locator("#row-second span")).to_have_text("5 letters in the second row")
    expect(view.locator("#row-first span")).to_be_empty()
    view.locator("#row-first input").fill("ab")
    expect(view.locator("#row-first span")).to_have_text("2 letters in the first row")
