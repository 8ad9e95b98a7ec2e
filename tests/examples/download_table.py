"""dcc.send_data_frame: a table as a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from dash import Input, Output, dcc, html
from playwright.sync_api import Frame

from django_plotly_dash import DjangoDash

LAKES = pd.DataFrame({"lake": ["Garda", "Inari"], "depth": [346, 92]})

app = DjangoDash("Lakes")
app.layout = html.Div([html.Button("as CSV", id="csv"), dcc.Download(id="file")])


@app.callback(Output("file", "data"), Input("csv", "n_clicks"), prevent_initial_call=True)
def csv(clicks: int) -> dict[str, Any]:
    return dcc.send_data_frame(LAKES.to_csv, "lakes.csv", index=False)


def sees(view: Frame) -> None:
    with view.page.expect_download() as file:
        view.click("#csv")
    assert file.value.suggested_filename == "lakes.csv"
    assert Path(file.value.path()).read_text().split() == ["lake,depth", "Garda,346", "Inari,92"]
