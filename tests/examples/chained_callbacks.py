"""Callbacks whose inputs are the outputs of others run in order."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

CITIES = {"Italy": ["Rome", "Turin"], "Norway": ["Oslo", "Bergen", "Bodo"]}

app = DjangoDash("Cities")
app.layout = html.Div(
    [
        dcc.RadioItems(id="country", options=list(CITIES), value="Italy"),
        dcc.RadioItems(id="city"),
        html.P(id="chosen"),
    ]
)


@app.callback(Output("city", "options"), Input("country", "value"))
def cities(country: str) -> list[str]:
    return CITIES[country]


@app.callback(Output("city", "value"), Input("city", "options"))
def first(options: list[str]) -> str:
    return options[0]


@app.callback(Output("chosen", "children"), Input("country", "value"), Input("city", "value"))
def chosen(country: str, city: str) -> str:
    return f"{city} in {country}"


def sees(view: Frame) -> None:
    expect(view.locator("#chosen")).to_have_text("Rome in Italy")
    view.locator("#country").get_by_text("Norway").click()
    expect(view.locator("#chosen")).to_have_text("Oslo in Norway")
    view.locator("#city").get_by_text("Bodo").click()
    expect(view.locator("#chosen")).to_have_text("Bodo in Norway")
