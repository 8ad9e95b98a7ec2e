"""Websocket callbacks: one message is one request through the whole site."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from dash import Input, Output, State, ctx, dcc, html, set_props

from django_plotly_dash import DjangoDash

from .websockets import Page, until

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/dash/app/live/"


def live(**kwargs: Any) -> DjangoDash:
    app = DjangoDash("Live", **kwargs)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out"), html.Div(id="other")])

    @app.callback(Output("out", "children"), Input("in", "value"), websocket=True)
    def shout(value: str) -> str:
        return value.upper()

    return app


async def test_a_synchronous_callback_answers() -> None:
    app = live()
    async with Page(URL) as page:
        assert await page.result(app, "out.children", "abc") == "ABC"
