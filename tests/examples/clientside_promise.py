"""A clientside callback may give a promise, set properties elsewhere, and ask what triggered it."""

from __future__ import annotations

from dash import Input, Output, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Patience")
app.layout = html.Div([html.Button("wait", id="wait"), html.P("calm", id="state"), html.P(id="trigger")])
app.clientside_callback(
    """
    async function (clicks) {
        const {set_props, callback_context} = window.dash_clientside;
        set_props("trigger", {children: callback_context.triggered_id});
        await new Promise(done => setTimeout(done, 30));
        return `waited ${clicks} times`;
    }
    """,
    Output("state", "children"),
    Input("wait", "n_clicks"),
    prevent_initial_call=True,
)


def sees(view: Frame) -> None:
    expect(view.locator("#state")).to_have_text("calm")
    view.click("#wait")
    expect(view.locator("#state")).to_have_text("waited 1 times")
    expect(view.locator("#trigger")).to_have_text("wait")
