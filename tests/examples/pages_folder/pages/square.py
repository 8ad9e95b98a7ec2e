"""The first page."""

from __future__ import annotations

import dash
from dash import html

dash.register_page(__name__, path="/", name="Square", title="The village", order=0)

layout = html.H1("The square")
