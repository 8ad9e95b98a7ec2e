"""How wealth and health of nations have changed."""

from __future__ import annotations

from typing import Any

import plotly.express as px
import plotly.graph_objects as go
from dash import Input, Output, dcc, html
from django_plotly_dash import DjangoDash

data = px.data.gapminder()
years = sorted(data["year"].unique().tolist())
continents = sorted(data["continent"].unique())
colours = dict(zip(continents, px.colors.qualitative.Set2, strict=False))

app = DjangoDash("World")

app.layout = html.Div(
    className="app",
    children=[
        dcc.Dropdown(
            id="continents",
            options=continents,
            value=continents,
            multi=True,
            placeholder="All continents",
        ),
        dcc.Graph(
            id="countries",
            className="chart",
            config={"displayModeBar": False},
        ),
        dcc.Slider(
            id="year",
            min=years[0],
            max=years[-1],
            step=None,
            value=years[-1],
            marks={year: str(year) for year in years},
        ),
        dcc.Graph(
            id="history",
            style={"height": "170px"},
            config={"displayModeBar": False},
        ),
    ],
)


@app.callback(
    Output("countries", "figure"),
    Input("year", "value"),
    Input("continents", "value"),
)
def compare(year: int, chosen: list[str]) -> go.Figure:
    shown = data[
        (data["year"] == year)
        & data["continent"].isin(chosen or continents)
    ]
    figure = px.scatter(
        shown,
        x="gdpPercap",
        y="lifeExp",
        size="pop",
        color="continent",
        color_discrete_map=colours,
        hover_name="country",
        custom_data=["country"],
        size_max=48,
        log_x=True,
        range_x=[200, 120_000],
        range_y=[20, 90],
        labels={
            "continent": "",
            "gdpPercap": "Income per head in dollars",
            "lifeExp": "Years of life",
        },
    )
    return figure.update_layout(legend_itemsizing="constant")


@app.callback(
    Output("history", "figure"),
    Input("countries", "hoverData"),
)
def follow(hovered: dict[str, Any] | None) -> go.Figure:
    country = (
        hovered["points"][0]["customdata"][0] if hovered else "Portugal"
    )
    history = data[data["country"] == country]
    figure = px.area(
        history,
        x="year",
        y="lifeExp",
        title=f"{country}: years of life",
        labels={"year": "", "lifeExp": ""},
        range_y=[20, 90],
    )
    return figure.update_layout(margin_t=36, title_font_size=14)
