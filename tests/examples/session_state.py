"""session_state keeps what callbacks write into it, for this visitor and over reloads."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Collector")


def layout(session_state: dict[str, Any]) -> list[Any]:
    return [html.Button("collect", id="collect"), html.P(f"{session_state.get('shells', 0)} shells", id="shells")]


app.layout = layout


@app.callback(Output("shells", "children"), Input("collect", "n_clicks"), prevent_initial_call=True)
def collect(clicks: int, session_state: dict[str, Any]) -> str:
    session_state["shells"] = session_state.get("shells", 0) + 1
    return f"{session_state['shells']} shells"


def sees(view: Frame) -> None:
    shells = view.locator("#shells")
    expect(shells).to_have_text("0 shells")
    view.click("#collect")
    expect(shells).to_have_text("1 shells")
    view.goto(view.url)
    expect(shells).to_have_text("1 shells")
    view.click("#collect")
    expect(shells).to_have_text("2 shells")
