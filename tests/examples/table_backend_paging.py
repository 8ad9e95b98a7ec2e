"""DataTable whose pages and order come from the server."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dash_table
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

ROWS = [{"number": number, "square": number * number} for number in range(1, 8)]

app = DjangoDash("Squares")
app.layout = dash_table.DataTable(
    id="squares",
    columns=[{"name": name, "id": name} for name in ("number", "square")],
    page_action="custom",
    page_current=0,
    page_size=3,
    page_count=3,
    sort_action="custom",
    sort_by=[],
)


@app.callback(
    Output("squares", "data"),
    Input("squares", "page_current"),
    Input("squares", "page_size"),
    Input("squares", "sort_by"),
)
def page(current: int, size: int, order: list[dict[str, Any]]) -> list[dict[str, int]]:
    rows = ROWS
    for column in reversed(order):
        rows = sorted(rows, key=lambda row: row[column["column_id"]], reverse=column["direction"] == "desc")
    return rows[current * size : (current + 1) * size]


def sees(view: Frame) -> None:
    squares = view.locator("td[data-dash-column=square]")
    expect(squares).to_have_text(["1", "4", "9"])
    view.locator("button.next-page").click()
    expect(squares).to_have_text(["16", "25", "36"])
    for _ in range(2):
        view.locator("th[data-dash-column=square] .column-header--sort").click()
    expect(squares).to_have_text(["16", "9", "4"])
