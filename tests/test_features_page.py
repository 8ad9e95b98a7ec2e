"""The page of an app, its scripts, style sheets and assets, and the other things that an app answers with."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dash
import pytest
from dash import Input, Output, html
from django.http import HttpResponse
from django.test import Client
from django.urls import clear_url_caches

from django_plotly_dash import DjangoDash, urls

from .feature_apps import new_client, new_name, page, url_of

IN, OUTPUT = Input("in", "value"), Output("out", "children")


def make(**kwargs: Any) -> DjangoDash:
    app = DjangoDash(new_name(), **{"dev_tools": False, **kwargs})
    app.layout = html.Div(id="out")
    return app


# --- Content-Security-Policy ------------------------------------------------------------------------------------


def inline_scripts(text: str) -> list[str]:
    """Scripts that a browser would run from the page itself; the configuration is data."""
    text = re.sub("<!--.*?-->", "", text, flags=re.DOTALL)
    found = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
    return [script for attributes, script in found if "src=" not in attributes and "application/json" not in attributes]


def hashes(text: str, algorithm: str) -> set[str]:
    digests = [getattr(hashlib, algorithm)(script.encode()).digest() for script in inline_scripts(text)]
    return {f"'{algorithm}-{base64.b64encode(digest).decode()}'" for digest in digests}


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("asked", ["before the first request", "after it"])
def test_csp_hashes_are_those_of_the_inline_scripts_of_each_apps_page(asked: str, algorithm: str) -> None:
    apps = [make(), make(), make()]
    apps[0].clientside_callback("function(v) { return 'first' + v; }", OUTPUT, IN)
    apps.append(make())
    dash.clientside_callback("function(v) { return 'last' + v; }", OUTPUT, IN)
    given = {}
    for app in apps:
        if asked == "after it":
            page(app)
        given[app.slug] = app.csp_hashes(algorithm)
    assert [len(given[app.slug]) for app in apps] == [2, 1, 1, 2]
    for app in apps:
        for _ in range(2):
            assert hashes(page(app), algorithm) == set(given[app.slug])
        assert set(app.csp_hashes(algorithm)) == set(given[app.slug])
    assert len({frozenset(value) for value in given.values()}) == 3


def test_an_unknown_algorithm_of_csp_hashes_is_refused_and_loses_no_script() -> None:
    app = make()
    dash.clientside_callback("function(v) { return v; }", OUTPUT, IN)
    with pytest.raises(ValueError, match="sha256"):
        app.csp_hashes("md5")
    assert hashes(page(app), "sha256") == set(app.csp_hashes())


# --- the text of the page ---------------------------------------------------------------------------------------

PLACES = "{%metas%}{%title%}{%favicon%}{%css%}{%app_entry%}{%config%}{%scripts%}{%renderer%}"


def test_index_string_is_the_page() -> None:
    app, other = make(), make()
    app.index_string = f"<!DOCTYPE html><html><body><h1>Mine</h1>{PLACES}</body></html>"
    assert page(app).startswith("<!DOCTYPE html><html><body><h1>Mine</h1><meta")
    assert 'id="_dash-renderer"' in page(app)
    assert "Mine" not in page(other)


@pytest.mark.parametrize("lost", ["{%app_entry%}", "{%config%}", "{%scripts%}"])
def test_an_index_string_that_lacks_something_is_refused(lost: str) -> None:
    with pytest.raises(dash.exceptions.InvalidIndexException):
        make().index_string = PLACES.replace(lost, "")


def test_interpolate_index_of_a_subclass_makes_the_page() -> None:
    class Framed(DjangoDash):
        def interpolate_index(self, **kwargs: Any) -> str:
            places = "".join(kwargs[name] for name in ("app_entry", "config", "scripts", "renderer"))
            return f"<html><body><h1>{dash.get_app().slug} {kwargs['title']}</h1>{places}</body></html>"

    app = Framed(new_name(), title="A title", dev_tools=False)
    app.layout = html.Div()
    assert page(app).startswith(f"<html><body><h1>{app.slug} A title</h1>")


def test_title_meta_tags_and_update_title_reach_the_page() -> None:
    app = make(title="A title", update_title=None, meta_tags=[{"name": "author", "content": 'A "B"'}])
    text = page(app)
    assert "<title>A title</title>" in text
    assert '<meta name="author" content="A &quot;B&quot;">' in text
    assert '"update_title":null' in text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("https://cdn.example/a.js", '<script src="https://cdn.example/a.js"></script>'),
        (
            {"src": "https://cdn.example/a.js", "integrity": "sha256-x", "crossorigin": "anonymous"},
            '<script src="https://cdn.example/a.js" integrity="sha256-x" crossorigin="anonymous"></script>',
        ),
    ],
)
def test_external_scripts_stand_before_the_libraries(given: Any, told: str) -> None:
    text = page(make(external_scripts=[given]))
    assert told in text
    assert text.index(told) < text.index("_dash-component-suites/dash/dcc/dash_core_components")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("https://cdn.example/a.css", '<link rel="stylesheet" href="https://cdn.example/a.css">'),
        (
            {"href": "https://cdn.example/a.css", "rel": "stylesheet", "media": "print"},
            '<link href="https://cdn.example/a.css" rel="stylesheet" media="print">',
        ),
    ],
)
def test_external_stylesheets_are_linked(given: Any, told: str) -> None:
    assert told in page(make(external_stylesheets=[given]))


def test_lists_of_one_app_are_not_shared_with_another() -> None:
    scripts = ["https://cdn.example/a.js"]
    app, other = make(external_scripts=scripts), make(external_scripts=scripts)
    app.config.external_scripts.append("https://cdn.example/only.js")
    assert "only.js" in page(app)
    assert "only.js" not in page(other)


def test_a_script_and_a_style_sheet_may_be_appended() -> None:
    app = make(serve_locally=False)
    app.scripts.append_script({"external_url": "https://cdn.example/a.js"})
    app.css.append_css({"external_url": "https://cdn.example/a.css"})
    assert '<script src="https://cdn.example/a.js"></script>' in page(app)
    assert '<link rel="stylesheet" href="https://cdn.example/a.css">' in page(app)


# --- assets -----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> str:
    for name in ("b.js", "a.js", "style.css", "skipped.js", "old/c.js", "more/d.js", "module.mjs", "clientside.js"):
        path = tmp_path / "assets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"/* {name} */")
    (tmp_path / "assets" / "clientside.js").write_text("window.dash_clientside = {shop: {total: v => v}};")
    return str(tmp_path / "assets")


def linked(app: DjangoDash) -> list[str]:
    """Assets on the page, in order."""
    return re.findall(r'(?:src|href)="[^"]*/assets/([^"?]*)\?m=', page(app))


@pytest.mark.parametrize(
    ("kwargs", "left_out"),
    [
        ({}, set()),
        ({"assets_ignore": "^skip.*"}, {"skipped.js"}),
        ({"assets_path_ignore": ["^old$"]}, {"old/c.js"}),
        ({"assets_ignore": r".*\.js$", "assets_path_ignore": ["more"]}, None),
        ({"include_assets_files": False}, ...),
    ],
)
def test_assets_are_linked_in_order_but_for_those_that_are_ignored(folder: str, kwargs: Any, left_out: Any) -> None:
    scripts = ["a.js", "b.js", "clientside.js", "skipped.js", "more/d.js", "old/c.js"]
    everything = ["style.css", *scripts[:3], "module.mjs", *scripts[3:]]
    expected = {
        None: ["style.css", "module.mjs"],
        ...: [],
    }.get(left_out if not isinstance(left_out, set) else "")
    if expected is None:
        expected = [name for name in everything if name not in left_out]
    assert sorted(linked(make(assets_folder=folder, **kwargs))) == sorted(expected)
    assert [name for name in linked(make(assets_folder=folder)) if name in scripts] == scripts


def test_an_ignored_asset_is_still_served(folder: str) -> None:
    app = make(assets_folder=folder, assets_ignore="^skip.*")
    assert Client().get(url_of(app, "assets/skipped.js")).content == b"/* skipped.js */"


def test_a_module_of_the_assets_is_loaded_as_one(folder: str) -> None:
    (tag,) = re.findall(r"<script[^>]*module\.mjs[^>]*>", page(make(assets_folder=folder)))
    assert 'type="module"' in tag


def test_clientside_functions_of_the_assets_are_loaded_before_the_renderer(folder: str) -> None:
    app = make(assets_folder=folder)
    app.clientside_callback(dash.ClientsideFunction("shop", "total"), OUTPUT, IN)
    text = page(app)
    assert text.index("assets/clientside.js") < text.index('id="_dash-renderer"')
    (url,) = re.findall(r'src="([^"]*clientside\.js[^"]*)"', text)
    assert b"shop: {total" in Client().get(url).content


@pytest.mark.parametrize("serve_locally", [True, False])
def test_assets_external_path_is_where_assets_are_loaded_from(folder: str, serve_locally: bool) -> None:
    app = make(assets_folder=folder, assets_external_path="https://cdn.example/x/", serve_locally=serve_locally)
    app.layout = lambda: html.Img(src=dash.get_asset_url("a.png"))
    assert '"https://cdn.example/x/assets/a.js' in page(app)
    layout = Client().get(url_of(app, "_dash-layout")).json()
    assert layout["props"]["src"] == "https://cdn.example/x/assets/a.png"


def test_assets_url_path_names_the_folder_in_urls(folder: str) -> None:
    app = make(assets_folder=folder, assets_url_path="files")
    (url,) = re.findall(r'src="([^"]*/a\.js[^"]*)"', page(app))
    assert url.startswith(url_of(app, "files/a.js?m="))
    assert Client().get(url).content == b"/* a.js */"


# --- component libraries ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("eager", [True, False])
def test_eager_loading_puts_the_async_parts_on_the_page(eager: bool) -> None:
    text = page(make(eager_loading=eager))
    assert ("async-graph" in text) is eager
    assert ("package_data/plotly." in text) is eager


def test_async_parts_of_another_app_stay_as_they_are() -> None:
    eager, lazy = make(eager_loading=True), make()
    page(eager)
    assert "async-graph" not in page(lazy)


LATE = """
import json
import sys

