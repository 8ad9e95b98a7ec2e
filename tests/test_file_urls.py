"""By which URL a page loads the bundles of component libraries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from dash import html
from django.conf.urls.i18n import i18n_patterns
from django.test import AsyncClient, Client
from django.urls import clear_script_prefix, include, path, set_script_prefix

from django_plotly_dash import DjangoDash, access, urls
from django_plotly_dash.models import DashApp, StatelessApp

from .helpers import shared_token
from .site_urls import mount, urls_made_again


def made(name: str) -> DjangoDash:
    app = DjangoDash(name)
    app.layout = html.Div()
    return app


def bundles(client: Client, url: str) -> list[str]:
    """URLs of the bundles of a page."""
    page = client.get(url)
    assert page.status_code == 200
    return [found for found in re.findall(r'(?:src|href)="([^"]+)"', page.text) if "_dash-component-suites" in found]


def test_all_apps_and_instances_of_a_mount_link_to_the_same_bundles(client: Client, db: None) -> None:
    one, two = made("Number one"), made("Number two")
    row = DashApp.objects.create(
        stateless_app=StatelessApp.objects.create(app_name=one.app_name), instance_name="Row", slug="row"
    )
    pages = [
        f"/dash/app/{one.slug}/",
        f"/dash/app/{two.slug}/",
        f"/dash/instance/{row.slug}/",
        f"/dash/app/echo/initial/{shared_token('app echo')}/",
    ]
    links = [bundles(client, page) for page in pages]
    assert len(links[0]) > 5
    assert links[1:] == links[:1] * 3
    for link in links[0]:
        assert link.startswith("/dash/_dash-component-suites/")
        response = client.get(link)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_paths_below_each_app_still_answer(client: Client) -> None:
    app = made("Compatible")
    for link in bundles(client, f"/dash/app/{app.slug}/"):
        below = link.replace("/dash/", f"/dash/app/{app.slug}/", 1)
        assert client.get(below).content == client.get(link).content


def test_chunks_lie_beside_their_script_there_too(client: Client) -> None:
    for chunk in ("dash/dcc/async-graph.js", "dash/dcc/async-graph.v1m2.js", "plotly/package_data/plotly.min.js"):
        assert client.get(f"/dash/_dash-component-suites/{chunk}").status_code == 200


@pytest.mark.parametrize("asgi", [False, True], ids=["WSGI", "ASGI"])
def test_no_app_of_the_process_needs_to_have_answered_before(asgi: bool, settings: Any) -> None:
    patterns, name = urls_made_again()
    mount(settings, path("fresh/", include((patterns, name))))
    ask = async_to_sync(AsyncClient().get) if asgi else Client().get
    response = ask("/fresh/_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js")
    assert response.status_code == 200
    unchanged = ask(
        "/fresh/_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js",
        headers={"If-None-Match": response.headers["ETag"]},
    )
    assert unchanged.status_code == 304


@pytest.mark.parametrize("asgi", [False, True], ids=["WSGI", "ASGI"])
@pytest.mark.parametrize(
    "wrong",
    ["dash/dash.py", "dash/..%2f..%2fsecret", "os/path.py", "unknown/a.js", "dash/dcc/", "..%2fdash/x.js", "%00/x.js"],
)
def test_nothing_else_is_served_there(wrong: str, asgi: bool) -> None:
    ask = async_to_sync(AsyncClient().get) if asgi else Client().get
    response = ask(f"/dash/_dash-component-suites/{wrong}")
    assert response.status_code == 404


def test_it_is_there_for_reading_only(client: Client) -> None:
    assert client.post("/dash/_dash-component-suites/dash/dcc/async-graph.js").status_code == 405


def test_a_file_that_only_one_app_has_registered_is_found_by_all(client: Client) -> None:
    app = made("With a file")
    app.scripts.append_script({"namespace": "dash", "relative_package_path": "favicon.ico"})
    (link,) = (link for link in bundles(client, f"/dash/app/{app.slug}/") if "favicon" in link)
    assert link.startswith("/dash/_dash-component-suites/dash/favicon.v")
    assert client.get(link).status_code == 200


def test_a_style_sheet_with_attributes_is_moved_too(client: Client) -> None:
    app = made("Styled")
    app.css.append_css({"namespace": "dash", "relative_package_path": "favicon.ico", "attributes": {"media": "print"}})
    page = client.get(f"/dash/app/{app.slug}/").text
    assert re.search(r'<link href="/dash/_dash-component-suites/dash/favicon\.[^"]+" media="print"', page)


# --- where the path is ------------------------------------------------------------------------------------------------


def test_each_mount_has_its_own(client: Client, settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    mount(
        settings,
        path("one/", include("django_plotly_dash.urls", namespace="one")),
        path("<slug:tenant>/two/", include("django_plotly_dash.urls", namespace="two")),
        *i18n_patterns(path("three/", include("django_plotly_dash.urls", namespace="three"))),
    )
    app = made("Everywhere")
    for place in ("/one/", "/acme/two/", "/en/three/"):
        links = bundles(client, f"{place}app/{app.slug}/")
        assert {link[: len(place) + 22] for link in links} == {f"{place}_dash-component-suites"}
        assert client.get(links[0]).status_code == 200


def test_below_a_script_name(client: Client) -> None:
    app = made("Below")
    set_script_prefix("/a site/")
    try:
        page = client.get(f"/dash/app/{app.slug}/", SCRIPT_NAME="/a site").text
    finally:
        clear_script_prefix()
    assert 'src="/a%20site/dash/_dash-component-suites/dash/deps/' in page


def test_an_app_alone_at_a_path_has_them_below_that_path(client: Client, settings: Any) -> None:
    app = made("Alone")
    mount(settings, path("alone/", include((urls.at_root(app.slug), urls.app_name))))
    links = bundles(client, "/alone/")
    assert {link.partition("/_dash")[0] for link in links} == {"/alone"}
    assert client.get(links[0]).status_code == 200


# --- who may see them -------------------------------------------------------------------------------------------------


def knows_apps(view: Any, **described: Any) -> Any:
    """A decorator that decides by the app, as those of the older package's users may."""

    def guarded(request: Any, ident: str, **kwargs: Any) -> Any:
        return view(request, ident=ident, **kwargs)

    return guarded


