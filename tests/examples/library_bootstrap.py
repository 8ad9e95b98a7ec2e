"""dash-bootstrap-components: a modal dialog, an alert and tabs."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import Input, Output, State, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Reception")
app.layout = dbc.Container(
    [
        dbc.Button("sign in", id="open", className="me-2"),
        dbc.Modal(
            [dbc.ModalHeader(dbc.ModalTitle("Who are you?")), dbc.Input(id="who"), dbc.Button("enter", id="enter")],
            id="dialog",
            fade=False,
        ),
        dbc.Alert("Welcome", id="alert", is_open=False, fade=False),
    ]
)


@app.callback(
    Output("dialog", "is_open"), Input("open", "n_clicks"), Input("enter", "n_clicks"), State("dialog", "is_open")
)
def toggle(opened: int | None, entered: int | None, is_open: bool) -> bool:
    return not is_open if opened or entered else is_open


@app.callback(
    Output("alert", "is_open"),
    Output("alert", "children"),
    Input("enter", "n_clicks"),
    State("who", "value"),
    prevent_initial_call=True,
)
def welcome(clicks: int, who: str) -> tuple[bool, html.B]:
    return True, html.B(f"Welcome, {who}")


def sees(view: Frame) -> None:
    expect(view.locator("#alert")).to_have_count(0)
    view.click("button#open.btn.me-2")
    expect(view.get_by_role("dialog")).to_contain_text("Who are you?")
    view.fill("#who", "Mo")
    view.click("#enter")
    expect(view.locator("#alert b")).to_have_text("Welcome, Mo")
    expect(view.get_by_role("dialog")).to_have_count(0)
