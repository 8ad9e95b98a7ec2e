"""Callbacks and layouts that name what they want to know."""

from __future__ import annotations

from typing import Any

import plotly.express as px
import plotly.graph_objects as go
from dash import Input, Output, ctx, dcc, html
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django_plotly_dash import DjangoDash

FRUITS = {
    "Apples": "#dd4b4b",
    "Bananas": "#e0a912",
    "Grapes": "#8e63d6",
    "Limes": "#24a37c",
}

app = DjangoDash("Visitor")


def layout(user: User | AnonymousUser, request: HttpRequest) -> html.Div:
    """Called for each visitor with the user and the request."""
    name = user.get_username() or "visitor"
    return html.Div(
        className="app",
        children=[
            html.H2(f"Welcome, {name}!"),
            html.P(
                f"You came to {request.get_host()} and speak "
                f"{language(request)}. Which fruit shall we buy?"
            ),
            html.Div(
                className="controls",
                children=[
                    html.Button(fruit, id=fruit.lower()) for fruit in FRUITS
                ],
            ),
            html.P(id="count", className="note"),
            dcc.Graph(
                id="votes",
                className="chart",
                config={"displayModeBar": False},
            ),
        ],
    )


app.layout = layout


@app.callback(
    Output("count", "children"),
    Output("votes", "figure"),
    [Input(fruit.lower(), "n_clicks") for fruit in FRUITS],
)
def vote(
    *clicks: int | None, session_state: dict[str, Any]
) -> tuple[str, go.Figure]:
    # What is changed in session_state is kept in Django's session.
    if ctx.triggered_id:
        fruit = ctx.triggered_id.capitalize()
        session_state[fruit] = session_state.get(fruit, 0) + 1
    votes = [session_state.get(fruit, 0) for fruit in FRUITS]
    figure = px.bar(
        x=list(FRUITS),
        y=votes,
        color=list(FRUITS),
        color_discrete_map=FRUITS,
        labels={"x": "", "y": ""},
    )
    figure.update_yaxes(range=[0, max(5, *votes)])
    figure.update_layout(showlegend=False)
    text = f"Votes in this session: {sum(votes)}. Reload: they stay."
    return text, figure


def language(request: HttpRequest) -> str:
    accepted = request.headers.get("Accept-Language", "")
    return accepted.split(",")[0] or "a language of your own"
