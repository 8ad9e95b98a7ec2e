"""Bundles and assets from wherever a site lets them be served: Python, a folder, WhiteNoise, another origin, a CDN."""

from __future__ import annotations

import functools
import mimetypes
import re
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dash
import plotly
import pytest
from dash import Input, Output, dcc, html
from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path
from django.views.static import serve as serve_folder
from playwright.sync_api import Page, Route, expect

from django_plotly_dash import DjangoDash
from tests import static_site
from tests.site_urls import mount

pytestmark = pytest.mark.browser


@pytest.fixture
def app(tmp_path: Path) -> DjangoDash:
    """An app that shows whether its bundles, chunks, scripts, styles, pictures and icon have come."""
    assets = tmp_path / "wardrobe"
    files = {
        "1_first.js": "window.order = ['first'];",
        "nested/deep/second.js": "window.order.push('second');",
        "colour.css": "h1 { color: rgb(1, 102, 203); background: url(nested/logo.svg) }",
        "nested/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>',
        "favicon.ico": "",
    }
    for name, content in files.items():
        (assets / name).parent.mkdir(parents=True, exist_ok=True)
        (assets / name).write_text(content)
    made = DjangoDash("Dressed", assets_folder=str(assets))
    made.layout = html.Div(
        [
            html.H1("In colour"),
            html.Img(id="logo", src=made.get_asset_url("nested/logo.svg")),
            html.Img(id="relative", src="assets/nested/logo.svg"),
            dcc.Input(id="text", value="hello"),
            html.P(id="echoed"),
            dcc.Graph(id="graph", figure={"data": [{"y": [1, 3, 2]}]}),
            dcc.Markdown("*chunks* of **other** kinds", id="markdown"),
        ]
    )

    @made.callback(Output("echoed", "children"), Input("text", "value"))
    def echo(text: str) -> str:
        return f"You wrote {text}"

    return made


class Loaded(list[str]):
    """URLs of scripts, style sheets and pictures that a page has loaded."""

    def __init__(self, page: Page) -> None:
        self.headers: dict[str, dict[str, str]] = {}
        page.on("response", self.note)

    def note(self, response: Any) -> None:
        if response.request.resource_type in ("script", "stylesheet", "image"):
            self.append(response.url)
            self.headers[response.url] = response.headers

    def named(self, pattern: str) -> str:
        """The one URL that the pattern matches."""
        (found,) = {url for url in self if re.search(pattern, url)}
        return found


def works(page: Page, url: str, relative: bool = True) -> Loaded:
    """Open the app's page and see that all of it has come."""
    loaded = Loaded(page)
    page.goto(url)
    expect(page.locator("#graph .main-svg").first).to_be_visible()
    expect(page.locator("#markdown strong")).to_have_text("other")
    expect(page.locator("h1")).to_have_css("color", "rgb(1, 102, 203)")
    page.fill("#text", "static")
    expect(page.locator("#echoed")).to_have_text("You wrote static")
    assert page.evaluate("order") == ["first", "second"]
    for picture in ("#logo", "#relative") if relative else ("#logo",):
        assert page.locator(picture).evaluate("image => image.naturalWidth") == 30
    icon = page.locator("link[rel=icon]").get_attribute("href")
    assert icon == "data:," or page.request.get(str(page.evaluate("url => new URL(url, location).href", icon))).ok
    return loaded


def elsewhere(loaded: Loaded, place: str) -> list[str]:
    """What has not come from the place of the static files, but for what belongs to one page."""
    return [url for url in loaded if not url.startswith((place, "data:")) and not re.search("/(app|direct)/", url)]


def test_with_nothing_configured_python_serves_everything(
    page: Page, serve: Callable[..., str], app: DjangoDash
) -> None:
    site = serve()
    loaded = works(page, f"{site}/dash/app/dressed/")
    assert loaded.named("plotly").startswith(f"{site}/dash/_dash-component-suites/plotly/package_data/plotly.v")
    assert loaded.headers[loaded.named("plotly")]["cache-control"].endswith("immutable")
    assert loaded.named("async-graph") == f"{site}/dash/_dash-component-suites/dash/dcc/async-graph.js"
    assert not [url for url in loaded if "/static/" in url]
    # Another app of the site loads nothing of it again.
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{site}/dash/app/echo/")
    expect(page.locator("#graph .main-svg").first).to_be_visible()
    assert {url for url in requests if "_dash-component-suites" in url} <= set(loaded)


