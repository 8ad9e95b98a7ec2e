"""The largest countries: a list that its reader makes longer."""

from __future__ import annotations

import plotly.express as px
from dash import Input, Output, dcc, html
from django_plotly_dash import DjangoDash

data = px.data.gapminder().query("year == 2007")
ranked = data.nlargest(20, "pop")[["country", "pop"]]

app = DjangoDash("Ranking")

# "app" in assets/apps.css is as tall as its window. "flow" is as tall as
# what is in it, and so is a frame that follows it.
app.layout = html.Div(
    className="app flow",
    children=[
        html.H2("Inhabitants in 2007"),
        dcc.RadioItems(id="rows", options=[3, 8, 20], value=8, inline=True),
        html.Table(id="table"),
    ],
)


@app.callback(Output("table", "children"), Input("rows", "value"))
def fill(rows: int) -> html.Tbody:
    return html.Tbody(
        [
            html.Tr(
                [html.Td(country), html.Td(f"{people / 1e6:,.0f} million")]
            )
            for country, people in ranked.head(rows).to_numpy()
        ]
    )
