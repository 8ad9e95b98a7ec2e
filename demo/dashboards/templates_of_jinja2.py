"""The environment of the templates in the folder jinja2."""

from __future__ import annotations

from typing import Any

import django_plotly_dash.jinja2
from jinja2 import Environment


def environment(**options: Any) -> Environment:
    """Jinja2 with the functions of django_plotly_dash."""
    # Django gives autoescape=True.
    return django_plotly_dash.jinja2.add_to(Environment(**options))  # noqa: S701