@pytest.mark.parametrize("storage", [static_site.PLAIN, static_site.MANIFEST])
def test_a_folder_of_static_files(
    page: Page, serve: Callable[..., str], app: DjangoDash, settings: Any, tmp_path: Path, storage: str
) -> None:
    static_site.use_static_files(settings, tmp_path / "root", storage)
    static_site.collect()
    folder = path("static/<path:path>", serve_folder, {"document_root": tmp_path / "root"})
    mount(settings, path("dash/", include("django_plotly_dash.urls")), folder)
    site = serve()
    loaded = works(page, f"{site}/dash/app/dressed/")
    assert not elsewhere(loaded, f"{site}/static/")
    hashed = re.search(r"\.[0-9a-f]{12}\.js$", loaded.named("dash_core_components(?!-shared)")) is not None
    assert hashed == (storage == static_site.MANIFEST)
    assert re.search(r"/static/dpd/components/dash/[^/]+/dcc/async-graph\.js$", loaded.named("async-graph"))
    assert "/static/dpd/components/plotly/" in loaded.named("plotly.min")


def test_an_app_in_a_page_and_the_middleware_that_moves_its_styles(
    page: Page, serve: Callable[..., str], app: DjangoDash, settings: Any, tmp_path: Path, troubles: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_plotly_dash.middleware.BaseMiddleware"]
    static_site.use_static_files(settings, tmp_path / "root", static_site.MANIFEST)
    static_site.collect()
    folder = path("static/<path:path>", serve_folder, {"document_root": tmp_path / "root"})
    mount(settings, path("dash/", include("django_plotly_dash.urls")), path("direct/", direct_page), folder)
    site = serve()
    loaded = works(page, f"{site}/direct/", relative=False)
    assert not elsewhere(loaded, f"{site}/static/")
    assert "colour." in str(page.locator("head link[rel=stylesheet]").get_attribute("href"))
    assert page.locator("body link, body p ~ script").count() == 0
    assert page.locator("footer script").count() == 1
    assert page.title() == "Host"
    troubles.expect("404.*direct/assets")  # which is where the page says that its picture is


def direct_page(request: Any) -> Any:
    """A page that has the app in itself."""
    from django.http import HttpResponse
    from django.template import engines

    template = engines["django"].from_string(
        "{% load plotly_dash %}<html><head><title>Host</title><link rel=icon href='data:,'>"
        "{% plotly_header %}</head><body>{% plotly_direct name='Dressed' %}"
        "<footer>{% plotly_footer %}</footer></body></html>"
    )
    return HttpResponse(template.render({}, request))


def test_whitenoise(page: Page, serve: Callable[..., str], app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    static_site.use_static_files(settings, tmp_path / "root", static_site.WHITENOISE)
    static_site.collect()
    settings.MIDDLEWARE = [
        settings.MIDDLEWARE[0],
        "whitenoise.middleware.WhiteNoiseMiddleware",
        *settings.MIDDLEWARE[1:],
    ]
    # As docs/static-files has it: the folders of our bundles never change either.
    settings.WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+(\.[0-9a-f]{12}\.\w+|/dpd/components/.+)$"
    site = serve()
    loaded = works(page, f"{site}/dash/app/dressed/")
    assert not elsewhere(loaded, f"{site}/static/")
    for name in ("dash_renderer", "async-graph", "plotly.min", "colour"):
        headers = loaded.headers[loaded.named(name)]
        assert "immutable" in headers["cache-control"], name
        assert headers.get("content-encoding", "none") == ("none" if name == "colour" else "gzip"), name


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


@pytest.fixture
def another_origin(tmp_path: Path) -> Iterator[str]:
    """The address of a server of files and nothing else."""
    (tmp_path / "root").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(tmp_path / "root")))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_another_origin(
    page: Page, serve: Callable[..., str], app: DjangoDash, settings: Any, tmp_path: Path, another_origin: str
) -> None:
    static_site.use_static_files(settings, tmp_path / "root", static_site.MANIFEST, base_url=another_origin)
    static_site.collect()
    loaded = works(page, f"{serve()}/dash/app/dressed/")
    assert not elsewhere(loaded, another_origin)
    assert loaded.named("async-graph").startswith(another_origin)
    assert loaded.named("plotly.min").startswith(another_origin)


# Where the makers' CDN has what lies in the installed packages.
_COPIES = (
    (r"/dash-core-components@[^/]+/dash_core_components/(.+)", "dash/dcc"),
    (r"/dash-html-components@[^/]+/dash_html_components/(.+)", "dash/html"),
    (r"/dash-table@[^/]+/dash_table/(.+)", "dash/dash_table"),
    (r"/dash-renderer@[^/]+/build/(.+)", "dash/dash-renderer/build"),
    (r"/plotly-[\d.]+(\.min\.js)", "plotly/package_data/plotly"),
)
_DEPENDENCIES = {"polyfill": "polyfill@7.12.1.min", "react-dom": "react-dom@18.3.1.min", "react": "react@18.3.1.min"}
_FOLDERS = {"dash": Path(dash.__file__).parent, "plotly": Path(plotly.__file__).parent}


