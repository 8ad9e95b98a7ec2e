from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import pytest
from dash import Input, Output, dcc, html
from django.conf.urls.i18n import i18n_patterns
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import clear_script_prefix, include, path, resolve, reverse
from django.utils.encoding import escape_uri_path

from django_plotly_dash import DjangoDash
from django_plotly_dash.models import DashApp, StatelessApp

from .helpers import call, result, shared_token
from .site_clients import COLOURS, AsyncBrowser, ask, fetch
from .site_urls import mount
from .test_csrf import config_of

OURS = include("django_plotly_dash.urls")
BUNDLE = "_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js"


@pytest.fixture
def app(tmp_path: Any) -> DjangoDash:
    """An app whose static layout holds URLs that were made when its module was imported."""
    (tmp_path / "logo.png").write_bytes(b"a logo")
    app = DjangoDash("Übersicht 売上", assets_folder=str(tmp_path))
    other = DjangoDash("Neighbour")
    other.layout = html.Div("the neighbour")
    app.layout = html.Div(
        [
            html.Img(src=app.get_asset_url("logo.png"), id="logo"),
            html.A("page", href=app.get_relative_path("/page"), id="page"),
            html.A("neighbour", href=other.get_relative_path("/"), id="neighbour"),
            dcc.Input(id="text"),
            html.Div(id="out"),
        ]
    )

    @app.callback(Output("out", "children"), Input("text", "value"))
    def show(text: str, dash_app: Any, dash_app_id: str) -> str:
        return f"{app.get_asset_url('logo.png')} {app.get_relative_path('/page')} {dash_app} {dash_app_id}"

    return app


@pytest.fixture
def row(app: DjangoDash, db: None) -> DashApp:
    stateless = StatelessApp.objects.create(app_name=app.app_name)
    return DashApp.objects.create(stateless_app=stateless, instance_name="Übersicht of Maria", slug="marias")


# --- names -----------------------------------------------------------------------------------------------------------

NAMES = [
    ("main", {}, ""),
    ("layout", {}, "_dash-layout"),
    ("dependencies", {}, "_dash-dependencies"),
    ("update-component", {}, "_dash-update-component"),
    ("component-suites", {"component": "dash", "resource": BUNDLE.split("/", 2)[2]}, BUNDLE),
    ("asset-redirect", {"path": "logo.png"}, "assets/logo.png"),
]
FORMS = [
    ("app-{}", "app/echo/", {"ident": "echo"}),
    ("app-{}--args", "app/echo/initial/key-1/", {"ident": "echo", "cache_id": "key-1"}),
    ("{}", "instance/marias/", {"ident": "marias"}),
    ("{}--args", "instance/marias/initial/key-1/", {"ident": "marias", "cache_id": "key-1"}),
]


@pytest.mark.parametrize(("name", "kwargs", "part"), NAMES, ids=[name[0] for name in NAMES])
@pytest.mark.parametrize(("form", "at", "ident"), FORMS, ids=["app", "app, args", "instance", "instance, args"])
def test_every_url_has_the_name_that_users_reverse(
    name: str, kwargs: dict[str, str], part: str, form: str, at: str, ident: dict[str, str]
) -> None:
    label = f"the_django_plotly_dash:{form.format(name)}"
    url = reverse(label, kwargs={**ident, **kwargs})
    assert url == f"/dash/{at}{part}"
    assert resolve(url).view_name == label


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(("form", "at", "ident"), FORMS, ids=["app", "app, args", "instance", "instance, args"])
@pytest.mark.django_db(transaction=True)
def test_every_url_serves(
    app: DjangoDash, row: DashApp, form: str, at: str, ident: dict[str, str], colour: str
) -> None:
    ident = {**ident, "ident": row.slug if "instance" in at else app.slug}
    if "cache_id" in ident:
        ident["cache_id"] = shared_token(f"{'instance' if 'instance' in at else 'app'} {ident['ident']}")
    urls = {
        name: reverse(f"the_django_plotly_dash:{form.format(name)}", kwargs={**ident, **kwargs})
        for name, kwargs, _ in NAMES
    }
    main = urls["main"]
    assert config_of(fetch(colour, main))["requests_pathname_prefix"] == main
    assert f'"{main}assets/logo.png"' in fetch(colour, urls["layout"]).text.replace("\\u002f", "/")
    assert fetch(colour, urls["dependencies"]).json()[0]["output"] == "out.children"
    assert fetch(colour, urls["component-suites"]).headers["Content-Type"].endswith("javascript")
    assert fetch(colour, urls["asset-redirect"]).content == b"a logo"
    files = main.partition("initial/")[0]
    assert result(ask(colour, app, "out.children", "x", url=main)).startswith(f"{files}assets/logo.png {main}page ")


