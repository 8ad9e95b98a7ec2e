"""The demo as an ASGI application: pages, and the websockets of apps."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_site.settings")

from django_plotly_dash.routing import application

__all__ = ["application"]
