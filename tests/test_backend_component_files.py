from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from dash import dcc, html
from django.test import AsyncClient, Client
from django.utils.http import http_date

from django_plotly_dash import DjangoDash

URL = "/dash/app/filed/"
YEAR = 31_536_000
IMMUTABLE = f"public, max-age={YEAR}, immutable"
CORE = "_dash-component-suites/dash/dcc/dash_core_components.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An assets folder, and beside it a file that is nobody's business."""
    (tmp_path / "secret.txt").write_text("the secret beside the assets")
    assets = tmp_path / "assets"
    (assets / "sub").mkdir(parents=True)
    (assets / "own.css").write_text("body {}")
    (assets / "own.js").write_text("let own = 1;")
    (assets / "module.mjs").write_text("export default 1;")
    (assets / "sub" / "data.json").write_text("{}")
    (assets / "a name of words.txt").write_text("words")
    (assets / "größe.txt").write_text("letters")
    (assets / "no_extension").write_bytes(b"\x00\x01")
    (assets / "table.csv.gz").write_bytes(gzip.compress(b"a,b"))
    return assets


@pytest.fixture
def app(folder: Path) -> DjangoDash:
    made = DjangoDash("Filed", assets_folder=str(folder))
    made.layout = html.Div([dcc.Graph(), dcc.Input(id="in")])
    return made


def urls(page: str) -> list[str]:
    """URLs of scripts, style sheets and the icon of a page."""
    found = [part.split('"')[0] for mark in ('src="', 'href="') for part in page.split(mark)[1:]]
    return [url.replace("&amp;", "&") for url in found]


# --- bundles ----------------------------------------------------------------------------------------------------


def test_every_link_of_the_page_is_answered_and_cached_for_a_year(client: Client, app: DjangoDash) -> None:
    links = urls(client.get(URL).content.decode())
    assert len(links) > 10
    for link in links:
        response = client.get(link)
        assert response.status_code == 200, link
        assert response.content, link
        if "_favicon.ico" not in link:
            assert response.headers["Cache-Control"] == IMMUTABLE, link
            assert "ETag" not in response.headers


def test_chunks_that_the_browser_asks_for_later_are_served(client: Client, app: DjangoDash) -> None:
    client.get(URL)
    chunks = [
        (package, path)
        for package, paths in app.registered_paths.items()
        for path in paths
        if "async-" in path and path.endswith(".js")
    ]
    assert {Path(path).name for _, path in chunks} >= {"async-graph.js", "async-markdown.js", "async-table.js"}
    for package, path in chunks:
        # As webpack asks for them: with the fingerprint of the bundle that they belong to.
        stem, slash, rest = path.rpartition("/")
        name, _, extension = rest.partition(".")
        for asked in (path, f"{stem}{slash}{name}.v4_0_0m1700000000.{extension}"):
            response = client.get(f"{URL}_dash-component-suites/{package}/{asked}")
            assert response.status_code == 200, asked
            assert "javascript" in response.headers["Content-Type"]