def test_an_instances_row_and_slug_reach_the_callback(app: DjangoDash, row: DashApp) -> None:
    answer = result(call(Client(), app, "out.children", "x", url="/dash/instance/marias/"))
    assert answer.endswith(" Übersicht of Maria marias")
    answer = result(call(Client(), app, "out.children", "x"))
    assert answer.endswith(f" {app!r} übersicht-売上")


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.django_db(transaction=True)
def test_an_unknown_instance_is_a_404(row: DashApp, colour: str) -> None:
    for at in ("/dash/instance/nobodys/", "/dash/instance/echo/_dash-layout", "/dash/app/marias/"):
        assert fetch(colour, at).status_code == 404


# --- mounts ----------------------------------------------------------------------------------------------------------

ALL_PARTS = ["", "_dash-layout", "_dash-dependencies", "page", "a/deep/link/"]
MOUNTS = {
    "root": (path("", OURS), "/"),
    "deep": (path("a/b/c/", OURS), "/a/b/c/"),
    "spaces": (path("mit leer/", OURS), "/mit leer/"),
    "percent sign": (path("100%/", OURS), "/100%/"),
    "other script": (path("дашборд/", OURS), "/дашборд/"),
    "quotes": (path("a'b&c/", OURS), "/a'b&c/"),
    "captured": (path("<slug:team>/<int:year>/", OURS), "/sales/2024/"),
    "captured names of ours": (path("<str:path>/<str:resource>/", OURS), "/x y/{z}/"),
    "nested namespaces": (
        path("<slug:team>/", include(([path("inner/", OURS)], "shop"))),
        "/sales/inner/",
    ),
}


def assert_right_everywhere(colour: str, app: DjangoDash, at: str, *, neighbour: str | None) -> None:
    """The app at ``at``, an unquoted path, answers there in all parts with that prefix, and no mark gets out."""
    url = escape_uri_path(at)
    asked = quote(at)
    page = fetch(colour, asked)
    assert page.status_code == 200
    assert config_of(page)["requests_pathname_prefix"] == url
    for part in ("a/deep/link/", "page"):
        assert config_of(fetch(colour, asked + part))["requests_pathname_prefix"] == url
    layout = fetch(colour, f"{asked}_dash-layout")
    found = {child["props"]["id"]: child["props"] for child in layout.json()["props"]["children"]}
    assert found["logo"]["src"] == f"{url}assets/logo.png"
    assert found["page"]["href"] == f"{url}page"
    if neighbour:
        assert found["neighbour"]["href"].rstrip("/") == neighbour.rstrip("/")
    assert fetch(colour, f"{asked}assets/logo.png").content == b"a logo"
    answer = result(ask(colour, app, "out.children", "x", url=asked))
    assert answer.startswith(f"{url}assets/logo.png {url}page ")
    handed = f"initial/{shared_token(f'app {app.slug}')}/"
    for part in [*ALL_PARTS, handed, f"{handed}_dash-layout"]:
        response = fetch(colour, asked + part)
        assert response.status_code == 200
        assert "~dpd~" not in unquote(response.text)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("kind", MOUNTS)
def test_the_prefix_is_right_under_any_mount(settings: Any, app: DjangoDash, kind: str, colour: str) -> None:
    pattern, at = MOUNTS[kind]
    # What Django cannot reverse is found at the site's other mount.
    cannot_be_reversed = kind in ("captured names of ours", "percent sign")
    mount(settings, *([path("plain/", OURS)] if cannot_be_reversed else []), pattern)
    neighbour = "/plain/app/neighbour/" if cannot_be_reversed else f"{escape_uri_path(at)}app/neighbour/"
    assert_right_everywhere(colour, app, f"{at}app/{app.slug}/", neighbour=neighbour)


@pytest.mark.parametrize("name", ["Echo", "ECHO", "Second app", "second-app", "  Second  App "])
def test_the_name_in_a_url_may_be_spelled_as_the_app_is_named(name: str) -> None:
    response = fetch("wsgi", f"/dash/app/{quote(name)}/")
    assert config_of(response)["requests_pathname_prefix"] == f"/dash/app/{quote(name)}/"


