"""A layout function that names the user, the request and what stands for the app."""

from __future__ import annotations

from typing import Any

from dash import html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Personal page")


def layout(user: Any, request: Any, dash_app_id: str) -> list[Any]:
    return [
        html.H1("Hello, stranger" if user.is_anonymous else f"Hello, {user}", id="hello"),
        html.P(request.method, id="method"),
        html.P(dash_app_id, id="which"),
    ]


app.layout = layout


def sees(view: Frame) -> None:
    expect(view.locator("#hello")).to_have_text("Hello, stranger")
    expect(view.locator("#method")).to_have_text("GET")
    expect(view.locator("#which")).to_have_text(view.url.rstrip("/").split("/")[-1])
