"""dcc.Dropdown whose options the server makes while its user searches."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from dash.exceptions import PreventUpdate
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

RIVERS = ["Danube", "Dnieper", "Douro", "Elbe", "Rhine"]

app = DjangoDash("River finder")
app.layout = html.Div([dcc.Dropdown([], id="river"), html.P(id="found")])


@app.callback(Output("river", "options"), Input("river", "search_value"))
def options(search: str | None) -> list[str]:
    if not search:
        raise PreventUpdate
    return [river for river in RIVERS if search.lower() in river.lower()]


@app.callback(Output("found", "children"), Input("river", "value"))
def found(river: str | None) -> str:
    return river or "no river"


def sees(view: Frame) -> None:
    expect(view.locator("#found")).to_have_text("no river")
    view.click("#river")
    view.get_by_placeholder("Search").fill("d")
    expect(view.get_by_role("option")).to_have_text(["Danube", "Dnieper", "Douro"])
    view.get_by_placeholder("Search").fill("do")
    expect(view.get_by_role("option")).to_have_text(["Douro"])
    view.get_by_role("option", name="Douro").click()
    expect(view.locator("#found")).to_have_text("Douro")
