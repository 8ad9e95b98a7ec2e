"""Clicks on plain HTML elements, their time, and boolean attributes."""

from __future__ import annotations

from dash import Input, Output, State, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Doorbell")
app.layout = html.Div(
    [
        html.Div("front door", id="front"),
        html.Div("back door", id="back", n_clicks=0, disable_n_clicks=True),
        html.Details([html.Summary("more"), html.P("nobody at home")], id="details", open=False),
        html.P(id="rings"),
    ]
)


@app.callback(
    Output("rings", "children"),
    Output("details", "open"),
    Input("front", "n_clicks"),
    State("front", "n_clicks_timestamp"),
    State("back", "n_clicks"),
    prevent_initial_call=True,
)
def ring(front: int, moment: int, back: int) -> tuple[str, bool]:
    return f"{front} at the front, {back} at the back, {'today' if moment > 1e12 else 'long ago'}", front > 1


def sees(view: Frame) -> None:
    expect(view.get_by_text("nobody at home")).to_be_hidden()
    view.click("#back")
    view.click("#front")
    expect(view.locator("#rings")).to_have_text("1 at the front, 0 at the back, today")
    view.click("#front")
    expect(view.locator("#rings")).to_have_text("2 at the front, 0 at the back, today")
    expect(view.get_by_text("nobody at home")).to_be_visible()
