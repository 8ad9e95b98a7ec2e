"""Configuration of the documentation site."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "django_plotly_dash"
author = "The django_plotly_dash developers"
copyright = author
release = version = version_of("django_plotly_dash")

exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"{project} {release}"
html_show_copyright = False
nitpicky = True
