"""A callback that takes all that Django knows of the request."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Curious app")
app.layout = html.Div([dcc.Input(id="text", value="q"), html.P(id="extras"), html.P(id="trigger")])


@app.callback(Output("extras", "children"), Output("trigger", "children"), Input("text", "value"))
def look(text: str, **kwargs: Any) -> tuple[str, str]:
    context = kwargs["callback_context"]
    return " ".join(sorted(kwargs)), f"{context.triggered[0]['prop_id']} {context.inputs['text.value']}"


def sees(view: Frame) -> None:
    names = "callback_context dash_app dash_app_id params request session_state user"
    expect(view.locator("#extras")).to_have_text(names)
    view.fill("#text", "now")
    expect(view.locator("#trigger")).to_have_text("text.value now")
