"""on_error of the app and of a callback."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, html, set_props
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash


def apologise(error: Exception) -> None:
    set_props("notice", {"children": f"Sorry: {error}"})


def explain(error: Exception) -> str:
    return f"No answer, since {error}"


app = DjangoDash("Careful app", on_error=apologise)
app.layout = html.Div(
    [
        html.Button("one", id="one"),
        html.Button("two", id="two"),
        html.P("first", id="first"),
        html.P("second", id="second"),
        html.P(id="notice"),
    ]
)


@app.callback(Output("first", "children"), Input("one", "n_clicks"), prevent_initial_call=True)
def fail(clicks: int) -> Any:
    raise ValueError("the well is dry")


@app.callback(Output("second", "children"), Input("two", "n_clicks"), on_error=explain, prevent_initial_call=True)
def fail_as_well(clicks: int) -> Any:
    raise ValueError("the bridge is closed")


def sees(view: Frame) -> None:
    view.click("#one")
    expect(view.locator("#notice")).to_have_text("Sorry: the well is dry")
    expect(view.locator("#first")).to_have_text("first")
    view.click("#two")
    expect(view.locator("#second")).to_have_text("No answer, since the bridge is closed")
