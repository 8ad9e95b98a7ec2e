"""dash-ag-grid: rows that are selected, edited and added to."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
from dash import Input, Output, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Warehouse")
app.layout = html.Div(
    [
        dag.AgGrid(
            id="stock",
            rowData=[{"item": "nail", "count": 90}, {"item": "screw", "count": 40}],
            columnDefs=[{"field": "item"}, {"field": "count", "editable": True}],
            getRowId="params.data.item",
            dashGridOptions={"animateRows": False},
        ),
        html.Button("add", id="add"),
        html.P(id="change"),
    ]
)


@app.callback(Output("change", "children"), Input("stock", "cellValueChanged"), prevent_initial_call=True)
def changed(changes: list[dict[str, Any]]) -> str:
    return f"{changes[0]['data']['item']}: {changes[0]['oldValue']} became {changes[0]['value']}"


@app.callback(Output("stock", "rowTransaction"), Input("add", "n_clicks"), prevent_initial_call=True)
def add(clicks: int) -> dict[str, Any]:
    return {"add": [{"item": f"bolt {clicks}", "count": 5}]}


def sees(view: Frame) -> None:
    items = view.locator(".ag-center-cols-container .ag-cell[col-id=item]")
    expect(items).to_have_text(["nail", "screw"])
    view.click("#add")
    expect(items).to_have_text(["nail", "screw", "bolt 1"])
    view.locator("[row-id=screw] .ag-cell[col-id=count]").dblclick()
    view.page.keyboard.press("Control+A")
    view.page.keyboard.type("41")
    view.page.keyboard.press("Enter")
    expect(view.locator("#change")).to_have_text("screw: 40 became 41")
