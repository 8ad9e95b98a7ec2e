"""A T-shirt in the colour and size of your choice."""

from __future__ import annotations

import plotly.graph_objects as go
from dash import Input, Output, dcc, html
from django_plotly_dash import DjangoDash

COLOURS = {
    "Blue": "#4c7df0",
    "Green": "#24a37c",
    "Orange": "#f0803c",
    "Red": "#dd4b4b",
    "Violet": "#8e63d6",
}
SIZES = {"S": 0.7, "M": 0.85, "L": 1.0, "XL": 1.15}
# Half of the outline; the other half is its mirror image.
X = [0, 0.12, 0.2, 0.3, 0.5, 0.9, 0.68, 0.48, 0.48, 0]
Y = [0.62, 0.65, 0.73, 0.86, 0.78, 0.34, 0.13, 0.34, -0.9, -0.9]

app = DjangoDash("SimpleExample")

app.layout = html.Div(
    className="app",
    children=[
        html.Div(
            className="controls",
            children=[
                dcc.Dropdown(
                    id="colour",
                    options=list(COLOURS),
                    value="Blue",
                    clearable=False,
                ),
                dcc.RadioItems(
                    id="size", options=list(SIZES), value="M", inline=True
                ),
            ],
        ),
        html.P(id="sentence"),
        dcc.Graph(
            id="shirt",
            className="chart",
            config={"displayModeBar": False},
        ),
    ],
)


@app.callback(
    Output("shirt", "figure"),
    Output("sentence", "children"),
    Input("colour", "value"),
    Input("size", "value"),
)
def draw(colour: str, size: str) -> tuple[go.Figure, str]:
    x = [value * SIZES[size] for value in X]
    y = [value * SIZES[size] for value in Y]
    figure = go.Figure(
        go.Scatter(
            x=x + [-value for value in reversed(x)],
            y=y + y[::-1],
            mode="lines",
            fill="toself",
            fillcolor=COLOURS[colour],
            line={"color": COLOURS[colour], "width": 6},
            hoverinfo="skip",
        )
    )
    figure.update_xaxes(visible=False, range=[-1.1, 1.1], fixedrange=True)
    figure.update_yaxes(
        visible=False,
        range=[-1.1, 1.1],
        fixedrange=True,
        scaleanchor="x",
    )
    return figure, f"A T-shirt in {colour.lower()}, size {size}."
