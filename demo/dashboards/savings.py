"""A plan whose sliders stay where anybody has left them."""

from __future__ import annotations

import plotly.graph_objects as go
from dash import Input, Output, dcc, html
from django_plotly_dash import DjangoDash

app = DjangoDash("Savings")

app.layout = html.Div(
    className="app",
    children=[
        html.H2(id="sum"),
        html.Label("Each month, in dollars", htmlFor="monthly"),
        dcc.Slider(
            id="monthly",
            min=50,
            max=500,
            step=50,
            value=100,
        ),
        html.Label("Interest in % a year", htmlFor="interest"),
        dcc.Slider(id="interest", min=0, max=8, step=1, value=3),
        dcc.Graph(
            id="growth",
            className="chart",
            config={"displayModeBar": False},
        ),
    ],
)


# There is nothing here about saving. The page shows a saved instance of
# this app, a row of the database: where its state has a property, the
# layout shows the saved value, and the callback saves the new one.
@app.callback(
    Output("sum", "children"),
    Output("growth", "figure"),
    Input("monthly", "value"),
    Input("interest", "value"),
)
def grow(monthly: int, interest: int) -> tuple[str, go.Figure]:
    years = list(range(21))
    paid = [monthly * 12 * year for year in years]
    worth = [0.0]
    for _ in years[1:]:
        worth.append((worth[-1] + monthly * 12) * (1 + interest / 100))
    figure = go.Figure(
        [
            go.Scatter(x=years, y=worth, name="Worth", fill="tozeroy"),
            go.Scatter(x=years, y=paid, name="Paid in"),
        ]
    )
    figure.update_xaxes(title="Years")
    figure.update_yaxes(tickprefix="$", rangemode="tozero")
    return f"After 20 years: ${worth[-1]:,.0f}", figure
