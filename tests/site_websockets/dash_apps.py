"""Apps with websocket callbacks, written as Dash's documentation has them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from dash import Input, Output, State, ctx, html, set_props

from django_plotly_dash import DjangoDash

# How many callbacks that stream are under way in this process.
running: list[str] = []


def make(name: str) -> DjangoDash:
    """An app whose callbacks go over a websocket."""
    app = DjangoDash(name)
    app.layout = html.Div(
        [
            html.Button("go", id="go"),
            html.Button("fail", id="fail"),
            html.P(id="steps"),
            html.P(id="answer"),
            html.P("of the page", id="noted"),
            html.P(id="failed"),
            html.P(id="clock"),
        ]
    )

    @app.callback(Output("answer", "children"), Input("go", "n_clicks"), websocket=True, prevent_initial_call=True)
    async def go(clicks: int, user: Any) -> str:
        for step in range(3):
            set_props("steps", {"children": f"step {step} of {name}"})
            await asyncio.sleep(0.05)
        noted = await ctx.websocket.get_prop("noted", "children")
        return f"{name} {clicks} {noted} {user.username or 'nobody'}"

    @app.callback(
        Output("failed", "children"),
        Input("fail", "n_clicks"),
        State("noted", "children"),
        websocket=True,
        prevent_initial_call=True,
    )
    def fail(clicks: int, noted: str) -> str:
        raise ValueError(f"it fails in {name}")

    @app.callback(websocket=True, persistent=True)
    async def clock() -> None:
        running.append(name)
        try:
            while True:
                set_props("clock", {"children": f"{time.time():.2f}"})
                await asyncio.sleep(0.1)
        finally:
            running.remove(name)

    return app


make("Tick")
make("Tock")

still = DjangoDash("Still", websocket_inactivity_timeout=100_000, websocket_heartbeat_interval=20_000)
still.layout = html.Div([html.Button("go", id="go"), html.P("still", id="answer")])


@still.callback(Output("answer", "children"), Input("go", "n_clicks"), websocket=True, prevent_initial_call=True)
async def when_asked(clicks: int) -> str:
    """Nothing goes over the websocket but what this is asked and answers."""
    return f"{clicks}"


quiet = DjangoDash("Quiet")
quiet.layout = html.Div([html.Button("go", id="go"), html.P(id="answer")])


@quiet.callback(Output("answer", "children"), Input("go", "n_clicks"), prevent_initial_call=True)
def over_http(clicks: int) -> str:
    """A callback as any other."""
    return f"{clicks} {ctx.websocket is None}"
