"""A callback that is a coroutine function, beside a synchronous one."""

from __future__ import annotations

import asyncio

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Two speeds")
app.layout = html.Div([dcc.Input(id="text", value="tea"), html.P(id="slow"), html.P(id="quick")])


async def brew(text: str) -> str:
    await asyncio.sleep(0.01)
    return f"hot {text}"


@app.callback(Output("slow", "children"), Input("text", "value"))
async def slow(text: str) -> str:
    return " and ".join(await asyncio.gather(brew(text), brew("water")))


@app.callback(Output("quick", "children"), Input("text", "value"))
def quick(text: str) -> str:
    return f"cold {text}"


def sees(view: Frame) -> None:
    expect(view.locator("#slow")).to_have_text("hot tea and hot water")
    view.fill("#text", "coffee")
    expect(view.locator("#slow")).to_have_text("hot coffee and hot water")
    expect(view.locator("#quick")).to_have_text("cold coffee")
