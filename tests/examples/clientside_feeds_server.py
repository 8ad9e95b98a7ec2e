"""A clientside callback before and behind one of the server."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Relay")
app.layout = html.Div(
    [
        dcc.Input(id="text", value=" Some WORDS "),
        dcc.Store(id="tidy"),
        dcc.Store(id="counts"),
        html.P(id="shown"),
    ]
)
app.clientside_callback("text => text.trim().toLowerCase()", Output("tidy", "data"), Input("text", "value"))
app.clientside_callback(
    "counts => counts ? `${counts.words} words, ${counts.letters} letters` : 'wait'",
    Output("shown", "children"),
    Input("counts", "data"),
)


@app.callback(Output("counts", "data"), Input("tidy", "data"))
def count(text: str) -> dict[str, int]:
    return {"words": len(text.split()), "letters": sum(letter.islower() for letter in text)}


def sees(view: Frame) -> None:
    expect(view.locator("#shown")).to_have_text("2 words, 9 letters")
    view.fill("#text", "ONE more TIME")
    expect(view.locator("#shown")).to_have_text("3 words, 11 letters")
