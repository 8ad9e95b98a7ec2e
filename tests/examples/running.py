"""running= holds properties while a callback runs: here a button that cannot be pressed twice."""

from __future__ import annotations

import threading

from dash import Input, Output, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

done = threading.Event()  # in the place of hard work

app = DjangoDash("Worker")
app.layout = html.Div([html.Button("work", id="work"), html.P("idle", id="status"), html.P("0 done", id="result")])


@app.callback(
    Output("result", "children"),
    Input("work", "n_clicks"),
    running=[(Output("work", "disabled"), True, False), (Output("status", "children"), "busy", "idle")],
    prevent_initial_call=True,
)
def work(clicks: int) -> str:
    done.wait(20)
    return f"{clicks} done"


def sees(view: Frame) -> None:
    done.clear()
    expect(view.locator("#status")).to_have_text("idle")
    view.click("#work")
    expect(view.locator("#status")).to_have_text("busy")
    expect(view.locator("#work")).to_be_disabled()
    expect(view.locator("#result")).to_have_text("0 done")
    done.set()
    expect(view.locator("#result")).to_have_text("1 done")
    expect(view.locator("#status")).to_have_text("idle")
    expect(view.locator("#work")).to_be_enabled()
