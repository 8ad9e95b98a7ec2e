"""Pages with variables in the path and a query string, whose layouts name Django's user as well."""

from __future__ import annotations

from typing import Any

import dash
from dash import dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Library", use_pages=True, pages_folder="")


def shelf() -> html.Div:
    return html.Div(
        [
            dcc.Link("a book", id="book", href=dash.get_relative_path("/books/maps/7?page=12")),
            dcc.Link("another", id="other", href=dash.get_relative_path("/books/birds/8")),
        ]
    )


def book(user: Any, subject: str = "", number: str = "", page: str = "1", **others: str) -> html.P:
    reader = "a guest" if user is None or user.is_anonymous else str(user)
    return html.P(f"{subject} no. {number}, page {page}, read by {reader}", id="shown")


dash.register_page("shelf", path="/", layout=shelf)
dash.register_page("book", path_template="/books/<subject>/<number>", layout=book)
app.layout = html.Div([html.Header("Library"), dash.page_container])


def sees(view: Frame) -> None:
    start = view.url
    view.click("#book")
    expect(view.locator("#shown")).to_have_text("maps no. 7, page 12, read by a guest")
    assert view.url == f"{start}books/maps/7?page=12"
    view.goto(f"{start}books/fish/9?page=3")
    expect(view.locator("#shown")).to_have_text("fish no. 9, page 3, read by a guest")
    view.goto(start)
    view.click("#other")
    expect(view.locator("#shown")).to_have_text("birds no. 8, page 1, read by a guest")
