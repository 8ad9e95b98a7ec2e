"""An app to which the page says what to show."""

from __future__ import annotations

from typing import Any

import plotly.express as px
import plotly.graph_objects as go
from dash import Input, Output, dcc, html
from django_plotly_dash import DjangoDash

data = px.data.gapminder()
MEASURES = {
    "lifeExp": "Years of life",
    "gdpPercap": "Wealth in $ a head",
    "pop": "Inhabitants",
}

app = DjangoDash("Country")


def layout(params: dict[str, Any]) -> html.Div:
    """Called with what the page gives as ``params``."""
    return html.Div(
        className="app",
        children=[
            html.H2(MEASURES[params.get("measure", "lifeExp")]),
            # Where the page gives initial_arguments for it, this has
            # another value.
            dcc.Dropdown(
                id="country",
                options=sorted(data["country"].unique()),
                value="Norway",
                clearable=False,
            ),
            html.P(id="said", className="note"),
            dcc.Graph(
                id="line",
                className="chart",
                config={"displayModeBar": False},
            ),
        ],
    )


app.layout = layout


@app.callback(
    Output("line", "figure"),
    Output("said", "children"),
    Input("country", "value"),
)
def draw(country: str, params: dict[str, Any]) -> tuple[go.Figure, str]:
    measure = params.get("measure", "lifeExp")
    shown = data[data["country"] == country]
    figure = px.line(
        shown,
        x="year",
        y=measure,
        markers=True,
        labels={"year": "", measure: MEASURES[measure]},
    )
    first, last = shown[measure].iloc[0], shown[measure].iloc[-1]
    return figure, f"{country}: {first:,.0f} in 1952, {last:,.0f} in 2007."