def test_without_a_fingerprint_a_bundle_is_asked_for_again(client: Client, app: DjangoDash) -> None:
    client.get(URL)
    first = client.get(URL + CORE)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"
    second = client.get(URL + CORE, headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert client.get(URL + CORE, headers={"If-None-Match": '"other"'}).status_code == 200


BAD_BUNDLES = [
    "dash/dcc/unknown.js",
    "dash/dash.py",
    "dash/../../../etc/passwd",
    "dash/..%2f..%2f..%2fetc/passwd",
    "dash/%2e%2e/%2e%2e/setup.py",
    "dash//etc/passwd",
    "dash/dcc/dash_core_components.js%00.js",
    "dash/dcc",
    "dash/dcc/",
    "os/path.py",
    "django/core/signals.py",
    "unknown/unknown.js",
    "..%2fdash/dcc/dash_core_components.js",
    "%00/x.js",
]


@pytest.mark.parametrize("path", BAD_BUNDLES)
@pytest.mark.parametrize("asgi", [False, True], ids=["WSGI", "ASGI"])
def test_what_no_library_has_registered_is_not_found(client: Client, app: DjangoDash, path: str, asgi: bool) -> None:
    client.get(URL)
    ask = async_to_sync(AsyncClient().get) if asgi else client.get
    response = ask(f"{URL}_dash-component-suites/{path}")
    assert response.status_code == 404
    assert json.loads(response.content)["error"]


def test_a_library_whose_file_is_missing_is_not_found(client: Client, app: DjangoDash) -> None:
    client.get(URL)
    app.registered_paths["dash"].add("dcc/removed.js")
    assert client.get(f"{URL}_dash-component-suites/dash/dcc/removed.js").status_code == 404


def test_a_library_that_is_not_imported_is_not_found(client: Client, app: DjangoDash) -> None:
    client.get(URL)
    app.registered_paths["never_imported"].add("a.js")
    assert client.get(f"{URL}_dash-component-suites/never_imported/a.js").status_code == 404


# --- assets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content_type", "content"),
    [
        ("own.css", "text/css", b"body {}"),
        ("own.js", "text/javascript", b"let own = 1;"),
        ("module.mjs", "text/javascript", b"export default 1;"),
        ("sub/data.json", "application/json", b"{}"),
        ("a%20name%20of%20words.txt", "text/plain", b"words"),
        ("gr%C3%B6%C3%9Fe.txt", "text/plain", b"letters"),
        ("no_extension", "application/octet-stream", b"\x00\x01"),
    ],
)
def test_assets_are_served_with_their_type(
    client: Client, app: DjangoDash, path: str, content_type: str, content: bytes
) -> None:
    response = client.get(f"{URL}assets/{path}")
    assert (response.status_code, response.content) == (200, content)
    assert response.headers["Content-Type"].split(";")[0] == content_type
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", [".env", "sub/.git/config", "module.py", "MODULE.PY", "__pycache__/y.js", "sub/../.env", "x.pyc"]
)
def test_hidden_files_and_python_files_are_no_assets(client: Client, app: DjangoDash, folder: Path, path: str) -> None:
    full = folder / path
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_text("a secret")
    response = client.get(f"{URL}assets/{path}")
    assert response.status_code == 404
    assert "a secret" not in response.text


def test_a_compressed_asset_says_so(client: Client, app: DjangoDash) -> None:
    response = client.get(f"{URL}assets/table.csv.gz")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == b"a,b"


