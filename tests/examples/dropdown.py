"""dcc.Dropdown: one choice, several choices, options with labels, search."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Menu")
app.layout = html.Div(
    [
        dcc.Dropdown({"soup": "Soup of the day", "stew": "Bean stew"}, "soup", id="meal", clearable=False),
        dcc.Dropdown(["salt", "pepper", "basil"], ["salt"], id="spices", multi=True),
        html.P(id="plate"),
    ]
)


@app.callback(Output("plate", "children"), Input("meal", "value"), Input("spices", "value"))
def serve(meal: str, spices: list[str]) -> str:
    return f"{meal} with {', '.join(spices)}"


def sees(view: Frame) -> None:
    expect(view.locator("#plate")).to_have_text("soup with salt")
    view.click("#meal")
    view.get_by_role("option", name="Bean stew").click()
    expect(view.locator("#plate")).to_have_text("stew with salt")
    view.click("#spices")
    view.get_by_placeholder("Search").fill("bas")
    expect(view.get_by_role("option")).to_have_count(1)
    view.get_by_role("option", name="basil").click()
    expect(view.locator("#plate")).to_have_text("stew with salt, basil")
