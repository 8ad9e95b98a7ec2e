from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_plotly_dash import csrf

from .helpers import callback_body, result, shared_token

PAGE = "/dash/app/echo/"
CALLBACK = f"{PAGE}_dash-update-component"


def config_of(response: HttpResponse) -> dict[str, Any]:
    """What Dash's renderer reads from the page."""
    (text,) = re.findall(r'<script id="_dash-config" type="application/json">(.*?)</script>', response.text)
    return json.loads(html.unescape(text))


# Settings of the site, and what the renderer has to be told: cookie and header.
MODES: dict[str, tuple[dict[str, Any], str, str]] = {
    "defaults": ({}, "csrftoken", "X-Csrftoken"),
    "other cookie": ({"CSRF_COOKIE_NAME": "my_csrf"}, "my_csrf", "X-Csrftoken"),
    "other header": ({"CSRF_HEADER_NAME": "HTTP_X_MY_TOKEN"}, "csrftoken", "X-My-Token"),
    "in the session": ({"CSRF_USE_SESSIONS": True}, "csrftoken_dash", "X-Csrftoken"),
    "hidden from scripts": ({"CSRF_COOKIE_HTTPONLY": True}, "csrftoken_dash", "X-Csrftoken"),
    "hidden, other names": (
        {"CSRF_COOKIE_HTTPONLY": True, "CSRF_COOKIE_NAME": "my_csrf", "CSRF_HEADER_NAME": "HTTP_X_MY_TOKEN"},
        "my_csrf_dash",
        "X-My-Token",
    ),
    "in the session, both": (
        {"CSRF_USE_SESSIONS": True, "CSRF_COOKIE_HTTPONLY": True},
        "csrftoken_dash",
        "X-Csrftoken",
    ),
}


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest, settings: Any) -> tuple[str, str]:
    values, cookie, header = MODES[request.param]
    for name, value in values.items():
        setattr(settings, name, value)
    return cookie, header


def post(client: Client, apps: Any, **headers: str) -> HttpResponse:
    body = callback_body(apps["Echo"], "echoed.children", "x")
    return client.post(CALLBACK, body, content_type="application/json", headers=headers)


@pytest.mark.django_db
def test_the_page_names_the_cookie_and_the_header_and_sets_the_cookie(mode: tuple[str, str]) -> None:
    cookie, header = mode
    response = Client(enforce_csrf_checks=True).get(PAGE)
    config = config_of(response)
    assert (config["csrf_token_name"], config["csrf_header_name"]) == (cookie, header)
    assert response.cookies[cookie].value
    assert not response.cookies[cookie]["httponly"]


@pytest.mark.django_db
def test_a_callback_with_the_cookies_value_in_the_header_passes(mode: tuple[str, str], apps: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    config = config_of(client.get(PAGE))
    token = client.cookies[config["csrf_token_name"]].value
    for _ in range(2):
        response = post(client, apps, **{config["csrf_header_name"]: token})
        assert result(response) == "You wrote x"


@pytest.mark.django_db
@pytest.mark.parametrize("token", [None, "", "x" * 32, "y" * 64])
def test_a_callback_without_the_right_token_is_refused(mode: tuple[str, str], token: str | None, apps: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    config = config_of(client.get(PAGE))
    headers = {} if token is None else {config["csrf_header_name"]: token}
    assert post(client, apps, **headers).status_code == 403


def test_a_callback_from_a_browser_that_never_saw_the_page_is_refused(apps: Any) -> None:
    assert post(Client(enforce_csrf_checks=True), apps, **{"X-Csrftoken": "x" * 32}).status_code == 403


async def test_callbacks_on_an_event_loop_are_guarded_as_well(apps: Any) -> None:
    client = AsyncClient(enforce_csrf_checks=True)
    body = callback_body(apps["Second app"], "echoed.children", "x")
    await client.get("/dash/app/second-app/")
    url = "/dash/app/second-app/_dash-update-component"
    refused = await client.post(url, body, content_type="application/json")
    assert refused.status_code == 403
    token = client.cookies["csrftoken"].value
    passed = await client.post(url, body, content_type="application/json", headers={"X-CSRFToken": token})
    assert result(passed) == "Second got x"


@pytest.mark.parametrize("path", ["some/page", "a/deep/link/", "initial/{token}/"])
def test_deep_links_set_the_cookie_as_well(path: str) -> None:
    path = path.format(token=shared_token("app echo"))
    assert Client().get(PAGE + path).cookies["csrftoken"].value


def test_only_pages_hand_the_token_over(settings: Any) -> None:
    settings.CSRF_COOKIE_HTTPONLY = True
    response = Client().get(f"{PAGE}_dash-layout")
    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.django_db
def test_our_cookie_is_as_narrow_as_djangos(settings: Any) -> None:
    settings.CSRF_COOKIE_HTTPONLY = True
    settings.CSRF_COOKIE_DOMAIN = "example.com"
    settings.CSRF_COOKIE_PATH = "/inner/"
    settings.CSRF_COOKIE_SECURE = True
    settings.CSRF_COOKIE_SAMESITE = "Strict"
    cookie = Client().get(PAGE).cookies["csrftoken_dash"]
    names = ("domain", "path", "secure", "samesite", "max-age", "httponly")
    assert [cookie[name] for name in names] == ["example.com", "/inner/", True, "Strict", "", ""]


def test_no_cookie_of_ours_where_djangos_will_do() -> None:
    request, response = HttpRequest(), HttpResponse()
    csrf.hand_over_token(request, response)
    assert not response.cookies
    assert request.META["CSRF_COOKIE_NEEDS_UPDATE"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [("HTTP_X_CSRFTOKEN", "X-Csrftoken"), ("HTTP_X_XSRF_TOKEN", "X-Xsrf-Token"), ("HTTP_TOKEN", "Token")],
)
def test_the_header_is_the_one_that_django_reads(settings: Any, given: str, expected: str) -> None:
    settings.CSRF_HEADER_NAME = given
    assert csrf.header_name() == expected
