"""A site asked in both colours: through Django's WSGI handler and through its ASGI handler."""

from __future__ import annotations

import json
from contextvars import copy_context
from typing import Any
from urllib.parse import ParseResult, unquote

from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import AsyncClient, Client

from django_plotly_dash import DjangoDash

from .helpers import callback_body

COLOURS = ["wsgi", "asgi"]


class AsyncBrowser(AsyncClient):
    """Sends paths as an ASGI server does: decoded as UTF-8, where Django's test client takes Latin-1."""

    def _get_path(self, parsed: ParseResult) -> str:
        return unquote(parsed.path)


def ask(
    colour: str,
    app: DjangoDash,
    output: str,
    *values: Any,
    url: str | None = None,
    client: Client | AsyncClient | None = None,
    **overrides: Any,
) -> HttpResponse:
    """POST a callback through the handler of that colour. Other arguments as for ``helpers.call``."""
    path = f"{url or f'/dash/app/{app.slug}/'}_dash-update-component"
    data = json.dumps(callback_body(app, output, *values, **overrides))
    if colour == "wsgi":
        return (client or Client()).post(path, data, content_type="application/json")
    return on_a_loop((client or AsyncBrowser()).post, path, data, content_type="application/json")


def fetch(colour: str, path: str, client: Client | AsyncClient | None = None, **options: Any) -> HttpResponse:
    """GET a path through the handler of that colour."""
    if colour == "wsgi":
        return (client or Client()).get(path, **options)
    return on_a_loop((client or AsyncBrowser()).get, path, **options)


def on_a_loop(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Await a coroutine function as a server does: in a context of its own, of which nothing is left behind."""
    return copy_context().run(async_to_sync(function), *args, **kwargs)