def test_an_asset_that_changes_changes_its_etag_and_its_link(client: Client, app: DjangoDash, folder: Path) -> None:
    first = client.get(f"{URL}assets/own.css")
    unchanged = client.get(f"{URL}assets/own.css", headers={"If-None-Match": first.headers["ETag"]})
    assert unchanged.status_code == 304
    (folder / "own.css").write_text("body { color: red }")
    os.utime(folder / "own.css", (1_700_000_000, 1_700_000_000))
    second = client.get(f"{URL}assets/own.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.content) == (200, b"body { color: red }")


def test_a_link_with_the_time_of_the_file_is_cached_for_a_year(client: Client, app: DjangoDash, folder: Path) -> None:
    modified = (folder / "own.css").stat().st_mtime
    fresh = client.get(f"{URL}assets/own.css", {"m": str(modified)})
    assert fresh.headers["Cache-Control"] == IMMUTABLE
    stale = client.get(f"{URL}assets/own.css", {"m": str(modified - 1)})
    assert stale.headers["Cache-Control"] == "no-cache"


def test_an_unconditional_get_is_not_misled_by_dates(client: Client, app: DjangoDash) -> None:
    response = client.get(f"{URL}assets/own.css", headers={"If-Modified-Since": http_date()})
    assert response.status_code == 200


BAD_ASSETS = [
    "missing.css",
    "sub",
    "sub/",
    "../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "..%5csecret.txt",
    "sub/../../secret.txt",
    "sub/..%2f..%2fsecret.txt",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "own.css%00",
    "own.css%00.js",
    "own.css/more",
    "x" * 5000,
    "%ff%fe",
    ".",
    "..",
    "%2e%2e",
]


@pytest.mark.parametrize("asgi", [False, True], ids=["WSGI", "ASGI"])
@pytest.mark.parametrize("path", BAD_ASSETS, ids=lambda path: path[:30])
def test_what_is_no_file_of_the_folder_is_not_found(client: Client, app: DjangoDash, path: str, asgi: bool) -> None:
    ask = async_to_sync(AsyncClient().get) if asgi else client.get
    response = ask(f"{URL}assets/{path}")
    assert response.status_code == 404
    assert b"secret" not in response.content
    assert json.loads(response.content)["error"]


def test_an_app_without_an_assets_folder_has_no_assets(client: Client, tmp_path: Path) -> None:
    app = DjangoDash("Filed", assets_folder=str(tmp_path / "nowhere"))
    app.layout = html.Div()
    assert client.get(URL).status_code == 200
    assert client.get(f"{URL}assets/own.css").status_code == 404


def test_a_link_out_of_the_folder_is_the_developers_own_doing(client: Client, app: DjangoDash, folder: Path) -> None:
    (folder / "linked.txt").symlink_to(folder.parent / "secret.txt")
    assert client.get(f"{URL}assets/linked.txt").status_code == 200


# --- component libraries ----------------------------------------------------------------------------------------

LIBRARIES = """
import json, sys
from django.conf import settings
settings.configure(
    SECRET_KEY="x", ROOT_URLCONF="libraries", ALLOWED_HOSTS=["*"], INSTALLED_APPS=["django_plotly_dash"],
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
)
import types
from django.urls import include, path
urls = types.ModuleType("libraries")
sys.modules["libraries"] = urls
import django
django.setup()
urls.urlpatterns = [path("dash/", include("django_plotly_dash.urls"))]

import dash_ag_grid, dash_bootstrap_components as dbc, dash_mantine_components as dmc, dpd_components
from dash import html
from django.test import Client
from django_plotly_dash import DjangoDash

app = DjangoDash("Libraries")
app.layout = html.Div([dbc.Button("x"), dmc.MantineProvider(dmc.Button("x")), dash_ag_grid.AgGrid(rowData=[])])
client = Client()
page = client.get("/dash/app/libraries/").content.decode()
links = [part.split('"')[0] for mark in ('src="', 'href="') for part in page.split(mark)[1:]]
chunks = [
    f"/dash/app/libraries/_dash-component-suites/{package}/{path}"
    for package, paths in app.registered_paths.items() for path in paths if not path.endswith(".map")
]
answers = {link: client.get(link).status_code for link in links + chunks if link.startswith("/")}
print(json.dumps({"links": links, "answers": answers, "layout": client.get("/dash/app/libraries/_dash-layout").json()}))
"""


def test_component_libraries_work_by_import_alone() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", textwrap.dedent(LIBRARIES)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    for library in ("dash_ag_grid", "dash_bootstrap_components", "dash_mantine_components", "dpd_components"):
        assert any(f"_dash-component-suites/{library}/" in link for link in found["links"]), library
    assert {link: status for link, status in found["answers"].items() if status != 200} == {}
    names = [child["namespace"] for child in found["layout"]["props"]["children"]]
    assert names == ["dash_bootstrap_components", "dash_mantine_components", "dash_ag_grid"]


@pytest.mark.parametrize(("decorator", "whose"), [(None, "public"), (lambda view, **_: view, "private")])
def test_files_behind_a_decorator_are_not_for_shared_caches(
    settings: Any, client: Client, app: DjangoDash, decorator: Any, whose: str
) -> None:
    settings.PLOTLY_DASH = {"view_decorator": decorator}
    (script,) = re.findall(r'src="([^"]+dash_renderer[^"]+)"', client.get(URL).text)
    assert client.get(script).headers["Cache-Control"] == f"{whose}, max-age=31536000, immutable"
