"""What ``collectstatic`` collects, and what ``runserver`` finds."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import dash_ag_grid
import dpd_components  # noqa: F401 - a library that no app of these tests imports
import pytest
from dash import html
from django.contrib.staticfiles import finders as staticfiles
from django.core.management import call_command

from django_plotly_dash import DjangoDash, static_files
from django_plotly_dash.finders import DashAppDirectoryFinder, DashAssetFinder, DashComponentFinder

from . import static_site

PREFIX = "dpd/components"


@pytest.fixture(autouse=True)
def _static(settings: Any, tmp_path: Path) -> None:
    static_site.use_static_files(settings, tmp_path / "collected")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An assets folder with all that may be in one."""
    assets = tmp_path / "wardrobe"
    for name in ("own.css", "own.js", "sub/deep/data.json", "favicon.ico", "module.py", "sub/x.pyc", ".hidden"):
        path = assets / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (assets / "__pycache__").mkdir()
    (assets / "__pycache__" / "y.js").touch()
    return assets


def app_with(folder: Path, name: str = "Dressed") -> DjangoDash:
    app = DjangoDash(name, assets_folder=str(folder))
    app.layout = html.Div()
    return app


# --- bundles ----------------------------------------------------------------------------------------------------------


def test_each_library_is_collected_once_with_its_chunks_and_without_the_rest() -> None:
    collected = {name for name in static_site.collect() if name.startswith(PREFIX)}
    versions = {"/".join(name.split("/")[2:4]) for name in collected}
    assert {version.split("/")[0] for version in versions} >= {"dash", "plotly", "dash_ag_grid", "dpd_components"}
    assert Counter(version.split("/")[0] for version in versions).most_common(1)[0][1] == 1
    assert all(re.fullmatch(r"\w+/[\w.]+-[0-9a-f]{8}", version) for version in versions)
    assert f"dash_ag_grid/{dash_ag_grid.__version__}-" in " ".join(versions)
    ends = {name.split("/", 4)[4] for name in collected}
    assert ends >= {
        "dcc/dash_core_components.js",
        "dcc/async-graph.js",
        "dash_table/async-table.js",
        "dash-renderer/build/dash_renderer.min.js",
        "deps/react@18.3.1.min.js",
        "package_data/plotly.min.js",
        "async-community.js",
    }
    assert {name.rpartition(".")[2] for name in collected} <= {"js", "css"}
    assert not [name for name in ends if ".dev." in name or "_test" in name]


def test_what_is_collected_names_no_maps(tmp_path: Path) -> None:
    static_site.collect()
    root = tmp_path / "collected" / PREFIX
    for path in root.rglob("*.js"):
        assert not re.search(r"^//# sourceMappingURL=(?!data:)", path.read_text(), re.M), path


@pytest.mark.parametrize("storage", [static_site.MANIFEST, static_site.WHITENOISE])
def test_storages_that_hash_names_keep_plain_ones_for_the_chunks(settings: Any, tmp_path: Path, storage: str) -> None:
    static_site.use_static_files(settings, tmp_path / "hashed", storage)
    collected = static_site.collect()
    chunks = [name for name in collected if name.endswith("dcc/async-graph.js")]
    assert len(chunks) == 1
    assert any(re.fullmatch(re.escape(chunks[0][:-3]) + r"\.[0-9a-f]{12}\.js", name) for name in collected)


def test_another_version_has_another_path(monkeypatch: pytest.MonkeyPatch) -> None:
    from django_plotly_dash import component_libraries

    before = static_files.bundles_root("dash_ag_grid")
    monkeypatch.setattr(dash_ag_grid, "__version__", "99.0")
    component_libraries.fingerprint.cache_clear()
    assert static_files.bundles_root("dash_ag_grid").startswith(f"{PREFIX}/dash_ag_grid/99.0-")
    monkeypatch.undo()
    component_libraries.fingerprint.cache_clear()
    assert static_files.bundles_root("dash_ag_grid") == before


def test_so_have_other_contents_of_the_same_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from django_plotly_dash import component_libraries

    fingerprints = []
    for content in ("let a = 1;", "let a = 2;"):
        (tmp_path / "a.js").write_text(content)
        monkeypatch.setattr(component_libraries, "folder", lambda package: str(tmp_path))
        monkeypatch.setattr(component_libraries, "for_production", lambda: {"lib": ["a.js"]})
        component_libraries.fingerprint.cache_clear()
        fingerprints.append(component_libraries.fingerprint("lib"))
    component_libraries.fingerprint.cache_clear()
    assert len(set(fingerprints)) == 2


def test_files_may_be_left_out_as_with_every_finder() -> None:
    names = [path for path, _ in DashComponentFinder().list(["*.min.js", "CVS"])]
    assert "dcc/async-graph.js" in names
    assert not [name for name in names if name.endswith(".min.js")]
    assert list(DashComponentFinder().list(None))


