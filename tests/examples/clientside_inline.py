"""A clientside callback whose JavaScript stands in the app; the server is not asked."""

from __future__ import annotations

from dash import Input, Output, State, dcc, html
from playwright.sync_api import Frame, Request, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Mirror")
app.layout = html.Div([dcc.Input(id="text", value="live"), dcc.Store(id="mark", data="!"), html.P(id="mirrored")])
app.clientside_callback(
    "(text, mark) => [...(text || '')].reverse().join('') + mark",
    Output("mirrored", "children"),
    Input("text", "value"),
    State("mark", "data"),
)


def sees(view: Frame) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    view.page.on("request", note)
    expect(view.locator("#mirrored")).to_have_text("evil!")
    view.fill("#text", "deer")
    expect(view.locator("#mirrored")).to_have_text("reed!")
    view.page.remove_listener("request", note)
    assert not [url for url in asked if "_dash-update-component" in url]
