"""A subclass that builds its page in interpolate_index."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash


class Newspaper(DjangoDash):
    def interpolate_index(self, **parts: Any) -> str:
        body = "".join(parts[name] for name in ("app_entry", "config", "scripts", "renderer"))
        head = f"<title>The {parts['title']}</title>{parts['metas']}{parts['css']}"
        return f"<!DOCTYPE html><html><head>{head}</head><body><nav>Page one</nav>{body}</body></html>"


app = Newspaper("Newspaper", title="Gazette", update_title=None)
app.layout = html.Div([dcc.Input(id="news", value="none"), html.H1(id="headline")])


@app.callback(Output("headline", "children"), Input("news", "value"))
def headline(news: str) -> str:
    return news.title()


def sees(view: Frame) -> None:
    expect(view.locator("nav")).to_have_text("Page one")
    assert view.title() == "The Gazette"
    view.fill("#news", "rain at last")
    expect(view.locator("#headline")).to_have_text("Rain At Last")
