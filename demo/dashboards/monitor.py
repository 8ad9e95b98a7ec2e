"""What this machine is doing: a callback that streams over a websocket."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import plotly.graph_objects as go
import psutil
from dash import ctx, dcc, html, set_props
from django_plotly_dash import DjangoDash

POINTS = 120
SECONDS = {0.2: "5 a second", 1: "every second", 5: "every 5 seconds"}

app = DjangoDash("Monitor")

figure = go.Figure(
    [go.Scatter(x=[], y=[], name=name) for name in ("Processor", "Memory")]
)
figure.update_yaxes(range=[0, 104], ticksuffix=" %")
figure.update_xaxes(type="date")

app.layout = html.Div(
    className="app",
    children=[
        dcc.RadioItems(
            id="pace",
            className="sizes",
            options=[{"value": s, "label": SECONDS[s]} for s in SECONDS],
            value=1,
            inline=True,
        ),
        html.P("Waiting for the first figures.", id="now"),
        dcc.Graph(
            id="chart",
            className="chart",
            figure=figure,
            config={"displayModeBar": False},
        ),
    ],
)


# It begins when the page is shown, and ends when the page goes.
@app.callback(websocket=True, persistent=True)
async def watch() -> None:
    psutil.cpu_percent()  # the share since the last call
    while True:
        # The page is asked how often it wants to know.
        await asyncio.sleep(await ctx.websocket.get_prop("pace", "value"))
        now = datetime.now(timezone.utc).isoformat()
        shares = [psutil.cpu_percent(), psutil.virtual_memory().percent]
        new = {"x": [[now], [now]], "y": [[share] for share in shares]}
        set_props("chart", {"extendData": [new, [0, 1], POINTS]})
        cpu, memory = shares
        text = f"Processor {cpu:.0f} %, memory {memory:.0f} %"
        set_props("now", {"children": text})
