"""set_props in a callback that also has an output, for dict ids as well."""

from __future__ import annotations

from dash import Input, Output, html, set_props
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Lamp")
app.layout = html.Div([html.Button("switch", id="switch"), html.P("off", id="lamp"), html.P(id={"room": "kitchen"})])


@app.callback(Output("lamp", "children"), Input("switch", "n_clicks"), prevent_initial_call=True)
def switch(clicks: int) -> str:
    on = clicks % 2 == 1
    set_props("switch", {"children": "switch off" if on else "switch on"})
    set_props({"room": "kitchen"}, {"children": "bright" if on else "dark"})
    return "on" if on else "off"


def sees(view: Frame) -> None:
    view.click("#switch")
    expect(view.locator("#lamp")).to_have_text("on")
    expect(view.locator("#switch")).to_have_text("switch off")
    expect(view.locator("p").last).to_have_text("bright")
    view.click("#switch")
    expect(view.locator("p").last).to_have_text("dark")
