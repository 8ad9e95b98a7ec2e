"""DataTable with selected rows, an active cell and styles by condition."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dash_table, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Crew")
app.layout = html.Div(
    [
        dash_table.DataTable(
            id="crew",
            columns=[{"name": "Name", "id": "name"}, {"name": "Age", "id": "age"}],
            data=[{"name": "Ann", "age": 31}, {"name": "Bo", "age": 17}, {"name": "Cy", "age": 44}],
            row_selectable="multi",
            style_data_conditional=[
                {"if": {"filter_query": "{age} < 18", "column_id": "age"}, "color": "rgb(255, 0, 0)"}
            ],
        ),
        html.P(id="chosen"),
        html.P(id="cell"),
    ]
)


@app.callback(Output("chosen", "children"), Input("crew", "selected_rows"))
def chosen(rows: list[int] | None) -> str:
    return f"rows {sorted(rows or [])}"


@app.callback(Output("cell", "children"), Input("crew", "active_cell"))
def cell(active: dict[str, Any] | None) -> str:
    return f"{active['column_id']} of row {active['row']}" if active else "no cell"


def sees(view: Frame) -> None:
    expect(view.locator("td[data-dash-column=age]").nth(1)).to_have_css("color", "rgb(255, 0, 0)")
    expect(view.locator("td[data-dash-column=age]").nth(2)).not_to_have_css("color", "rgb(255, 0, 0)")
    boxes = view.locator("td.dash-select-cell input")
    boxes.nth(2).click()
    expect(view.locator("#chosen")).to_have_text("rows [2]")
    boxes.nth(0).click()
    expect(view.locator("#chosen")).to_have_text("rows [0, 2]")
    view.locator("td[data-dash-column=name]").nth(1).click()
    expect(view.locator("#cell")).to_have_text("name of row 1")
