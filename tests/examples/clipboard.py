"""dcc.Clipboard copies what a callback gives it."""

from __future__ import annotations

from dash import Input, Output, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Copyist")
app.layout = html.Div([dcc.Input(id="text", value="ink"), dcc.Clipboard(id="copy"), html.P(id="copied")])


@app.callback(
    Output("copy", "content"),
    Output("copied", "children"),
    Input("copy", "n_clicks"),
    State("text", "value"),
    prevent_initial_call=True,
)
def copy(clicks: int, text: str) -> tuple[str, str]:
    return text.upper(), f"copied {clicks} times"


def sees(view: Frame) -> None:
    view.fill("#text", "quill")
    view.click("#copy")
    expect(view.locator("#copied")).to_have_text("copied 1 times")
    view.wait_for_function("navigator.clipboard.readText().then(text => text === 'QUILL')")
