"""Which share gained most in a year; the callback is a coroutine."""

from __future__ import annotations

import asyncio

import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
from dash import Input, Output, dcc, html
from django_plotly_dash import DjangoDash

prices = px.data.stocks(indexed=True)
prices.index = pd.to_datetime(prices.index)

app = DjangoDash("StockGains")

app.layout = html.Div(
    className="app",
    children=[
        html.H2("Gains"),
        dcc.RadioItems(
            id="year", options=[2018, 2019], value=2019, inline=True
        ),
        dcc.Graph(
            id="bars",
            className="chart",
            config={"displayModeBar": False},
        ),
    ],
)


@app.callback(Output("bars", "figure"), Input("year", "value"))
async def draw(year: int) -> go.Figure:
    # Any awaitable will do: a query, a request to another service.
    gains = await asyncio.gather(*(gain(share, year) for share in prices))
    table = pd.DataFrame({"share": prices.columns, "gain": gains})
    figure = px.bar(
        table.sort_values("gain"),
        x="gain",
        y="share",
        orientation="h",
        text_auto="+.0%",
        labels={"gain": "", "share": ""},
    )
    figure.update_traces(
        marker_color=[
            "#dd4b4b" if g < 0 else "#24a37c" for g in sorted(gains)
        ],
        textposition="outside",
        cliponaxis=False,
    )
    return figure.update_xaxes(tickformat="+.0%", range=[-0.3, 1.1])


async def gain(share: str, year: int) -> float:
    """The last price of the year against the first."""
    course = prices.loc[str(year), share]
    return float(course.iloc[-1] / course.iloc[0] - 1)
