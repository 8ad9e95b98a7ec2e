"""Apps for the browser tests that cannot be made inside a test."""

from __future__ import annotations

import threading

from dash import Input, Output, dcc, html

from django_plotly_dash import DjangoDash

# The folder assets beside this module has the style and the picture.
decorated = DjangoDash("Decorated")
decorated.layout = html.Div(
    [html.H1("In colour", className="from-assets"), html.Img(id="logo", src=decorated.get_asset_url("logo.svg"))]
)

# Another process serves this one.
threads = DjangoDash("Threads")
threads.layout = html.Div([dcc.Input(id="text", value="hello"), html.P(id="sync"), html.P(id="async")])


def _thread() -> str:
    return "the main thread" if threading.current_thread() is threading.main_thread() else "another thread"


@threads.callback(Output("sync", "children"), Input("text", "value"))
def answer(text: str) -> str:
    return f"{text} from {_thread()}"


@threads.callback(Output("async", "children"), Input("text", "value"))
async def answer_async(text: str) -> str:
    return f"{text} from {_thread()}"
