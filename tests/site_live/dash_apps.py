"""Apps with pipes."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, html
from dpd_components import Pipe

from django_plotly_dash import DjangoDash
from django_plotly_dash.consumers import async_send_to_pipe_channel, send_to_pipe_channel


def make(name: str) -> DjangoDash:
    """An app that shows what comes out of a pipe, and whose buttons send into it."""
    app = DjangoDash(name)
    app.layout = html.Div(
        [
            Pipe(id="pipe", channel_name="news", label="headline"),
            Pipe(id="same", channel_name="news", label="headline"),
            Pipe(id="secret", channel_name="secret", label="password"),
            html.P(id="shown"),
            html.P(id="secrets"),
            html.Button("send", id="send"),
            html.Button("send async", id="send-async"),
        ]
    )

    @app.callback(
        Output("shown", "children"), Input("pipe", "value"), State("shown", "children"), prevent_initial_call=True
    )
    def show(value: Any, shown: str | None) -> str:
        return f"{shown or ''}[{value}]"

    @app.callback(Output("secrets", "children"), Input("secret", "value"), prevent_initial_call=True)
    def show_secret(value: Any) -> str:
        return str(value)

    @app.callback(Input("send", "n_clicks"), prevent_initial_call=True)
    def send(clicks: int) -> None:
        send_to_pipe_channel("news", "headline", f"from a callback of {name}")

    @app.callback(Input("send-async", "n_clicks"), prevent_initial_call=True)
    async def send_async(clicks: int) -> None:
        await async_send_to_pipe_channel("news", "headline", f"from a coroutine of {name}")

    return app


make("News")
make("Other news")

loud = DjangoDash("Loud")
loud.layout = html.Div([html.P(id="said"), html.P(id="loud")])


@loud.callback(Output("loud", "children"), Input("said", "children"), websocket=True)
async def shout(said: str) -> str:
    """Answers over the websocket."""
    return str(said).upper()
