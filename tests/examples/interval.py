"""dcc.Interval asks again and again, until it is told to stop; more slowly than a busy machine answers."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Countdown")
app.layout = html.Div([dcc.Interval(id="clock", interval=600, max_intervals=-1), html.P(id="left")])


@app.callback(Output("left", "children"), Output("clock", "disabled"), Input("clock", "n_intervals"))
def tick(intervals: int | None) -> tuple[str, bool]:
    left = 3 - (intervals or 0)
    return ("lift-off" if left <= 0 else f"{left}"), left <= 0


def sees(view: Frame) -> None:
    expect(view.locator("#left")).to_have_text("lift-off")
