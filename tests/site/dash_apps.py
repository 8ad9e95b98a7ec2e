"""Apps that are found at start-up. Tests that need others make them inside ``registry.isolated()``."""

from __future__ import annotations

from dash import Input, Output, dcc, html

from django_plotly_dash import DjangoDash

from . import browser_apps, direct_apps, frame_apps  # noqa: F401 - make apps

echo = DjangoDash("Echo")
echo.layout = html.Div(
    [
        dcc.Input(id="text", value="hello"),
        html.Div(id="echoed"),
        html.Button("fail", id="fail"),
        html.Div(id="failed"),
        dcc.Graph(id="graph", figure={"data": [{"x": [1, 2, 3], "y": [2, 1, 3]}]}),
    ]
)


@echo.callback(Output("echoed", "children"), Input("text", "value"))
def show(text: str) -> str:
    return f"You wrote {text}"


@echo.callback(Output("failed", "children"), Input("fail", "n_clicks"), prevent_initial_call=True)
def fail(clicks: int) -> str:
    raise ValueError("the secret of the callback")


second = DjangoDash("Second app")
second.layout = html.Div([dcc.Input(id="text", value="two"), html.Div(id="echoed")])


@second.callback(Output("echoed", "children"), Input("text", "value"))
async def show_second(text: str) -> str:
    return f"Second got {text}"
