"""DataTable that is exported as a file, made in the browser."""

from __future__ import annotations

from pathlib import Path

from dash import dash_table
from playwright.sync_api import Frame

from django_plotly_dash import DjangoDash

app = DjangoDash("Herbs")
app.layout = dash_table.DataTable(
    id="herbs",
    columns=[{"name": "Herb", "id": "herb"}, {"name": "Pots", "id": "pots"}],
    data=[{"herb": "mint", "pots": 3}, {"herb": "dill", "pots": 1}],
    export_format="csv",
)


def sees(view: Frame) -> None:
    with view.page.expect_download() as file:
        view.locator("button.export").click()
    lines = Path(file.value.path()).read_text(encoding="utf-8-sig").split()
    assert lines == ["herb,pots", "mint,3", "dill,1"]
