"""A callback without outputs, which sets properties through set_props."""

from __future__ import annotations

from dash import Input, dcc, html, set_props
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Announcer")
app.layout = html.Div([dcc.Input(id="text"), html.P("silence", id="loud"), html.Progress(id="length", max="20")])


@app.callback(Input("text", "value"), prevent_initial_call=True)
def announce(text: str) -> None:
    set_props("loud", {"children": text.upper(), "title": text})
    set_props("length", {"value": str(len(text))})


def sees(view: Frame) -> None:
    expect(view.locator("#loud")).to_have_text("silence")
    view.fill("#text", "dinner")
    expect(view.locator("#loud")).to_have_text("DINNER")
    expect(view.locator("#loud")).to_have_attribute("title", "dinner")
    expect(view.locator("#length")).to_have_attribute("value", "6")
