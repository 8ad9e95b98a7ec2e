"""routing_callback_inputs: layouts of pages get more than the path; one layout is a coroutine function."""

from __future__ import annotations

import asyncio

import dash
from dash import Input, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash(
    "Tourist office", use_pages=True, pages_folder="", routing_callback_inputs={"language": Input("language", "value")}
)
WORDS = {"en": ("the harbour", "the tower"), "it": ("il porto", "la torre")}


def harbour(language: str = "en", **others: str) -> html.H1:
    return html.H1(WORDS[language][0])


async def tower(language: str = "en", **others: str) -> html.H1:
    await asyncio.sleep(0)
    return html.H1(WORDS[language][1])


dash.register_page("harbour", path="/", layout=harbour)
dash.register_page("tower", path="/tower", layout=tower)
app.layout = html.Div(
    [
        dcc.RadioItems(["en", "it"], "en", id="language"),
        dcc.Link("tower", id="tower", href=dash.get_relative_path("/tower")),
        dash.page_container,
    ]
)


def sees(view: Frame) -> None:
    expect(view.locator("h1")).to_have_text("the harbour")
    view.locator("#language").get_by_text("it").click()
    expect(view.locator("h1")).to_have_text("il porto")
    view.click("#tower")
    expect(view.locator("h1")).to_have_text("la torre")
