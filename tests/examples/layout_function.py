"""A layout function is called for each visit."""

from __future__ import annotations

import itertools

from dash import html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

visits = itertools.count(1)

app = DjangoDash("Visitor counter")


def layout() -> html.P:
    return html.P(f"visit {next(visits)}", id="visit")


app.layout = layout


def sees(view: Frame) -> None:
    first = int(view.locator("#visit").inner_text().split()[1])
    view.goto(view.url)
    expect(view.locator("#visit")).to_have_text(f"visit {first + 1}")
