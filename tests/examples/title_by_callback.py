"""A clientside callback sets the title of the document."""

from __future__ import annotations

from dash import Input, dcc, html
from playwright.sync_api import Frame

from django_plotly_dash import DjangoDash

app = DjangoDash("Renamer", update_title=None)
app.layout = html.Div([dcc.Input(id="title", value="First")])
app.clientside_callback("title => { document.title = title; }", Input("title", "value"))


def sees(view: Frame) -> None:
    view.wait_for_function("document.title === 'First'")
    view.fill("#title", "Second")
    view.wait_for_function("document.title === 'Second'")