def with_decorator(settings: Any, decorator: Any, **others: Any) -> None:
    settings.PLOTLY_DASH = {"view_decorator": decorator, **others}
    patterns, name = urls_made_again()
    mount(settings, path("dash/", include((patterns, name))))


def test_a_decorator_that_needs_to_know_the_app_is_asked_with_the_app(client: Client, settings: Any) -> None:
    with_decorator(settings, knows_apps)
    app = made("Guarded")
    links = bundles(client, f"/dash/app/{app.slug}/")
    assert {link.partition("/_dash")[0] for link in links} == {f"/dash/app/{app.slug}"}
    assert client.get(links[0]).status_code == 200


@pytest.mark.parametrize("decorator", ["django_plotly_dash.access.login_required", access.login_required])
def test_bundles_ask_for_a_login_where_apps_do(
    client: Client, settings: Any, django_user_model: Any, db: None, decorator: Any
) -> None:
    with_decorator(settings, decorator)
    app = made("Members only")
    bundle = "/dash/_dash-component-suites/dash/dcc/async-graph.js"
    assert client.get(bundle).status_code == 302
    assert async_to_sync(AsyncClient().get)(bundle).status_code == 302
    client.force_login(django_user_model.objects.create_user("member"))
    links = bundles(client, f"/dash/app/{app.slug}/")
    assert all(link.startswith("/dash/_dash-component-suites/") for link in links)
    assert client.get(links[0]).headers["Cache-Control"].startswith("private,")


@pytest.mark.parametrize(
    ("decorator", "share", "shared"),
    [
        (None, None, True),
        (None, False, False),
        ("tests.test_file_urls.knows_apps", None, False),
        (knows_apps, None, False),
        (lambda view, **_: view, True, True),
    ],
)
def test_the_setting_decides(client: Client, settings: Any, decorator: Any, share: Any, shared: bool) -> None:
    with_decorator(settings, decorator, share_bundles=share)
    app = made("Set")
    links = bundles(client, f"/dash/app/{app.slug}/")
    assert all(link.startswith("/dash/_dash") == shared for link in links)


def test_a_decorator_is_told_what_the_shared_path_is(settings: Any) -> None:
    told = []

    def note(view: Any, **described: Any) -> Any:
        told.append(described)
        return view

    with_decorator(settings, note)
    described = {"route_name": "app", "name": "component-suites"}
    assert described.items() <= told[-1].items()
    assert next(other["url_part"] for other in told[:-2] if described.items() <= other.items()) == told[-1]["url_part"]
