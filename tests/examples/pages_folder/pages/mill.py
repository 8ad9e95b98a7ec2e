"""A page with a callback."""

from __future__ import annotations

import dash
from dash import Input, Output, callback, dcc, html

dash.register_page(__name__, order=1)

layout = html.Div([html.H1("The mill"), dcc.Input(id="sacks", value="1"), html.P(id="flour")])


@callback(Output("flour", "children"), Input("sacks", "value"))
def grind(sacks: str) -> str:
    return f"{sacks} sacks of flour"
