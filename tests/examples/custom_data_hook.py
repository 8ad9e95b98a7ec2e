"""dash.hooks.custom_data adds something to ctx.custom_data of each callback."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, ctx, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash


def season(context: Any) -> str:
    return "spring" if context.triggered_inputs else "winter"


dash.hooks.custom_data("example_season")(season)

app = DjangoDash("Seasons")
app.layout = html.Div([dcc.Input(id="plant", value="oak"), html.P(id="state")])


@app.callback(Output("state", "children"), Input("plant", "value"))
def grow(plant: str) -> str:
    return f"{plant} in {ctx.custom_data['example_season']}"


def sees(view: Frame) -> None:
    expect(view.locator("#state")).to_contain_text("oak in ")
    view.fill("#plant", "elm")
    expect(view.locator("#state")).to_have_text("elm in spring")
