"""What 100 dollars of January 2018 were worth week by week."""

from __future__ import annotations

import plotly.express as px
import plotly.graph_objects as go
from dash import Input, Output, dcc, html
from django_plotly_dash import DjangoDash

prices = px.data.stocks(indexed=True) * 100
shares = list(prices.columns)

app = DjangoDash("StockPrices")

app.layout = html.Div(
    className="app",
    children=[
        html.H2("Prices"),
        dcc.Checklist(
            id="shares",
            options=shares,
            value=shares[:4],
            inline=True,
        ),
        dcc.Graph(
            id="lines",
            className="chart",
            config={"displayModeBar": False},
        ),
    ],
)


@app.callback(Output("lines", "figure"), Input("shares", "value"))
def draw(chosen: list[str]) -> go.Figure:
    figure = px.line(
        prices[chosen],
        labels={"date": "", "value": "", "company": ""},
    )
    figure.update_yaxes(tickprefix="$")
    return figure.update_layout(hovermode="x unified")