def _of_a_cdn(route: Route) -> None:
    url = urlsplit(route.request.url)
    for pattern, place in _COPIES:
        found = re.fullmatch(pattern, unquote(url.path))
        if found:
            package, _, rest = place.partition("/")
            joint = "" if place.endswith("plotly") else "/"
            file = _FOLDERS[package] / f"{rest}{joint}{found[1]}"
            break
    else:
        name = "prop-types@15.8.1.min"
        for part, copy in _DEPENDENCIES.items():
            if f"/{part}@" in url.path:
                name = copy
        file = _FOLDERS["dash"] / "deps" / f"{name}.js"
    kind = mimetypes.guess_type(file.name)[0] or "text/javascript"
    if file.is_file():
        route.fulfill(path=file, content_type=kind, headers={"Access-Control-Allow-Origin": "*"})
    else:
        route.fulfill(status=404, body=str(file))


def test_serve_locally_false_takes_bundles_from_the_makers_cdn(page: Page, serve: Callable[..., str]) -> None:
    app = DjangoDash("Dressed", serve_locally=False)
    app.layout = html.Div([html.P(id="echoed"), dcc.Input(id="text", value="x"), dcc.Graph(id="graph")])
    app.callback(Output("echoed", "children"), Input("text", "value"))(lambda text: f"You wrote {text}")
    page.context.route(re.compile(r"https://(unpkg\.com|cdn\.plot\.ly|cdn\.jsdelivr\.net)/.*"), _of_a_cdn)
    loaded = Loaded(page)
    site = serve()
    page.goto(f"{site}/dash/app/dressed/")
    expect(page.locator("#graph .main-svg").first).to_be_visible()
    page.fill("#text", "far")
    expect(page.locator("#echoed")).to_have_text("You wrote far")
    assert {urlsplit(url).hostname for url in loaded if "plotly" in url} == {"cdn.plot.ly"}
    assert urlsplit(loaded.named("async-graph")).hostname == "unpkg.com"
    own = [url for url in loaded if url.startswith(site) and "_dash-component-suites" in url]
    assert all(re.search(r"/(dash_ag_grid|dash_bootstrap|dash_mantine|dpd_)|/dcc/.*shared", url) for url in own), own


@pytest.mark.parametrize("storage", [None, static_site.PLAIN, static_site.MANIFEST])
def test_apps_of_one_page_share_bundles_whether_they_are_local_or_not(
    page: Page, serve: Callable[..., str], settings: Any, tmp_path: Path, storage: str | None
) -> None:
    pages = [
        path(f"{name}/", lambda request, text=text: HttpResponse(Template(text).render(RequestContext(request, {}))))
        for name, text in {
            "near-first": "{% load plotly_dash %}{% plotly_direct name='Near' %}{% plotly_direct name='Far' %}",
            "far-first": "{% load plotly_dash %}{% plotly_direct name='Far' %}{% plotly_direct name='Near' %}",
        }.items()
    ]
    for name, local in (("Near", True), ("Far", False)):
        app = DjangoDash(name, serve_locally=local)
        app.layout = html.Div(
            [html.P(id="echoed"), dcc.Input(id="text", value="x"), dcc.Graph(id="graph"), dcc.Markdown("*of* chunks")],
            className=name,
        )
        app.callback(Output("echoed", "children"), Input("text", "value"))(lambda text, name=name: f"{name} got {text}")
    if storage:
        static_site.use_static_files(settings, tmp_path / "root", storage)
        static_site.collect()
    folder = path("static/<path:path>", serve_folder, {"document_root": tmp_path / "root"})
    mount(settings, *pages, folder, path("dash/", include("django_plotly_dash.urls")))
    page.context.route(re.compile(r"https://(unpkg\.com|cdn\.plot\.ly|cdn\.jsdelivr\.net)/.*"), _of_a_cdn)
    site = serve()
    for order in ("near-first", "far-first"):
        loaded = Loaded(page)
        page.goto(f"{site}/{order}/")
        for name in ("Near", "Far"):
            place = page.locator(f".{name}")
            expect(place.locator("#graph .main-svg").first).to_be_visible()
            expect(place.locator("em")).to_have_text("of")
            place.locator("#text").fill(f"for {name}")
            expect(place.locator("#echoed")).to_have_text(f"{name} got for {name}")
        for bundle in ("react-dom", "dash_renderer", "dash_core_components.", "/bundle", "async-graph"):
            assert len([url for url in loaded if bundle in url]) == 1, (bundle, list(loaded))
