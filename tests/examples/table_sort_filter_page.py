"""DataTable that sorts, filters and pages in the browser; the app sees what is left."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dash_table, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

PEAKS = [("Etna", 3357), ("Zugspitze", 2962), ("Rysy", 2501), ("Ben Nevis", 1345), ("Snowdon", 1085)]

app = DjangoDash("Peaks")
app.layout = html.Div(
    [
        dash_table.DataTable(
            id="peaks",
            columns=[{"name": "Peak", "id": "peak"}, {"name": "Metres", "id": "metres", "type": "numeric"}],
            data=[{"peak": peak, "metres": metres} for peak, metres in PEAKS],
            sort_action="native",
            filter_action="native",
            page_size=3,
        ),
        html.P(id="left"),
    ]
)


@app.callback(Output("left", "children"), Input("peaks", "derived_virtual_data"))
def left(rows: list[dict[str, Any]] | None) -> str:
    return f"{len(rows or [])} peaks"


def sees(view: Frame) -> None:
    names = view.locator("td[data-dash-column=peak]")
    expect(names).to_have_text(["Etna", "Zugspitze", "Rysy"])
    view.locator("th[data-dash-column=metres] .column-header--sort").click()
    expect(names).to_have_text(["Snowdon", "Ben Nevis", "Rysy"])
    view.locator("button.next-page").click()
    expect(names).to_have_text(["Zugspitze", "Etna"])
    view.locator("th[data-dash-column=metres] input").first.fill("> 2000")
    view.locator("th[data-dash-column=metres] input").first.press("Enter")
    expect(view.locator("#left")).to_have_text("3 peaks")
    expect(names).to_have_text(["Rysy", "Zugspitze", "Etna"])
