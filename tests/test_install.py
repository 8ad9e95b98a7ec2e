from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import django_plotly_dash

PACKAGE = Path(django_plotly_dash.__file__).parent
ROOT = Path(__file__).parent.parent

STARTS = """
import sys, types
from django.conf import settings
settings.configure(
    SECRET_KEY="x", ROOT_URLCONF="here", ALLOWED_HOSTS=["*"], INSTALLED_APPS=[{spelling!r}],
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
)
here = types.ModuleType("here")
sys.modules["here"] = here
import django
django.setup()
from django.apps import apps
from django.core.management import call_command
from django.urls import include, path
here.urlpatterns = [path("dash/", include("django_plotly_dash.urls"))]
from dash import Input, Output, html
from django.test import Client
from django_plotly_dash import DjangoDash
app = DjangoDash("First")
app.layout = html.Div(id="out")
assert Client().get("/dash/app/first/").status_code == 200
assert Client().get("/dash/app/first/_dash-layout").json()["props"]["id"] == "out"
config = apps.get_app_config("django_plotly_dash")
assert not apps.is_installed("channels")
print(type(config).__module__, type(config).__name__, config.default_auto_field)
"""


@pytest.mark.parametrize("spelling", ["django_plotly_dash", "django_plotly_dash.apps.DjangoPlotlyDashConfig"])
def test_both_spellings_in_installed_apps_start_without_channels_beside_them(spelling: str) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", STARTS.format(spelling=spelling)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [
        "django_plotly_dash.apps",
        "DjangoPlotlyDashConfig",
        "django.db.models.AutoField",
    ]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9_.-]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def required() -> list[str]:
    return [r for r in metadata.requires("django_plotly_dash") or [] if "extra ==" not in r]


def test_what_it_requires_is_what_it_needs_to_start() -> None:
    assert names(required()) == {"django", "dash", "plotly", "channels", "dpd-components"}


@pytest.mark.parametrize(("package", "lowest"), [("Django", ">=5.2"), ("dash", ">=4.2")])
def test_the_oldest_supported_release_is_the_lowest_bound(package: str, lowest: str) -> None:
    (requirement,) = (r for r in required() if names([r]) == {package.lower()})
    assert lowest in requirement
    assert "<" in requirement, "an untested major release has to be refused"


def test_metadata_says_what_is_supported() -> None:
    found = metadata.metadata("django_plotly_dash")
    assert found["Version"] == django_plotly_dash.__version__
    assert found["Requires-Python"] == ">=3.10"
    assert found["License-Expression"] == "MIT"
    classifiers = found.get_all("Classifier")
    for version in ("3.10", "3.11", "3.12", "3.13"):
        assert f"Programming Language :: Python :: {version}" in classifiers


def test_types_are_shipped() -> None:
    assert (PACKAGE / "py.typed").is_file()
    assert '"py.typed"' in (ROOT / "pyproject.toml").read_text()


def test_setup_py_is_a_shim() -> None:
    lines = [line for line in (ROOT / "setup.py").read_text().splitlines() if line.strip() and not line.startswith("#")]
    code = "\n".join(lines)
    assert "setup()" in code
    assert "install_requires" not in code
    assert "version" not in code


def test_everything_that_is_not_python_is_package_data() -> None:
    """Migrations, templates and the like have to be in a wheel, not only in this folder."""
    pattern = (ROOT / "pyproject.toml").read_text()
    others = {
        path.relative_to(PACKAGE)
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"} and "__pycache__" not in path.parts
    }
    for path in others:
        assert path.name == "py.typed" or path.parts[0] in ("scripts", "static", "templates"), path
        assert path.parts[0] in pattern


def test_every_folder_of_the_package_is_a_package() -> None:
    """Otherwise setuptools leaves it out."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert {folder.name for folder in folders if not (folder / "__init__.py").exists()} == set()
