"""DataTable whose cells are edited and rows deleted."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, dash_table, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Budget")
app.layout = html.Div(
    [
        dash_table.DataTable(
            id="budget",
            columns=[{"name": "For", "id": "for"}, {"name": "Sum", "id": "sum", "type": "numeric"}],
            data=[{"for": "rent", "sum": 500}, {"for": "food", "sum": 200}],
            editable=True,
            row_deletable=True,
        ),
        html.Button("add row", id="add"),
        html.P(id="total"),
    ]
)


@app.callback(Output("total", "children"), Input("budget", "data"))
def total(rows: list[dict[str, Any]]) -> str:
    return f"{sum(row['sum'] or 0 for row in rows)} in {len(rows)} rows"


@app.callback(Output("budget", "data"), Input("add", "n_clicks"), State("budget", "data"), prevent_initial_call=True)
def add(clicks: int, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*rows, {"for": "new", "sum": None}]


def sees(view: Frame) -> None:
    cells = view.locator("td[data-dash-column=sum]")
    expect(view.locator("#total")).to_have_text("700 in 2 rows")
    cells.nth(1).dblclick()
    cells.nth(1).locator("input").fill("250")
    cells.nth(1).locator("input").press("Enter")
    expect(view.locator("#total")).to_have_text("750 in 2 rows")
    view.click("#add")
    expect(view.locator("#total")).to_have_text("750 in 3 rows")
    view.locator("td.dash-delete-cell").first.click()
    expect(view.locator("#total")).to_have_text("250 in 2 rows")
    expect(view.locator("td[data-dash-column=for]")).to_have_text(["food", "new"])
