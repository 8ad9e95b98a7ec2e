"""dcc.Location and dcc.Link: the path, the query string and the hash, without loading the page again."""

from __future__ import annotations

from dash import Input, Output, State, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Signposts")


def layout() -> html.Div:
    return html.Div(
        [
            dcc.Location(id="location", refresh=False),
            dcc.Link("hill", href=app.get_relative_path("/hill"), id="hill"),
            dcc.Link("query", href="?depth=3#end", id="query"),
            html.Button("to the sea", id="sea"),
            dcc.Input(id="unsaved"),
            html.P(id="where"),
        ]
    )


app.layout = layout


@app.callback(
    Output("where", "children"), Input("location", "pathname"), Input("location", "search"), State("location", "hash")
)
def where(pathname: str, search: str, mark: str) -> str:
    return f"at [{app.strip_relative_path(pathname)}] [{search}] [{mark}]"


@app.callback(Output("location", "pathname"), Input("sea", "n_clicks"), prevent_initial_call=True)
def to_the_sea(clicks: int) -> str:
    return str(app.get_relative_path("/sea"))


def sees(view: Frame) -> None:
    where, start = view.locator("#where"), view.url
    expect(where).to_have_text("at [] [] []")
    view.fill("#unsaved", "kept")
    view.click("#hill")
    expect(where).to_have_text("at [hill] [] []")
    assert view.url == f"{start}hill"
    view.click("#query")
    expect(where).to_have_text("at [hill] [?depth=3] [#end]")
    view.click("#sea")
    expect(where).to_contain_text("at [sea]")
    expect(view.locator("#unsaved")).to_have_value("kept")
