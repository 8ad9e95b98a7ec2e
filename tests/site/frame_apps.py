"""Apps whose height matters."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import Input, Output, dcc, html

from django_plotly_dash import DjangoDash

growing = DjangoDash("Growing")
growing.layout = html.Div([dcc.Input(id="lines", type="number", value=3), html.Div(id="shown")])


@growing.callback(Output("shown", "children"), Input("lines", "value"))
def show_lines(lines: int | None) -> list[html.Div]:
    return [html.Div(f"line {n}", style={"height": "50px"}) for n in range(lines or 0)]


edge = DjangoDash("Edge")
edge.layout = html.Div(
    [html.Div("above", style={"height": "40px"}), dcc.Dropdown(id="choice", options=[f"option {n}" for n in range(30)])]
)

tall = DjangoDash("Tall")
tall.layout = html.Div("as tall as its window", style={"height": "100vh", "background": "#dde"})

flush = DjangoDash("Flush")
flush.layout = tall.layout
flush.index_string = flush.index_string.replace("<head>", "<head><style>body { margin: 0 }</style>")

modal = DjangoDash("Modal")
modal.layout = html.Div(
    [
        html.Button("open", id="open"),
        dbc.Modal(
            [dbc.ModalBody([html.Div("inside", style={"height": "400px"}), html.Button("close", id="close")])],
            id="modal",
            fade=False,
            style={"position": "fixed", "top": 0, "left": 0, "width": "100%", "height": "100%", "overflowY": "auto"},
        ),
    ]
)
modal.clientside_callback(
    "(a, b) => window.dash_clientside.callback_context.triggered_id === 'open'",
    Output("modal", "is_open"),
    Input("open", "n_clicks"),
    Input("close", "n_clicks"),
    prevent_initial_call=True,
)
