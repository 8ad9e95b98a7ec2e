"""Two callbacks write to one output with allow_duplicate."""

from __future__ import annotations

from dash import Input, Output, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Traffic light")
app.layout = html.Div([html.Button("stop", id="stop"), html.Button("go", id="go"), html.P("dark", id="light")])


@app.callback(Output("light", "children"), Input("stop", "n_clicks"), prevent_initial_call=True)
def stop(clicks: int) -> str:
    return "red"


@app.callback(Output("light", "children", allow_duplicate=True), Input("go", "n_clicks"), prevent_initial_call=True)
def go(clicks: int) -> str:
    return "green"


def sees(view: Frame) -> None:
    for button, colour in [("#go", "green"), ("#stop", "red"), ("#go", "green")]:
        view.click(button)
        expect(view.locator("#light")).to_have_text(colour)