@pytest.mark.parametrize("colour", COLOURS)
def test_two_mounts_answer_each_with_its_own_prefix(settings: Any, app: DjangoDash, colour: str) -> None:
    mount(settings, path("one/", OURS), path("two/", include("django_plotly_dash.urls", namespace="second")))
    for at in ("/one/", "/two/", "/one/"):
        assert_right_everywhere(colour, app, f"{at}app/{app.slug}/", neighbour=f"{at}app/neighbour/")


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_in_i18n_patterns_the_language_is_part_of_the_prefix(
    settings: Any, app: DjangoDash, language: str, colour: str
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    mount(settings, *i18n_patterns(path("dash/", OURS)))
    at = f"/{language}/dash/app/"
    assert_right_everywhere(colour, app, f"{at}{app.slug}/", neighbour=f"{at}neighbour/")


def through_wsgi(at: str, **environ: Any) -> HttpResponse:
    """GET through Django's own WSGI handler, which the test client is not."""
    found: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        found.update(status=int(status.split()[0]))

    # As a server does it: bytes of the path as Latin-1 (PEP 3333).
    environment = RequestFactory()._base_environ(PATH_INFO=at.encode().decode("latin-1"), **environ)
    try:
        body = b"".join(WSGIHandler()(environment, start_response))
    finally:
        clear_script_prefix()
    return HttpResponse(body, status=found["status"])


@pytest.mark.parametrize("way", ["of the server", "forced"])
@pytest.mark.django_db
def test_the_script_name_is_part_of_the_prefix(settings: Any, app: DjangoDash, way: str) -> None:
    environ = {}
    if way == "forced":
        settings.FORCE_SCRIPT_NAME = "/sub path"
    else:
        environ["SCRIPT_NAME"] = "/sub path"
    at = f"/sub%20path/dash/app/{quote(app.slug)}/"
    page = through_wsgi(f"/dash/app/{app.slug}/", **environ)
    assert config_of(page)["requests_pathname_prefix"] == at
    layout = through_wsgi(f"/dash/app/{app.slug}/_dash-layout", **environ).text.replace("\\u002f", "/")
    assert f'"{at}assets/logo.png"' in layout
    assert '"/sub%20path/dash/app/neighbour/"' in layout
    assert "~dpd~" not in layout


def test_the_test_client_knows_script_names_as_well(app: DjangoDash) -> None:
    response = Client().get(f"/dash/app/{app.slug}/", SCRIPT_NAME="/sub")
    assert config_of(response)["requests_pathname_prefix"] == f"/sub/dash/app/{quote(app.slug)}/"


async def test_many_requests_at_once_each_get_their_own_prefix(settings: Any, app: DjangoDash) -> None:
    import asyncio

    mount(settings, path("<int:number>/", OURS))
    urls = [f"/{number}/app/{quote(app.slug)}/" for number in range(20)]
    pages = await asyncio.gather(*(AsyncBrowser().get(url) for url in urls))
    assert [config_of(page)["requests_pathname_prefix"] for page in pages] == urls


# --- deep links and what is none -------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("link", ["page", "page/", "a/b/c.html", "ü/売", "with%20space", "initial", "initial/", "{x}"])
def test_deep_links_serve_the_page(app: DjangoDash, link: str, colour: str) -> None:
    at = f"/dash/app/{quote(app.slug)}/"
    response = fetch(colour, f"{at}{link}?q=1")
    assert response.status_code == 200
    assert config_of(response)["requests_pathname_prefix"] == at
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("link", ["_dash-nothing", "_dash-nothing/at/all", "assets/none.png", "assets/../secret"])
def test_what_is_no_page_is_a_404(app: DjangoDash, link: str, colour: str) -> None:
    assert fetch(colour, f"/dash/app/{quote(app.slug)}/{link}").status_code == 404


@pytest.mark.parametrize("colour", COLOURS)
def test_a_page_without_the_slash_at_its_end_is_led_to_it(app: DjangoDash, colour: str) -> None:
    response = fetch(colour, f"/dash/app/{quote(app.slug)}")
    assert response.status_code == 301
    assert response.url == f"/dash/app/{quote(app.slug)}/"


# --- colours ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic", [False, True])
async def test_with_atomic_requests_views_are_synchronous_on_an_event_loop_too(
    settings: Any, apps: Any, atomic: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import inspect

    from django.db import connections

    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", atomic)
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", atomic)
    assert inspect.iscoroutinefunction(resolve("/dash/app/second-app/").func) is not atomic
    response = await AsyncBrowser().get("/dash/app/second-app/")
    assert response.status_code == 200


def test_off_an_event_loop_views_are_synchronous() -> None:
    import inspect

    assert not inspect.iscoroutinefunction(resolve("/dash/app/echo/").func)