import django
from dash import Input, Output, html
from django.test import Client

django.setup()

from django_plotly_dash import DjangoDash

app = DjangoDash("Late", dev_tools=False)
app.layout = html.Div(id="out")


@app.callback(Output("out", "children"), Input("in", "value"), _allow_dynamic_callbacks=True)
def show(value):
    import dash_ag_grid

    return dash_ag_grid.AgGrid()


client = Client()
assert "dash_ag_grid" not in client.get("/dash/app/late/").content.decode()
if sys.argv[1] == "callback":
    item = {"id": "in", "property": "value", "value": 1}
    body = {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [item],
        "changedPropIds": [],
    }
    answer = client.post("/dash/app/late/_dash-update-component", json.dumps(body), content_type="application/json")
    print(json.dumps(answer.json()["dist"]))
else:
    for url in sys.argv[2:]:
        response = client.get(url)
        print(response.status_code, response["Content-Type"], response["Cache-Control"], len(response.content) > 1000)
    assert "dash_ag_grid" not in sys.modules
"""


def in_another_process(folder: Path, *arguments: str, script: str = LATE) -> str:
    file = folder / "late.py"
    file.write_text(script)
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, str(file), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_library_imported_in_a_callback_is_served_by_processes_that_do_not_know_it(tmp_path: Path) -> None:
    dist = json.loads(in_another_process(tmp_path, "callback"))
    (bundle,) = (item["url"] for item in dist if item["type"] == "_js_dist")
    chunk = f"{bundle.rsplit('/', 1)[0]}/async-community.js"
    answers = in_another_process(tmp_path, "serve", bundle, chunk).splitlines()
    assert answers == [
        "200 text/javascript public, max-age=31536000, immutable True",
        "200 text/javascript no-cache True",
    ]


def test_a_library_without_metadata_is_served_by_processes_that_do_not_know_it(tmp_path: Path) -> None:
    bundle = "/dash/app/late/_dash-component-suites/dash_mantine_components/dash_mantine_components.js"
    script = LATE.replace("dash_ag_grid", "dash_mantine_components")
    assert in_another_process(tmp_path, "serve", bundle, script=script) == "200 text/javascript no-cache True\n"


def test_a_library_imported_after_the_first_request_is_served_by_every_app() -> None:
    app = make()
    page(app)
    app.registered_paths.pop("dash_ag_grid", None)
    for name in ("dash_ag_grid.min.js", "async-community.js"):
        assert Client().get(url_of(app, f"_dash-component-suites/dash_ag_grid/{name}")).status_code == 200


LIBRARIES = {
    "lists": "_js_dist = [{'relative_package_path': 'bundle.js', 'namespace': 'lists'}]",
    "extends": "import os\n_css_dist = []\n_css_dist.extend([])",
    "takes_over": "from .dist import _js_dist, _css_dist  # noqa",
    "in_function": "def of_dash():\n    _js_dist = []",
    "mentions": "# nothing to do with _js_dist",
}


@pytest.mark.parametrize("package", LIBRARIES)
def test_a_library_without_metadata_is_known_by_what_it_lists_for_dash(
    package: str, write: Any, tmp_path: Path
) -> None:
    name = f"late_{package}_components"
    code = f"raise AssertionError('It has been imported.')\n{LIBRARIES[package]}"
    write({f"{name}/bundle.js": "of the library", f"{name}/parts/part.css": "", f"{name}/secret.json": "{}"})
    (tmp_path / name / "__init__.py").write_text(code)
    app = make()
    status = 200 if package in ("lists", "extends", "takes_over") else 404
    for path, wanted in {"bundle.js": status, "parts/part.css": status, "secret.json": 404, "__init__.py": 404}.items():
        assert new_client().get(url_of(app, f"_dash-component-suites/{name}/{path}")).status_code == wanted
    assert name not in sys.modules


@pytest.mark.parametrize(
    "path",
    [
        "dash_ag_grid/metadata.json",
        "dash_ag_grid/AgGrid.py",
        "dash_ag_grid/../django/contrib/admin/static/admin/js/core.js",
        "dash_ag_grid/%2e%2e/django/contrib/admin/static/admin/js/core.js",
        "dash_ag_grid/no_such_file.js",
        "django/contrib/admin/static/admin/js/core.js",
        "no_such_package/bundle.js",
        "dash.dcc/dash_core_components.js",
        "tests/site/assets/style.css",
        "sys/a.js",
        "__main__/a.js",
    ],
)
def test_nothing_but_files_for_the_browser_of_component_libraries_is_served(path: str) -> None:
    app = make()
    page(app)
    response = new_client().get(url_of(app, f"_dash-component-suites/{path}"))
    assert response.status_code == 404
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize("module", ["sys", "zipimport", "this", "__main__"])
def test_a_module_that_is_no_package_does_not_stand_for_the_working_directory(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "metadata.json").write_text("{}")
    (tmp_path / "a.js").write_text("of somebody")
    monkeypatch.chdir(tmp_path)
    response = new_client().get(url_of(make(), f"_dash-component-suites/{module}/a.js"))
    assert response.status_code == 404


def test_asking_for_a_library_does_not_import_it() -> None:
    before = set(sys.modules)
    app = make()
    Client().get(url_of(app, "_dash-component-suites/dash_mantine_components/dash_mantine_components.js"))
    assert not {name for name in set(sys.modules) - before if name.startswith("dash_mantine")}


def test_a_library_imported_in_a_callback_without_leave_is_an_error_as_in_dash() -> None:
    app = make()

    @app.callback(OUTPUT, IN)
    def show(value: int) -> Any:
        from dash.development.base_component import ComponentRegistry

        ComponentRegistry.registry.add("late_library")
        return "late"

    from dash.development.base_component import ComponentRegistry

    from .feature_apps import ask, body_of, dependency

    kept = list(ComponentRegistry.registry)
    try:
        assert ask(app, body_of([dependency("in.value")])).status_code == 500
    finally:
        ComponentRegistry.registry.discard("late_library")
    assert list(ComponentRegistry.registry) == kept


# --- the rest ---------------------------------------------------------------------------------------------------


def test_the_health_endpoint_answers_below_the_app() -> None:
    response = Client().get(url_of(make(health_endpoint="health"), "health"))
    assert (response.status_code, response.content, response["Content-Type"]) == (200, b"OK", "text/plain")


def test_without_a_health_endpoint_the_path_is_the_apps_page() -> None:
    assert b"_dash-renderer" in Client().get(url_of(make(), "health")).content


def login_only(view: Any, *, name: str, **kwargs: Any) -> Any:
    return lambda request, *args, **kwargs: HttpResponse(f"refused {name}", status=401)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("health", "routes"),
        ("ask", "update-component"),
        ("asked", "routes"),
        ("_reload-hash", "routes"),
        ("_favicon.ico", "routes"),
        ("_dash-component-suites/dash_ag_grid/dash_ag_grid.min.js", "component-suites"),
        ("assets/a.js", "asset-redirect"),
        ("_dash-update-component", "update-component"),
        ("", "main"),
    ],
)
def test_every_path_passes_the_access_policy(settings: Any, path: str, name: str) -> None:
    settings.PLOTLY_DASH = {"view_decorator": login_only}
    app = make(health_endpoint="health")
    app.callback(OUTPUT, IN, api_endpoint="/ask")(lambda value: value)
    patterns = [urls._pattern("app", *urls._IDENTS[1], *part) for part in urls._PARTS]
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": patterns})
    clear_url_caches()
    response = Client().post(f"/app/{app.slug}/{path}", "{}", content_type="application/json")
    assert (response.status_code, response.content.decode()) == (401, f"refused {name}")


def test_the_page_container_is_the_layout_of_an_app_that_sets_none(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    app = DjangoDash(new_name(), use_pages=True, pages_folder=str(tmp_path / "pages"), dev_tools=False)
    page(app)
    shown = json.dumps(Client().get(url_of(app, "_dash-layout")).json())
    for child in ("_pages_location", "_pages_content", "_pages_store"):
        assert child in shown


@pytest.mark.parametrize("undo", [True, False])
def test_show_undo_redo_reaches_the_renderer(undo: bool) -> None:
    assert f'"show_undo_redo":{str(undo).lower()}' in page(make(show_undo_redo=undo))


def test_get_app_is_right_where_the_page_is_made() -> None:
    apps = [make(), make()]
    for app in apps:
        app.layout = lambda: html.Div(dash.get_app().slug)
    for app in [*apps, *reversed(apps)]:
        assert Client().get(url_of(app, "_dash-layout")).json()["props"]["children"] == app.slug
