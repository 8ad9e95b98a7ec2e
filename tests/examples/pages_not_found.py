"""Pages: one that is not there, one that has moved, and titles made of the path."""

from __future__ import annotations

import dash
from dash import dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Maze", use_pages=True, pages_folder="")


def title(room: str = "") -> str:
    return f"Room {room}"


def room(room: str = "") -> html.H1:
    return html.H1(f"This is room {room}")


dash.register_page("entrance", path="/", layout=html.H1("Entrance"), title="Way in")
dash.register_page("room", path_template="/rooms/<room>", layout=room, title=title)
dash.register_page("cellar", path="/cellar", layout=html.H1("Cellar"), redirect_from=["/basement", "/down/below"])
dash.register_page("not_found_404", layout=html.H1("A wall"))
app.layout = html.Div([dcc.Link("dig", id="dig", href=dash.get_relative_path("/tunnel")), dash.page_container])


def sees(view: Frame) -> None:
    start = view.url
    expect(view.locator("h1")).to_have_text("Entrance")
    view.click("#dig")
    expect(view.locator("h1")).to_have_text("A wall")
    view.goto(f"{start}rooms/12")
    expect(view.locator("h1")).to_have_text("This is room 12")
    assert view.title() == "Room 12"
    view.goto(f"{start}down/below")
    expect(view.locator("h1")).to_have_text("Cellar")
    assert view.url == f"{start}cellar"
    view.goto(f"{start}nowhere/at/all")
    expect(view.locator("h1")).to_have_text("A wall")
