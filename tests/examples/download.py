"""dcc.Download of a text, of bytes and of a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame

from django_plotly_dash import DjangoDash

app = DjangoDash("Print shop")
app.layout = html.Div([*(html.Button(kind, id=kind) for kind in ("text", "bytes", "file")), dcc.Download(id="parcel")])


@app.callback(Output("parcel", "data"), Input("text", "n_clicks"), prevent_initial_call=True)
def text(clicks: int) -> dict[str, Any]:
    return {"content": f"number {clicks}", "filename": "number.txt"}


@app.callback(Output("parcel", "data", allow_duplicate=True), Input("bytes", "n_clicks"), prevent_initial_call=True)
def raw(clicks: int) -> dict[str, Any]:
    return dcc.send_bytes(bytes(range(256)), "all.bin")


@app.callback(Output("parcel", "data", allow_duplicate=True), Input("file", "n_clicks"), prevent_initial_call=True)
def file(clicks: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "poem.txt")
        path.write_text("snow on snow")
        return dcc.send_file(path)


def sees(view: Frame) -> None:
    for kind, name, content in [
        ("text", "number.txt", b"number 1"),
        ("bytes", "all.bin", bytes(range(256))),
        ("file", "poem.txt", b"snow on snow"),
    ]:
        with view.page.expect_download() as parcel:
            view.click(f"#{kind}")
        assert parcel.value.suggested_filename == name
        assert Path(parcel.value.path()).read_bytes() == content
