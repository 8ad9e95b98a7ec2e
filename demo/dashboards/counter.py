"""One number for all who look at it: what one clicks, all see."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, html
from django.core.cache import cache
from django_plotly_dash import DjangoDash
from django_plotly_dash.consumers import send_to_pipe_channel
from dpd_components import Pipe

KEY = "dashboards.counter"

app = DjangoDash("Counter")


def layout() -> html.Div:
    """Called for each visitor, with the number as it is by then."""
    return html.Div(
        className="app",
        children=[
            html.H2("Open this page in a second window"),
            html.P(cache.get(KEY, 0), id="count", className="number"),
            html.Div(html.Button("One more", id="more")),
            html.P(
                "A click sends the new number to all pages.",
                className="note",
            ),
            Pipe(id="news", channel_name="counter", label="count"),
        ],
    )


app.layout = layout


@app.callback(Input("more", "n_clicks"), prevent_initial_call=True)
def add(clicks: int) -> None:
    cache.add(KEY, 0, timeout=None)
    send_to_pipe_channel("counter", "count", cache.incr(KEY))


@app.callback(
    Output("count", "children"),
    Input("news", "value"),
    prevent_initial_call=True,
)
def show(count: Any) -> Any:
    return count
