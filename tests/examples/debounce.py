"""debounce waits until typing has ended: on Enter, or on leaving the field."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Search field")
app.layout = html.Div([dcc.Input(id="words", debounce=True, value="old"), html.P(id="found")])


@app.callback(Output("found", "children"), Input("words", "value"), Input("words", "n_submit"))
def find(words: str, submitted: int | None) -> str:
    return f"searched for {words}, {submitted or 0} times with Enter"


def sees(view: Frame) -> None:
    found = view.locator("#found")
    expect(found).to_have_text("searched for old, 0 times with Enter")
    view.locator("#words").fill("new")
    expect(found).to_have_text("searched for old, 0 times with Enter")
    view.press("#words", "Enter")
    expect(found).to_have_text("searched for new, 1 times with Enter")
    view.locator("#words").fill("newer")
    view.locator("#words").blur()
    expect(found).to_have_text("searched for newer, 1 times with Enter")
