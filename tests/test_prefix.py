from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import RequestFactory
from django.urls import NoReverseMatch, include, path

from django_plotly_dash import DjangoDash, context, prefix

from .site_urls import mount


def inside(app: DjangoDash, at: str = "/here/") -> Any:
    return context.opened(context.RequestContext(RequestFactory().get(at), app, at, ""))


@pytest.mark.parametrize(
    ("whole", "local", "expected"),
    [
        ("/dash/app/x/", "", "/dash/app/x/"),
        ("/dash/app/x/_dash-layout", "_dash-layout", "/dash/app/x/"),
        ("/sub/app/x/a/b c", "a/b c", "/sub/app/x/"),
        ("/mit leer/app/ü/", "", "/mit%20leer/app/%C3%BC/"),
        ("/100%/app/x/", "", "/100%25/app/x/"),
        ("/a?b#c/app/x/p", "p", "/a%3Fb%23c/app/x/"),
        ('/"<>/app/x/', "", "/%22%3C%3E/app/x/"),
    ],
)
def test_the_prefix_of_a_request_is_its_path_without_the_apps_part(whole: str, local: str, expected: str) -> None:
    found = prefix.of_request(whole, local)
    assert found == expected
    assert unquote(found) + local == whole


def test_outside_of_a_request_an_app_has_a_mark() -> None:
    assert prefix.of_app(DjangoDash("My app")) == "/~dpd~my-app~/"
    assert prefix.of_app(DjangoDash("Über")) == "/~dpd~%C3%BCber~/"


def test_inside_of_a_request_an_app_has_the_requests_prefix_and_others_have_their_url() -> None:
    app, other = DjangoDash("One"), DjangoDash("Zwei ü")
    with inside(app, "/here/at/"):
        assert prefix.of_app(app) == "/here/at/"
        assert prefix.of_app(other) == "/dash/app/zwei-%C3%BC/"
    assert prefix.of_app(app) == "/~dpd~one~/"


def test_dashs_configuration_answers_with_the_prefix() -> None:
    app = DjangoDash("One")
    assert app.config.requests_pathname_prefix == app.config["requests_pathname_prefix"] == "/~dpd~one~/"
    with inside(app):
        assert app.config.get("requests_pathname_prefix") == "/here/"
        assert app.get_asset_url("a.png") == "/here/assets/a.png"
        assert app.get_relative_path("/page") == "/here/page"
        assert app.strip_relative_path("/here/page") == "page"


@pytest.mark.parametrize("name", ["One", "two words", "Über uns", "売上", "a.b-c_d", "💡"])
@pytest.mark.parametrize("slash", ["/", "\\u002f"], ids=["plain", "as in JSON"])
def test_marks_are_resolved_whatever_the_name(name: str, slash: str) -> None:
    app = DjangoDash(name)
    mark = prefix.of_app(app).replace("/", slash)
    with inside(app):
        assert prefix.resolve_marks(f'"{mark}assets{slash}a.png"') == f'"/here/assets{slash}a.png"'
        assert prefix.resolve_marks(f'"{mark.removesuffix(slash)}"') == '"/here"'
        assert prefix.resolve_marks(mark * 3) == "/here/" * 3
    assert prefix.resolve_marks(mark) == prefix.url_of(app.slug)


def test_a_mark_of_another_app_becomes_its_url() -> None:
    app, other = DjangoDash("One"), DjangoDash("Zwei ü")
    with inside(app):
        assert prefix.resolve_marks(f"{prefix.of_app(other)} /~dpd~one~/") == "/dash/app/zwei-%C3%BC/ /here/"


def test_a_mark_is_resolved_outside_of_a_request_and_without_a_resolved_url_too() -> None:
    assert prefix.resolve_marks("/~dpd~one~/") == "/dash/app/one/"
    with inside(DjangoDash("Other")):
        assert prefix.resolve_marks("/~dpd~one~/page") == "/dash/app/one/page"


@pytest.mark.parametrize("text", ["", "nothing to see", "/dash/app/one/", "~dpd~", "~dpd~one", "dpd~one~/"])
def test_a_text_without_marks_stays_as_it_is(text: str) -> None:
    assert prefix.resolve_marks(text) == text


def test_the_url_of_an_app_and_of_an_instance() -> None:
    assert prefix.url_of("one") == "/dash/app/one/"
    assert prefix.url_of("one", instance=True) == "/dash/instance/one/"


def test_the_mount_to_prefer_can_be_told(settings: Any) -> None:
    ours = "django_plotly_dash.urls"
    mount(settings, path("a/", include(ours)), path("b/", include(ours, namespace="second")))
    assert prefix.url_of("one") == "/a/app/one/"
    for current_app, expected in (("second", "/b/app/one/"), ("unknown", "/a/app/one/")):
        request = RequestFactory().get("/")
        request.current_app = current_app  # type: ignore[attr-defined]
        assert prefix.url_of("one", request=request) == expected


def test_without_our_urls_there_is_no_url(settings: Any) -> None:
    mount(settings)
    with pytest.raises(NoReverseMatch):
        prefix.url_of("one")


def test_a_context_is_closed_even_where_its_block_fails() -> None:
    app = DjangoDash("One")
    with pytest.raises(ZeroDivisionError), inside(app):
        assert SimpleNamespace() == 1 / 0
    assert context.current() is None


@pytest.mark.parametrize("text", ["/~dpd~%2F~/", "a ~dpd~ b", "/~dpd~~/"])
def test_a_text_that_only_looks_like_a_mark_stays_as_it_is(text: str) -> None:
    assert prefix.resolve_marks(text) == text


@pytest.mark.parametrize("path", ["//evil.example/dash/app/x/", "///evil.example/dash/app/x/"])
def test_a_prefix_never_names_another_host(path: str) -> None:
    assert prefix.of_request(path, "").startswith("/%2F")
