"""prevent_initial_call for one callback; without it a callback runs as the page loads."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Late starter")
app.layout = html.Div([dcc.Input(id="text", value="a"), html.P("untouched", id="late"), html.P("untouched", id="soon")])


@app.callback(Output("late", "children"), Input("text", "value"), prevent_initial_call=True)
def late(text: str) -> str:
    return f"late {text}"


@app.callback(Output("soon", "children"), Input("text", "value"))
def soon(text: str) -> str:
    return f"soon {text}"


def sees(view: Frame) -> None:
    expect(view.locator("#soon")).to_have_text("soon a")
    expect(view.locator("#late")).to_have_text("untouched")
    view.fill("#text", "b")
    expect(view.locator("#late")).to_have_text("late b")
    expect(view.locator("#soon")).to_have_text("soon b")
