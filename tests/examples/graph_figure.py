"""A figure of plotly express that a callback makes anew, with loading of plotly.js as it is needed."""

from __future__ import annotations

import plotly.express as px
from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect
from plotly.graph_objects import Figure

from django_plotly_dash import DjangoDash

SALES = {"day": ["Mon", "Tue", "Wed"] * 2, "shop": ["north"] * 3 + ["south"] * 3, "sold": [4, 6, 5, 2, 9, 1]}

app = DjangoDash("Shops")
app.layout = html.Div([dcc.RadioItems(["bar", "line"], "bar", id="kind"), dcc.Graph(id="sales")])


@app.callback(Output("sales", "figure"), Input("kind", "value"))
def draw(kind: str) -> Figure:
    make = px.bar if kind == "bar" else px.line
    return make(SALES, x="day", y="sold", color="shop", title=f"Sold, as a {kind}")


def sees(view: Frame) -> None:
    expect(view.locator("#sales .gtitle")).to_have_text("Sold, as a bar")
    expect(view.locator("#sales .bars .point")).to_have_count(6)
    view.locator("#kind").get_by_text("line").click()
    expect(view.locator("#sales .gtitle")).to_have_text("Sold, as a line")
    expect(view.locator("#sales .scatterlayer path.js-line")).to_have_count(2)
    expect(view.locator("#sales .legendtext")).to_have_text(["north", "south"])
