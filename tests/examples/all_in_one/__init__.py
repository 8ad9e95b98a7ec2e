"""An all-in-one component: a class with callbacks of its own, used twice."""

from __future__ import annotations

from dash import Input, Output, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

from .stepper import Stepper

app = DjangoDash("Two steppers")
app.layout = html.Div([Stepper("eggs", start=6), Stepper("flour", start=1), html.P(id="recipe")])


@app.callback(
    Output("recipe", "children"),
    Input(Stepper.ids.count("eggs"), "children"),
    Input(Stepper.ids.count("flour"), "children"),
)
def recipe(eggs: int, flour: int) -> str:
    return f"{eggs} eggs and {flour} pounds of flour"


def sees(view: Frame) -> None:
    expect(view.locator("#recipe")).to_have_text("6 eggs and 1 pounds of flour")
    view.get_by_role("button", name="more eggs").click()
    expect(view.locator("#recipe")).to_have_text("7 eggs and 1 pounds of flour")
    view.get_by_role("button", name="more flour").click()
    expect(view.locator("#recipe")).to_have_text("7 eggs and 2 pounds of flour")
