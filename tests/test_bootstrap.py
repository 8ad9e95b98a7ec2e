"""Which style sheet ``add_bootstrap_links`` loads."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from dash import html
from django.test import Client

from django_plotly_dash import DjangoDash

CDN = "https://cdn.jsdelivr.net/npm/bootstrap@"


def style_links(**arguments: Any) -> list[str]:
    """Tags of the style sheets of an app's page."""
    app = DjangoDash("Strapped", **{"add_bootstrap_links": True, **arguments})
    app.layout = html.Div()
    page = Client().get("/dash/app/strapped/")
    assert page.status_code == 200
    return re.findall(r'<link [^>]*rel="stylesheet"[^>]*>', page.text)


def installed(settings: Any, *names: str) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, *names]


@pytest.mark.parametrize("serve_locally", [True, False])
def test_bootstrap_5_comes_from_a_cdn_if_the_site_has_no_opinion(serve_locally: bool) -> None:
    (link,) = style_links(serve_locally=serve_locally)
    assert f'href="{CDN}5.' in link


def test_there_are_none_unless_asked_for() -> None:
    assert style_links(add_bootstrap_links=False) == []


def test_yours_come_behind_it() -> None:
    links = style_links(external_stylesheets=["/yours.css"])
    assert ["bootstrap" in link for link in links] == [True, False]


@pytest.mark.parametrize(("package", "version"), [("django_bootstrap5", "5"), ("bootstrap4", "4")])
def test_an_installed_package_says_which(settings: Any, package: str, version: str) -> None:
    installed(settings, package)
    (link,) = style_links()
    assert f'href="{CDN}{version}.' in link
    assert 'integrity="sha384-' in link
    assert 'crossorigin="anonymous"' in link


def test_the_newer_of_both_is_taken(settings: Any) -> None:
    installed(settings, "bootstrap4", "django_bootstrap5")
    assert f"{CDN}5." in style_links()[0]


@pytest.mark.parametrize(("package", "setting"), [("django_bootstrap5", "BOOTSTRAP5"), ("bootstrap4", "BOOTSTRAP4")])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/static/own.css", '<link rel="stylesheet" href="/static/own.css">'),
        ({"url": "/static/own.css"}, '<link rel="stylesheet" href="/static/own.css">'),
        ({"href": "/own.css", "integrity": "x"}, '<link rel="stylesheet" href="/own.css" integrity="x">'),
        (None, CDN),
    ],
)
def test_what_the_site_has_configured_is_taken(
    settings: Any, package: str, setting: str, given: Any, expected: str
) -> None:
    installed(settings, package)
    setattr(settings, setting, {"css_url": given})
    assert expected in style_links()[0]


@pytest.fixture
def copies(settings: Any) -> Iterator[None]:
    installed(settings, "dpd_static_support")
    yield
    sys.modules.pop("dpd_static_support", None)


def test_the_copies_of_dpd_static_support_are_served_by_the_site(copies: None) -> None:
    (link,) = style_links()
    (url,) = re.findall(r'href="([^"]+)"', link)
    assert re.fullmatch(r"/dash/_dash-component-suites/dpd_static_support/bootstrap\.v[\w-]+m\d+\.min\.css", url)
    assert b"Bootstrap v4.3.1" in Client().get(url).content


def test_another_worker_has_them_before_it_has_answered_for_the_app(copies: None) -> None:
    DjangoDash("Strapped", add_bootstrap_links=True).layout = html.Div()
    url = "/dash/_dash-component-suites/dpd_static_support/bootstrap.v0_1m1.min.css"
    assert Client().get(url).status_code == 200
    assert Client().get(url.replace("bootstrap", "other")).status_code == 404


def test_who_wants_no_local_files_gets_a_cdns(copies: None) -> None:
    assert CDN in style_links(serve_locally=False)[0]


def test_bootstrap_5_is_not_mixed_with_a_copy_of_4(copies: None, settings: Any) -> None:
    installed(settings, "django_bootstrap5")
    assert [CDN in link for link in style_links()] == [True]
