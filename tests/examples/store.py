"""dcc.Store in memory, for the session and in local storage: what outlives a reload."""

from __future__ import annotations

from dash import Input, Output, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

KINDS = ("memory", "session", "local")

app = DjangoDash("Tally")
app.layout = html.Div(
    [html.Button("count", id="count"), *(dcc.Store(id=f"store-{kind}", storage_type=kind) for kind in KINDS)]
    + [html.P(id=kind) for kind in KINDS]
)
for kind in KINDS:

    @app.callback(
        Output(f"store-{kind}", "data"),
        Input("count", "n_clicks"),
        State(f"store-{kind}", "data"),
        prevent_initial_call=True,
    )
    def count(clicks: int, data: dict[str, int] | None) -> dict[str, int]:
        return {"clicks": (data or {"clicks": 0})["clicks"] + 1}

    @app.callback(
        Output(kind, "children"), Input(f"store-{kind}", "modified_timestamp"), State(f"store-{kind}", "data")
    )
    def show(moment: int, data: dict[str, int] | None) -> str:
        return f"{(data or {'clicks': 0})['clicks']} clicks"


def sees(view: Frame) -> None:
    for number in (1, 2):
        view.click("#count")
        for kind in KINDS:
            expect(view.locator(f"#{kind}")).to_have_text(f"{number} clicks")
    view.goto(view.url)
    expect(view.locator("#memory")).to_have_text("0 clicks")
    expect(view.locator("#session")).to_have_text("2 clicks")
    expect(view.locator("#local")).to_have_text("2 clicks")
    view.click("#count")
    expect(view.locator("#memory")).to_have_text("1 clicks")
    expect(view.locator("#local")).to_have_text("3 clicks")
