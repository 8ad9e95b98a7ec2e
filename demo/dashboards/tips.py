"""A dashboard of Bootstrap components."""

from __future__ import annotations

import dash_bootstrap_components as dbc
import plotly.express as px
import plotly.graph_objects as go
from dash import Input, Output, dcc, html
from django_plotly_dash import DjangoDash

data = px.data.tips()
data["percent"] = data["tip"] / data["total_bill"] * 100
DAYS = ["Thur", "Fri", "Sat", "Sun"]

# assets/bootstrap.css has the few rules that this page needs, so that the
# demo works offline. With a network, all of Bootstrap is one argument:
# DjangoDash("Tips", external_stylesheets=[dbc.themes.BOOTSTRAP])
app = DjangoDash("Tips")


def card(title: str, ident: str) -> dbc.Col:
    body = [html.Small(title), html.H3(id=ident)]
    return dbc.Col(dbc.Card(dbc.CardBody(body)))


app.layout = dbc.Container(
    fluid=True,
    className="app",
    children=[
        dbc.Row(
            [
                card("Tables", "tables"),
                card("Average bill", "bill"),
                card("Average tip", "tip"),
                card("Tip by bill", "share"),
            ]
        ),
        dbc.RadioItems(
            id="time",
            options=["Lunch", "Dinner", "All day"],
            value="All day",
            inline=True,
            class_name="btn-group",
            input_class_name="btn-check",
            label_class_name="btn btn-outline-primary",
            label_checked_class_name="active",
        ),
        dcc.Graph(
            id="chart",
            className="chart",
            config={"displayModeBar": False},
        ),
    ],
)


@app.callback(
    Output("tables", "children"),
    Output("bill", "children"),
    Output("tip", "children"),
    Output("share", "children"),
    Output("chart", "figure"),
    Input("time", "value"),
)
def summarise(time: str) -> tuple[int, str, str, str, go.Figure]:
    shown = data if time == "All day" else data[data["time"] == time]
    percent = shown["tip"].sum() / shown["total_bill"].sum() * 100
    figure = px.strip(
        shown,
        x="day",
        y="percent",
        color="day",
        category_orders={"day": DAYS},
        hover_data=["total_bill", "tip", "size"],
        labels={"day": "", "percent": "Tip in % of the bill"},
    )
    return (
        len(shown),
        f"${shown['total_bill'].mean():.2f}",
        f"${shown['tip'].mean():.2f}",
        f"{percent:.1f} %",
        figure.update_layout(showlegend=False),
    )
