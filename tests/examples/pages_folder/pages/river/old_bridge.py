"""A page in a folder of its own."""

from __future__ import annotations

import dash
from dash import html

dash.register_page(__name__, order=2)


def layout() -> html.H1:
    return html.H1("The old bridge")
