"""Pages load bundles and assets by the URLs of staticfiles, as far as staticfiles has them."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.request import ProxyHandler, build_opener

import dash
import pytest
from dash import Input, Output, html
from dash.development.base_component import ComponentRegistry
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.checks import run_checks
from django.core.management import call_command
from django.template import Context, Template
from django.test import Client

from django_plotly_dash import DjangoDash, static_files
from django_plotly_dash.finders import DashComponentFinder

from . import static_site
from .helpers import call, result

CDN = "https://cdn.example.com/files/"
URL = "/dash/app/dressed/"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An assets folder whose favicon once broke pages."""
    assets = tmp_path / "wardrobe"
    files = {
        "1_first.js": "let first = 1;",
        "2_nested/deep/second.js": "let second = 2;",
        "colour.css": "body { background: url(logo.svg) }",
        "draft.css": "/* not to be included */",
        "private/hidden.css": "",
        "favicon.ico": "an icon",
        "logo.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "module.mjs": "export default 1;",
        "data.py": "secret = 1",
    }
    for name, content in files.items():
        (assets / name).parent.mkdir(parents=True, exist_ok=True)
        (assets / name).write_text(content)
    return assets


@pytest.fixture
def app(folder: Path) -> DjangoDash:
    made = DjangoDash("Dressed", assets_folder=str(folder), assets_ignore="draft", assets_path_ignore=["private"])
    made.layout = lambda: html.Img(src=made.get_asset_url("logo.svg"))
    return made


def page(url: str = URL) -> str:
    response = Client().get(url)
    assert response.status_code == 200
    return response.text


def links(text: str) -> list[str]:
    found = re.findall(r'(?:src|href)="([^"]+)"', text)
    return [url.replace("&amp;", "&") for url in found if "/own/" not in url and "in_frame" not in url]


def name_of(url: str) -> str:
    """The name of a static file, from its URL."""
    return unquote(url.removeprefix("/static/").partition("?")[0])


def config_of(text: str) -> Any:
    return json.loads(re.findall(r'id="_dash-config" type="application/json">(.*?)</script>', text)[0])


def collected(settings: Any, root: Path, storage: str, **options: Any) -> set[str]:
    static_site.use_static_files(settings, root, storage, **options)
    return static_site.collect()


# --- nothing configured -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("installed", [False, True])
def test_without_our_finders_the_app_serves_everything(app: DjangoDash, settings: Any, installed: bool) -> None:
    if installed:
        static_site.use_static_files(settings, None)
        settings.STATICFILES_FINDERS = static_site.FINDERS[:1]
    assert not [url for url in links(page()) if url.startswith("/static/")]
    assert app.get_asset_url("logo.svg") == "/~dpd~dressed~/assets/logo.svg"
    client = Client()
    for url in links(page()):
        assert client.get(url).status_code == 200, url


def test_our_finders_alone_do_nothing_without_the_app_staticfiles(app: DjangoDash, settings: Any) -> None:
    settings.STATICFILES_FINDERS = static_site.FINDERS
    assert not [url for url in links(page()) if url.startswith("/static/")]
    assert Client().get(f"{URL}_dash-layout").json()["props"]["src"] == f"{URL}assets/logo.svg"


# --- collected --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", [static_site.PLAIN, static_site.MANIFEST, static_site.WHITENOISE])
def test_all_links_lead_to_files_that_have_been_collected(
    app: DjangoDash, settings: Any, tmp_path: Path, storage: str
) -> None:
    collected(settings, tmp_path / "root", storage)
    found = links(page())
    assert len(found) > 10
    for url in [*found, config_of(page())["plotlyjs_url"]]:
        assert url.startswith("/static/"), url
        assert (tmp_path / "root" / name_of(url)).is_file(), url
    hashed = [re.search(r"\.[0-9a-f]{12}\.(js|css|ico|mjs)$", url.partition("?")[0]) is not None for url in found]
    assert all(hashed) == (storage != static_site.PLAIN)


