"""A session that a page and an app share."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from dash import Input, Output, ctx, dcc, html
from django_plotly_dash import DjangoDash

app = DjangoDash("SessionCounter")

app.layout = html.Div(
    className="app",
    children=[
        html.H2("In your session"),
        html.P(id="told"),
        html.Div(
            className="controls",
            children=[
                html.Button("Count one more", id="more"),
                html.Button("Forget all", id="forget"),
            ],
        ),
        dcc.Graph(
            id="bars",
            className="chart",
            config={"displayModeBar": False},
        ),
    ],
)


@app.callback(
    Output("told", "children"),
    Output("bars", "figure"),
    Input("more", "n_clicks"),
    Input("forget", "n_clicks"),
)
def count(
    more: int | None, forget: int | None, session_state: dict[str, Any]
) -> tuple[str, go.Figure]:
    # The page's view counts under "add_counter", this callback under
    # "clicks": both are in request.session["django_plotly_dash"].
    if ctx.triggered_id == "more":
        session_state["clicks"] = session_state.get("clicks", 0) + 1
    elif ctx.triggered_id == "forget":
        session_state.clear()
    opened = session_state.get("add_counter", 0)
    clicks = session_state.get("clicks", 0)
    figure = go.Figure(
        go.Bar(
            x=[clicks, opened],
            y=["by the app's button", "by the page's view"],
            orientation="h",
            marker={"color": ["#24a37c", "#4c7df0"]},
        )
    )
    figure.update_yaxes(ticksuffix=" ")
    figure.update_xaxes(range=[0, max(5, opened, clicks)], dtick=1)
    if max(opened, clicks) > 12:
        figure.update_xaxes(dtick=None)
    return f"Page opened: {opened}. Button clicked: {clicks}.", figure
