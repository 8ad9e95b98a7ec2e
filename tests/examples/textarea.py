"""dcc.Textarea, whose text is counted as its user writes."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Letter")
app.layout = html.Div([dcc.Textarea(id="letter", value="Dear all,\n"), html.P(id="size")])


@app.callback(Output("size", "children"), Input("letter", "value"))
def measure(letter: str) -> str:
    return f"{len(letter.split())} words in {letter.count(chr(10)) + 1} lines"


def sees(view: Frame) -> None:
    expect(view.locator("#size")).to_have_text("2 words in 2 lines")
    view.locator("#letter").press("Control+End")
    view.locator("#letter").press_sequentially("it\nrains")
    expect(view.locator("#size")).to_have_text("4 words in 3 lines")
