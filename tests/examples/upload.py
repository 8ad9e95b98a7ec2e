"""dcc.Upload: two files come with names and contents."""

from __future__ import annotations

import base64

from dash import Input, Output, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Letter box")
app.layout = html.Div([dcc.Upload(html.Button("choose"), id="box", multiple=True), html.Ul(id="received")])


@app.callback(
    Output("received", "children"), Input("box", "contents"), State("box", "filename"), prevent_initial_call=True
)
def receive(contents: list[str], names: list[str]) -> list[html.Li]:
    texts = [base64.b64decode(content.split(",")[1]).decode() for content in contents]
    return [html.Li(f"{name}: {text}") for name, text in zip(names, texts, strict=True)]


def sees(view: Frame) -> None:
    view.locator("#box input").set_input_files(
        [
            {"name": "a.txt", "mimeType": "text/plain", "buffer": "caf\u00e9".encode()},
            {"name": "b.csv", "mimeType": "text/csv", "buffer": b"1,2"},
        ]
    )
    expect(view.locator("#received li")).to_have_text(["a.txt: caf\u00e9", "b.csv: 1,2"])
