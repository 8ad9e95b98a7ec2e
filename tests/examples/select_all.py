"""A checklist and its "all" box, which follow each other."""

from __future__ import annotations

from dash import Input, Output, ctx, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

NOTES = ["do", "re", "mi"]

app = DjangoDash("Scale")
app.layout = html.Div([dcc.Checklist(["all"], [], id="all"), dcc.Checklist(NOTES, [], id="notes")])


@app.callback(Output("all", "value"), Output("notes", "value"), Input("all", "value"), Input("notes", "value"))
def follow(everything: list[str], notes: list[str]) -> tuple[list[str], list[str]]:
    if ctx.triggered_id == "all":
        return everything, NOTES if everything else []
    return (["all"] if set(notes) == set(NOTES) else []), notes


def sees(view: Frame) -> None:
    notes = view.locator("#notes input:checked")
    view.locator("#all").get_by_text("all").click()
    expect(notes).to_have_count(3)
    view.locator("#notes").get_by_text("re").click()
    expect(notes).to_have_count(2)
    expect(view.locator("#all input:checked")).to_have_count(0)
    view.locator("#notes").get_by_text("re").click()
    expect(view.locator("#all input:checked")).to_have_count(1)