@pytest.mark.parametrize(
    "path", ["dash/x/dcc/async-graph.js", "dash/{}/dash.py", "dash/{}/../../secret", "os/x/path.py", "dash", ""]
)
def test_nothing_else_is_found_among_the_bundles(path: str) -> None:
    version = static_files.bundles_root("dash").rpartition("/")[2]
    assert not DashComponentFinder().find(f"{PREFIX}/{path.format(version)}")


def test_runserver_finds_bundles() -> None:
    found = staticfiles.find(f"{static_files.bundles_root('dash')}/dcc/async-graph.js")
    assert found is not None
    assert found.endswith("dash/dcc/async-graph.js")
    assert staticfiles.find(f"{static_files.bundles_root('dash')}/dcc/async-graph.js", find_all=True) == [found]


# --- assets -----------------------------------------------------------------------------------------------------------


def test_assets_are_collected_once_for_hundreds_of_apps(folder: Path) -> None:
    for number in range(300):
        app_with(folder, f"Dressed {number}")
    collected = [name for name in static_site.collect() if "wardrobe" in name]
    root = static_files.assets_root(str(folder))
    assert root.startswith("dpd/assets/")
    assert sorted(collected) == [
        f"{root}/{name}" for name in ("favicon.ico", "own.css", "own.js", "sub/deep/data.json")
    ]


def test_files_that_are_not_for_browsers_stay_behind_whatever_is_ignored(folder: Path, capsys: Any) -> None:
    app_with(folder)
    call_command("collectstatic", verbosity=2, interactive=False, use_default_ignore_patterns=False, dry_run=True)
    said = capsys.readouterr().out
    assert "own.css" in said
    assert not [name for name in ("/.hidden", "/module.py", "/x.pyc", "/y.js") if f"{name}'" in said]


def test_collectstatic_finds_no_file_twice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app_with(folder)
    call_command("collectstatic", verbosity=1, interactive=False, skip_checks=False)
    said = capsys.readouterr()
    assert "another file" not in said.out
    assert "have not been collected" not in said.err


def test_a_folder_in_the_folder_of_another_app_is_collected_once(
    folder: Path, settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BASE_DIR = tmp_path
    app_with(folder)
    inner = DjangoDash("Inner", assets_folder=str(folder / "sub"))
    call_command("collectstatic", verbosity=1, interactive=False)
    assert "conflict" not in capsys.readouterr().out
    assert staticfiles.find(f"{static_files.assets_root(str(folder / 'sub'))}/deep/data.json")
    assert static_files.is_collected(inner.config.assets_folder)


def test_the_folder_of_a_django_app_is_named_after_it() -> None:
    assert static_files.assets_root(str(Path(__file__).parent / "site" / "assets")) == "dpd/assets/tests/site/assets"


def test_a_folder_of_the_project_is_named_by_its_path_in_it(settings: Any, folder: Path, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    settings.PLOTLY_DASH = {"static_asset_root": "/mine/"}
    assert static_files.assets_root(str(folder)) == "mine/wardrobe"
    settings.BASE_DIR = tmp_path / "elsewhere"
    assert re.fullmatch(r"mine/wardrobe-[0-9a-f]{8}", static_files.assets_root(str(folder)))


def test_assets_of_a_django_app_are_collected_without_an_app_that_is_known(apps: Any, settings: Any) -> None:
    apps._apps = {}
    assert list(DashAssetFinder().list([])) == []
    names = {f"{storage.prefix}/{path}" for path, storage in DashAppDirectoryFinder().list([])}  # type: ignore[attr-defined]
    assert "dpd/assets/tests/site/assets/style.css" in names


def test_both_finders_together_give_them_once() -> None:
    ours = [
        (storage.location, path)
        for finder in (DashAssetFinder(), DashAppDirectoryFinder())
        for path, storage in finder.list([])
    ]
    assert len(ours) == len(set(ours))
    assert any(path == "style.css" for _, path in ours)


def test_runserver_finds_assets(folder: Path) -> None:
    app_with(folder)
    root = static_files.assets_root(str(folder))
    assert staticfiles.find(f"{root}/sub/deep/data.json") == str(folder / "sub/deep/data.json")
    for wrong in ("module.py", "sub/x.pyc", "../secret", "missing.css", "sub", "__pycache__/y.js", ".hidden", ""):
        assert staticfiles.find(f"{root}/{wrong}") is None, wrong


def test_the_finders_have_nothing_to_check() -> None:
    assert [finder().check() for finder in (DashAssetFinder, DashComponentFinder, DashAppDirectoryFinder)] == [[]] * 3
