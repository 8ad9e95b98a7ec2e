"""prevent_initial_callbacks for a whole app; a callback may still ask for its initial call."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Quiet app", prevent_initial_callbacks=True)
app.layout = html.Div([dcc.Input(id="text", value="a"), html.P("untouched", id="late"), html.P("untouched", id="soon")])


@app.callback(Output("late", "children"), Input("text", "value"))
def late(text: str) -> str:
    return f"late {text}"


@app.callback(Output("soon", "children"), Input("text", "value"), prevent_initial_call=False)
def soon(text: str) -> str:
    return f"soon {text}"


def sees(view: Frame) -> None:
    expect(view.locator("#soon")).to_have_text("soon a")
    expect(view.locator("#late")).to_have_text("untouched")
    view.fill("#text", "b")
    expect(view.locator("#late")).to_have_text("late b")
