"""Django checks the CSRF token of each callback, and the browser has it under each of Django's settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from dash import Input, Output, dcc, html
from django.contrib.auth.base_user import AbstractBaseUser
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash
from tests.helpers import callback_body
from tests.site.dash_apps import echo

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.browser

MODES: dict[str, dict[str, Any]] = {
    "default": {},
    "cookie name": {"CSRF_COOKIE_NAME": "site-token"},
    "cookie path": {"CSRF_COOKIE_PATH": "/dash/"},
    "header name": {"CSRF_HEADER_NAME": "HTTP_X_SITE_TOKEN"},
    "both names": {"CSRF_COOKIE_NAME": "site-token", "CSRF_HEADER_NAME": "HTTP_X_SITE_TOKEN"},
    "session": {"CSRF_USE_SESSIONS": True},
    "hidden cookie": {"CSRF_COOKIE_HTTPONLY": True},
    "session and hidden cookie": {"CSRF_USE_SESSIONS": True, "CSRF_COOKIE_HTTPONLY": True},
    "session, both names": {
        "CSRF_USE_SESSIONS": True,
        "CSRF_COOKIE_NAME": "site-token",
        "CSRF_HEADER_NAME": "HTTP_X_SITE_TOKEN",
    },
    "hidden cookie, all else": {
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_NAME": "site-token",
        "CSRF_HEADER_NAME": "HTTP_X_SITE_TOKEN",
        "CSRF_COOKIE_PATH": "/dash/",
        "CSRF_COOKIE_SAMESITE": "Strict",
    },
}


def _set(settings: Settings, mode: str) -> None:
    for name, value in MODES[mode].items():
        setattr(settings, name, value)


@pytest.mark.parametrize("mode", MODES)
def test_a_callback_passes_and_one_without_the_token_does_not(
    page: Page, live_server: LiveServer, settings: Settings, mode: str
) -> None:
    _set(settings, mode)
    page.goto(f"{live_server}/dash/app/echo/")
    page.fill("#text", "a protected text")
    expect(page.locator("#echoed")).to_have_text("You wrote a protected text")
    # the same browser with the same cookies, as another site's form would use it
    forged = page.request.post(
        f"{live_server}/dash/app/echo/_dash-update-component",
        data=json.dumps(callback_body(echo, "echoed.children", "forged")),
        headers={"Content-Type": "application/json"},
    )
    assert forged.status == 403


@pytest.fixture
def ada(django_user_model: type[AbstractBaseUser], transactional_db: None) -> AbstractBaseUser:
    return django_user_model.objects.create_user("ada", password="difference engine")


@pytest.mark.parametrize("mode", ["default", "session", "hidden cookie"])
def test_a_page_loaded_after_a_login_has_the_new_token(
    page: Page, live_server: LiveServer, settings: Settings, ada: AbstractBaseUser, mode: str
) -> None:
    _set(settings, mode)
    app = DjangoDash("Greeting")
    app.layout = html.Div([dcc.Input(id="text", value="hello"), html.P(id="greeting")])

    @app.callback(Output("greeting", "children"), Input("text", "value"))
    def greet(text: str, user: Any) -> str:
        return f"{text} {user.get_username() or 'stranger'}"

    page.goto(f"{live_server}/dash/app/greeting/")
    expect(page.locator("#greeting")).to_have_text("hello stranger")
    before = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    page.goto(f"{live_server}/login/")
    page.fill("[name=username]", "ada")
    page.fill("[name=password]", "difference engine")
    page.click("button")
    page.wait_for_url("**/frames/")
    page.goto(f"{live_server}/dash/app/greeting/")
    page.fill("#text", "welcome")
    expect(page.locator("#greeting")).to_have_text("welcome ada")
    after = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    token = "csrftoken" if mode == "default" else "csrftoken_dash"
    assert after[token] != before[token]
