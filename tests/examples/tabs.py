"""dcc.Tabs: content from a callback, and tabs with content of their own."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Folders")
app.layout = html.Div(
    [
        dcc.Tabs(
            id="folders", value="bills", children=[dcc.Tab(label=f, value=f.lower()) for f in ("Bills", "Photos")]
        ),
        html.Div(id="content"),
        dcc.Tabs([dcc.Tab(html.P("milk is out"), label="Notes"), dcc.Tab(html.P("call Kim"), label="Calls")]),
    ]
)


@app.callback(Output("content", "children"), Input("folders", "value"))
def content(folder: str) -> str:
    return f"inside {folder}"


def sees(view: Frame) -> None:
    expect(view.locator("#content")).to_have_text("inside bills")
    view.get_by_text("Photos").click()
    expect(view.locator("#content")).to_have_text("inside photos")
    expect(view.get_by_text("milk is out")).to_be_visible()
    view.get_by_text("Calls").click()
    expect(view.get_by_text("call Kim")).to_be_visible()
    expect(view.get_by_text("milk is out")).to_have_count(0)
