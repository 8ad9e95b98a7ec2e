"""A job outside of all requests that tells how far it is."""

from __future__ import annotations

import time
from threading import Thread
from typing import Any

from celery import shared_task
from dash import Input, Output, html
from django.conf import settings
from django_plotly_dash import DjangoDash
from django_plotly_dash.consumers import send_to_pipe_channel
from dpd_components import Pipe

STEPS = 20

app = DjangoDash("Report")
app.layout = html.Div(
    className="app",
    children=[
        html.Div(html.Button("Write the report", id="start")),
        html.Progress(id="bar", max=str(STEPS), value="0"),
        html.P("Nothing has been asked for.", id="state"),
        Pipe(id="pipe", channel_name="report", label="step"),
    ],
)


@shared_task
def write_report() -> None:
    """Sends from wherever it runs."""
    for step in range(1, STEPS + 1):
        time.sleep(0.2)
        send_to_pipe_channel("report", "step", step)


@app.callback(Input("start", "n_clicks"), prevent_initial_call=True)
def start(clicks: int) -> None:
    if settings.REDIS_URL:
        write_report.delay()  # a worker takes it from there
    else:
        Thread(target=write_report, daemon=True).start()


@app.callback(
    Output("bar", "value"),
    Output("state", "children"),
    Input("pipe", "value"),
    prevent_initial_call=True,
)
def show(step: Any) -> tuple[str, str]:
    done = step == STEPS
    return str(step), "Done." if done else f"Page {step} of {STEPS}"
