"""Two dice: one callback on the server, one in the browser."""

from __future__ import annotations

from collections import Counter
from secrets import randbelow

import plotly.graph_objects as go
from dash import Input, Output, State, dcc, html
from django_plotly_dash import DjangoDash

from .look import FRAMED

# The style sheets beside this module are for apps that have a page to
# themselves. This one takes the look of pages that it stands in, and in a
# frame that of look.FRAMED.
app = DjangoDash("Dice", assets_ignore=".*", index_string=FRAMED)

app.layout = html.Div(
    [
        html.Button("Throw ten times", id="throw"),
        dcc.Store(id="sums", data=[]),
        html.P(id="thrown"),
        dcc.Graph(
            id="chart",
            config={"displayModeBar": False},
            style={"height": "220px"},
        ),
    ],
    style={"padding": "1rem"},
)


@app.callback(
    Output("sums", "data"),
    Input("throw", "n_clicks"),
    State("sums", "data"),
)
def throw(clicks: int | None, sums: list[int]) -> list[int]:
    return sums + [2 + randbelow(6) + randbelow(6) for _ in range(10)]


app.clientside_callback(
    "(sums) => `${sums.length} throws, the last one ${sums.at(-1)}`",
    Output("thrown", "children"),
    Input("sums", "data"),
)


@app.callback(Output("chart", "figure"), Input("sums", "data"))
def draw(sums: list[int]) -> go.Figure:
    counts = Counter(sums)
    numbers = list(range(2, 13))
    figure = go.Figure(go.Bar(x=numbers, y=[counts[n] for n in numbers]))
    return figure.update_layout(template="demo", xaxis={"dtick": 1})
