"""dcc.Checklist and dcc.RadioItems with disabled options and labels that are components."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Packing list")
app.layout = html.Div(
    [
        dcc.Checklist(
            [{"label": html.B("tent"), "value": "tent"}, "stove", {"label": "boat", "value": "boat", "disabled": True}],
            ["stove"],
            id="things",
        ),
        dcc.RadioItems(["bus", "train"], "bus", id="by", inline=True),
        html.P(id="packed"),
    ]
)


@app.callback(Output("packed", "children"), Input("things", "value"), Input("by", "value"))
def pack(things: list[str], by: str) -> str:
    return f"{' and '.join(sorted(things)) or 'nothing'} by {by}"


def sees(view: Frame) -> None:
    packed = view.locator("#packed")
    expect(packed).to_have_text("stove by bus")
    view.locator("#things b").click()
    expect(packed).to_have_text("stove and tent by bus")
    view.locator("#things").get_by_text("stove").click()
    expect(packed).to_have_text("tent by bus")
    expect(view.locator("#things input[value=boat]")).to_be_disabled()
    view.locator("#by").get_by_text("train").click()
    expect(packed).to_have_text("tent by train")
