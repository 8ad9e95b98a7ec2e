"""Groups inside groups, in inputs and outputs, and ctx.args_grouping to tell what changed."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, ctx, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Journey")
app.layout = html.Div(
    [
        *(dcc.Input(id=name, value=name) for name in ("from", "to", "day")),
        *(html.P(id=f"shown-{name}") for name in ("route", "day", "changed")),
    ]
)


@app.callback(
    output={
        "trip": (Output("shown-route", "children"), Output("shown-day", "children")),
        "note": Output("shown-changed", "children"),
    },
    inputs={"places": {"start": Input("from", "value"), "end": Input("to", "value")}, "when": [Input("day", "value")]},
)
def plan(places: dict[str, str], when: list[str]) -> dict[str, Any]:
    ends = ctx.args_grouping["places"]
    changed = [name for name in ("start", "end") if ends[name]["triggered"]] or ["neither end"]
    return {"trip": (f"{places['start']} - {places['end']}", when[0]), "note": " and ".join(changed)}


def sees(view: Frame) -> None:
    expect(view.locator("#shown-route")).to_have_text("from - to")
    view.fill("#to", "Lima")
    expect(view.locator("#shown-route")).to_have_text("from - Lima")
    expect(view.locator("#shown-changed")).to_have_text("end")
    view.fill("#day", "Monday")
    expect(view.locator("#shown-day")).to_have_text("Monday")
    expect(view.locator("#shown-changed")).to_have_text("neither end")
