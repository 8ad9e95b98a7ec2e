"""Patch changes a part of a list: append, insert at the front, remove."""

from __future__ import annotations

from dash import Input, Output, Patch, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Shopping list")
app.layout = html.Div(
    [
        dcc.Input(id="item"),
        html.Button("last", id="append"),
        html.Button("first", id="prepend"),
        html.Button("drop first", id="drop"),
        html.Ol([html.Li("bread")], id="list"),
    ]
)


@app.callback(
    Output("list", "children"), Input("append", "n_clicks"), State("item", "value"), prevent_initial_call=True
)
def append(clicks: int, item: str) -> Patch:
    items = Patch()
    items.append(html.Li(item))
    return items


@app.callback(
    Output("list", "children", allow_duplicate=True),
    Input("prepend", "n_clicks"),
    State("item", "value"),
    prevent_initial_call=True,
)
def prepend(clicks: int, item: str) -> Patch:
    items = Patch()
    items.prepend(html.Li(item))
    return items


@app.callback(Output("list", "children", allow_duplicate=True), Input("drop", "n_clicks"), prevent_initial_call=True)
def drop(clicks: int) -> Patch:
    items = Patch()
    del items[0]
    return items


def sees(view: Frame) -> None:
    items = view.locator("#list li")
    view.fill("#item", "milk")
    view.click("#append")
    expect(items).to_have_text(["bread", "milk"])
    view.fill("#item", "eggs")
    view.click("#prepend")
    expect(items).to_have_text(["eggs", "bread", "milk"])
    view.click("#drop")
    expect(items).to_have_text(["bread", "milk"])
