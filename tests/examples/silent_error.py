"""Without DEBUG an error in a callback shows nothing of itself, and the app works on."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

TROUBLES = [r"^500: POST .*_dash-update-component", r"^console: .*The server could not answer"]

app = DjangoDash("Divider")
app.layout = html.Div([dcc.Input(id="number", type="number", value=2), html.P(id="quotient")])


@app.callback(Output("quotient", "children"), Input("number", "value"))
def divide(number: int) -> str:
    return f"{12 / number:g}"


def sees(view: Frame) -> None:
    expect(view.locator("#quotient")).to_have_text("6")
    with view.page.expect_response("**/_dash-update-component*") as answer:
        view.fill("#number", "0")
    assert "ZeroDivision" not in answer.value.text()
    assert "Traceback" not in answer.value.text()
    expect(view.locator(".dash-error-menu, .dash-debug-error, .dash-fe-error__title")).to_have_count(0)
    expect(view.locator("#quotient")).to_have_text("6")
    view.fill("#number", "4")
    expect(view.locator("#quotient")).to_have_text("3")