def test_a_chunk_lies_beside_its_script_under_its_plain_name(app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    (script,) = (url for url in links(page()) if "/dcc/dash_core_components." in url)
    folder_of_script = tmp_path / "root" / script.removeprefix("/static/").rpartition("/")[0]
    assert (folder_of_script / "async-graph.js").is_file()
    assert "_dash-component-suites" not in script, "Dash's scripts would ask for other names there"


def test_assets_are_included_in_their_order(app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    text = page()
    ours = [re.sub(r"\.[0-9a-f]{12}", "", url.partition("wardrobe")[2]) for url in links(text) if "wardrobe" in url]
    names = [re.sub(r"\?m=.*", "", name).partition("/")[2] for name in ours]
    assert names == ["favicon.ico", "colour.css", "1_first.js", "module.mjs", "2_nested/deep/second.js"]
    assert re.search(r'<script [^>]*module\.[^>]*type="module"', text)
    assert (tmp_path / "root" / static_files.assets_root(str(app.config.assets_folder)) / "draft.css").is_file()


def test_asset_urls_are_hashed_wherever_they_are_asked_for(
    client: Client, settings: Any, tmp_path: Path, folder: Path
) -> None:
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    app = DjangoDash("Dressed", assets_folder=str(folder))
    static_site.collect()
    app.layout = html.Div(
        [html.Img(src=app.get_asset_url("logo.svg")), html.Img(src=app.get_asset_url("2_nested/deep/second.js"))],
        id="in",
    )
    assert app.get_asset_url("logo.svg").startswith("/~dpd~dressed~asset~")  # there is no request here

    @app.callback(Output("out", "children"), Input("in", "n_clicks"))
    def show(clicks: int) -> str:
        return f"{app.get_asset_url('logo.svg')} {dash.get_asset_url('logo.svg')} {app.get_asset_url('/logo.svg')}"

    images = client.get(f"{URL}_dash-layout").json()["props"]["children"]
    sources = [image["props"]["src"] for image in images]
    assert re.fullmatch(r"/static/dpd/assets/.*wardrobe[^/]*/logo\.[0-9a-f]{12}\.svg", sources[0])
    assert re.search(r"/2_nested/deep/second\.[0-9a-f]{12}\.js$", sources[1])
    in_callback = result(call(client, app, "out.children", 1)).split()
    assert in_callback == [sources[0]] * 3


def test_relative_links_below_the_app_answer_as_before(
    client: Client, app: DjangoDash, settings: Any, tmp_path: Path
) -> None:
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    assert client.get(f"{URL}assets/colour.css").content == b"body { background: url(logo.svg) }"


def test_a_picture_of_another_app_is_served_by_that_app(
    client: Client, app: DjangoDash, settings: Any, tmp_path: Path
) -> None:
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    other = DjangoDash("Other")
    other.layout = html.Img(src=app.get_asset_url("a logo~.svg"))
    assert client.get("/dash/app/other/_dash-layout").json()["props"]["src"] == f"{URL}assets/a%20logo~.svg"


@pytest.mark.parametrize("path", ["data.py", "", "2_nested/", "missing.svg"])
def test_what_is_not_collected_is_served_by_the_app(app: DjangoDash, settings: Any, tmp_path: Path, path: str) -> None:
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    app.layout = lambda: html.Img(src=app.get_asset_url(path))
    assert Client().get(f"{URL}_dash-layout").json()["props"]["src"] == f"{URL}assets/{path}"


def test_assets_of_elsewhere_stay_there(folder: Path, settings: Any, tmp_path: Path) -> None:
    static_site.use_static_files(settings, tmp_path / "root", static_site.MANIFEST)
    app = DjangoDash("Dressed", assets_folder=str(folder), assets_external_path="https://other.example.com/")
    app.layout = html.Div()
    static_site.collect()
    assert app.get_asset_url("logo.svg") == "https://other.example.com/assets/logo.svg"
    assert "https://other.example.com/assets/1_first.js" in page()


def test_each_finder_moves_what_it_finds(app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    collected(settings, tmp_path / "root", static_site.PLAIN)
    settings.STATICFILES_FINDERS = ["django_plotly_dash.finders.DashComponentFinder"]
    found = links(page())
    assert any(url.startswith("/static/dpd/components/") for url in found)
    assert any(url.startswith(f"{URL}assets/1_first.js") for url in found)
    settings.STATICFILES_FINDERS = ["django_plotly_dash.finders.DashAssetFinder"]
    found = links(page())
    assert any(url.startswith("/dash/_dash-component-suites/") for url in found)
    assert any("/1_first" in url and url.startswith("/static/dpd/assets/") for url in found)
    settings.STATICFILES_FINDERS = ["django_plotly_dash.finders.DashAppDirectoryFinder"]
    assert not [url for url in links(page()) if url.startswith("/static/")]
    decorated = links(page("/dash/app/decorated/"))
    assert any(url.startswith("/static/dpd/assets/tests/site/assets/style.css") for url in decorated)


def test_a_finder_of_your_own_that_is_one_of_ours_counts(app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    collected(settings, tmp_path / "root", static_site.PLAIN)
    settings.STATICFILES_FINDERS = ["tests.test_static_files.Finder"]
    assert any(url.startswith("/static/dpd/components/") for url in links(page()))


class Finder(DashComponentFinder):
    """A subclass, as a site may have one."""


# --- storages that are far away ---------------------------------------------------------------------------------------


class Signing(StaticFilesStorage):
    """As storages of objects are: another origin, a signature in each URL, and no folder here."""

    def __init__(self) -> None:
        super().__init__(location="/nowhere")
        self.asked = 0

    def url(self, name: str | None) -> str:
        self.asked += 1
        return f"{CDN}{name}?Signature={self.asked}&Expires=1"


def test_a_hashed_url_has_no_time_behind_it(app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    """Each machine has its own time for the same file."""
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    hashed = [url for url in links(page()) if "/dpd/assets/" in url]
    assert hashed
    assert not [url for url in hashed if "?" in url]


@pytest.mark.parametrize("storage", [static_site.PLAIN, static_site.MANIFEST])
def test_scripts_of_this_package_are_among_the_bundles(
    app: DjangoDash, settings: Any, tmp_path: Path, storage: str
) -> None:
    assert "/dash/_dpd/direct." in rendered_scripts()
    names = collected(settings, tmp_path / "root", storage)
    found = re.findall(r'src="/static/([^"]+)"', rendered_scripts())
    assert len(found) == 2
    assert set(found) <= names
    assert all(re.match(r"dpd/components/django_plotly_dash/[\w.-]+/scripts/(direct|frames)\.", name) for name in found)


def rendered_scripts() -> str:
    return Template("{% load plotly_dash %}{% plotly_scripts %}").render(Context())


def test_urls_of_another_origin_and_of_this_request(app: DjangoDash, settings: Any) -> None:
    static_site.use_static_files(settings, None, "tests.test_static_files.Signing")
    settings.STATIC_ROOT = "/nowhere"
    first, second = links(page()), links(page())
    assert all(url.startswith(CDN) for url in first)
    assert all(one != two for one, two in zip(first, second, strict=True))
    assert all(re.search(r"\?Signature=\d+&Expires=1$", url) for url in first)


# --- not collected ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", [static_site.PLAIN, static_site.MANIFEST])
@pytest.mark.parametrize("root", ["root", None])
def test_what_has_not_been_collected_is_served_by_the_apps_and_said_once(
    app: DjangoDash, settings: Any, tmp_path: Path, storage: str, root: Any, caplog: pytest.LogCaptureFixture
) -> None:
    static_site.use_static_files(settings, root and tmp_path / root, storage)
    (tmp_path / "root").mkdir()
    with caplog.at_level(logging.WARNING, "django_plotly_dash"):
        client = Client()
        found = links(page()) + links(page())
    assert not [url for url in found if url.startswith("/static/")]
    assert all(client.get(url).status_code == 200 for url in set(found))
    said = [record.getMessage() for record in caplog.records if "collectstatic" in record.getMessage()]
    assert len(said) == 1
    assert "has not been collected" in said[0]


def test_a_folder_of_another_machine_is_believed(app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    static_site.use_static_files(settings, tmp_path / "of another machine")
    assert all(url.startswith("/static/") for url in links(page()))


def test_under_debug_the_finders_serve_them(app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    settings.DEBUG = True
    settings.PLOTLY_DASH = {"dev_tools": False}
    static_site.use_static_files(settings, tmp_path / "root", static_site.MANIFEST)
    for url in links(page()):
        assert finders.find(name_of(url)), url


def test_bundles_for_development_are_not_static_files(settings: Any, tmp_path: Path) -> None:
    app = DjangoDash("Dressed", dev_tools={"dev_tools_serve_dev_bundles": True, "dev_tools_hot_reload": False})
    app.layout = html.Div()
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    (renderer,) = (url for url in links(page()) if "dash_renderer." in url)
    assert renderer.endswith(".dev.js")
    assert renderer.startswith("/dash/_dash-component-suites/")


def test_the_check_tells_that_nothing_has_been_collected(app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    static_site.use_static_files(settings, tmp_path / "root", static_site.MANIFEST)
    (warning,) = (found for found in run_checks() if found.id == "django_plotly_dash.W020")
    assert warning.msg == "Component bundles have not been collected, so the apps serve them themselves."
    assert "Run manage.py collectstatic; 'dpd/components/" in str(warning.hint)
    static_site.collect()
    static_site.use_static_files(settings, tmp_path / "root", static_site.MANIFEST)
    assert not [found for found in run_checks() if found.id == "django_plotly_dash.W020"]


def test_the_check_is_silent_where_it_does_not_matter(settings: Any, tmp_path: Path) -> None:
    def found() -> list[Any]:
        return [
            check.id for check in run_checks() if check.id in ("django_plotly_dash.W020", "django_plotly_dash.W021")
        ]

    assert found() == []
    static_site.use_static_files(settings, tmp_path / "root", static_site.MANIFEST)
    settings.DEBUG = True
    assert found() == []


def test_whitenoise_may_not_remove_the_plain_names(app: DjangoDash, settings: Any, tmp_path: Path) -> None:
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    settings.WHITENOISE_KEEP_ONLY_HASHED_FILES = True
    found = links(page())
    assert any(url.startswith("/dash/_dash-component-suites/") for url in found)
    assert not [url for url in found if url.startswith("/static/dpd/components/")]
    assert any(url.startswith("/static/dpd/assets/") for url in found)
    (warning,) = (found for found in run_checks() if found.id == "django_plotly_dash.W021")
    assert warning.msg == "WhiteNoise keeps hashed names only, so component bundles are not loaded as static files."
    assert "WHITENOISE_KEEP_ONLY_HASHED_FILES" in str(warning.hint)


RUNSERVER_SETTINGS = """
from tests.settings import *

DEBUG = True
INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.staticfiles"]
STATICFILES_FINDERS = {finders!r}
PLOTLY_DASH = {{"dev_tools": False}}
"""


def test_runserver_serves_them_without_an_option(tmp_path: Path) -> None:
    (tmp_path / "settings_of_runserver.py").write_text(RUNSERVER_SETTINGS.format(finders=static_site.FINDERS))
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])]),
        "DJANGO_SETTINGS_MODULE": "settings_of_runserver",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "django", "runserver", "--noreload", "--skip-checks", "127.0.0.1:0"]
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        site = address_in(log, process)
        opener = build_opener(ProxyHandler({}))
        found = links(opener.open(f"{site}/dash/app/decorated/").read().decode())
        assert [url for url in found if url.startswith("/static/dpd/assets/tests/site/assets/style.css")]
        for url in found:
            assert url.startswith("/static/"), url
            assert opener.open(f"{site}{url}").status == 200
        core = next(url for url in found if "/dcc/dash_core_components." in url)
        chunk = f"{site}{core.rpartition('/')[0]}/async-graph.js"
        assert len(opener.open(chunk).read()) > 10_000
    finally:
        process.terminate()
        process.wait()


def address_in(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"development server at (http://[\d.:]+)/", log.read_text())
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"The server does not start:\n{log.read_text()}")


# --- CDNs and named libraries -----------------------------------------------------------------------------------------


def test_serve_locally_false_links_to_the_makers_cdns(settings: Any, tmp_path: Path) -> None:
    app = DjangoDash("Dressed", serve_locally=False)
    app.layout = html.Div()
    collected(settings, tmp_path / "root", static_site.MANIFEST)
    text = page()
    external = [url for url in links(text) if "://" in url]
    assert {url.split("/")[2] for url in external} >= {"unpkg.com"}
    assert any("dash-renderer" in url for url in external)
    assert config_of(text)["plotlyjs_url"].startswith("https://cdn.plot.ly/plotly-")


def test_a_library_that_plotly_components_names_is_collected(settings: Any, tmp_path: Path, write: Any) -> None:
    write({"named_library/__init__.py": NAMED})
    (tmp_path / "named_library" / "named.js").write_text("let named = 1;")
    settings.PLOTLY_COMPONENTS = ["dash_core_components", "dash_renderer", "named_library"]
    static_site.use_static_files(settings, tmp_path / "root")
    try:
        call_command("check", verbosity=0)
        assert any(
            re.fullmatch(r"dpd/components/named_library/1\.2-\w{8}/named\.js", name) for name in static_site.collect()
        )
        response = Client().get("/dash/_dash-component-suites/named_library/named.js")
        assert response.content == b"let named = 1;"
    finally:
        ComponentRegistry.registry.discard("named_library")


NAMED = """
from dash.development.base_component import Component, ComponentRegistry

__version__ = "1.2"
_js_dist = [{"namespace": "named_library", "relative_package_path": "named.js"}]
ComponentRegistry.registry.add("named_library")
"""


def test_a_library_that_cannot_be_imported_is_named(settings: Any) -> None:
    settings.PLOTLY_COMPONENTS = ["dash_bootstrap_components", "no_such_library"]
    (error,) = (found for found in run_checks() if found.id == "django_plotly_dash.E020")
    assert error.msg == (
        "settings.PLOTLY_COMPONENTS names 'no_such_library', which cannot be imported: "
        "No module named 'no_such_library'."
    )
    assert "Install the package" in str(error.hint)


@pytest.mark.parametrize("given", ["dash_bootstrap_components", [5], {"a": 1}, 5])
def test_plotly_components_has_to_be_a_list_of_names(settings: Any, given: Any) -> None:
    settings.PLOTLY_COMPONENTS = given
    (error,) = (found for found in run_checks() if found.id == "django_plotly_dash.E020")
    assert error.msg.startswith(f"settings.PLOTLY_COMPONENTS is {given!r}; it has to be a list of names of packages")
