"""dcc.Loading shows its spinner while a callback works on what it holds."""

from __future__ import annotations

import threading

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

done = threading.Event()

app = DjangoDash("Oven")
app.layout = html.Div(
    [
        html.Button("bake", id="bake"),
        dcc.Loading(html.P("dough", id="oven"), custom_spinner=html.B("in the oven", id="spinner")),
    ]
)


@app.callback(Output("oven", "children"), Input("bake", "n_clicks"), prevent_initial_call=True)
def bake(clicks: int) -> str:
    done.wait(20)
    return "bread"


def sees(view: Frame) -> None:
    done.clear()
    expect(view.locator("#oven")).to_have_text("dough")
    view.click("#bake")
    expect(view.locator("#spinner")).to_be_visible()
    done.set()
    expect(view.locator("#oven")).to_have_text("bread")
    expect(view.locator("#spinner")).to_have_count(0)
