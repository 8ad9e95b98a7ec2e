"""Components that a callback brings in have callbacks of their own."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Unfolding", suppress_callback_exceptions=True)
app.layout = html.Div([html.Button("unfold", id="unfold"), html.Div(id="inside")])


@app.callback(Output("inside", "children"), Input("unfold", "n_clicks"), prevent_initial_call=True)
def unfold(clicks: int) -> list[object]:
    return [dcc.Input(id="inner", value=f"fold {clicks}"), html.P(id="echo")]


@app.callback(Output("echo", "children"), Input("inner", "value"))
def echo(text: str) -> str:
    return f"inside of {text}"


def sees(view: Frame) -> None:
    expect(view.locator("#echo")).to_have_count(0)
    view.click("#unfold")
    expect(view.locator("#echo")).to_have_text("inside of fold 1")
    view.fill("#inner", "paper")
    expect(view.locator("#echo")).to_have_text("inside of paper")
