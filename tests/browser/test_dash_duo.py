"""The tests that docs/testing shows to users pass, with Dash's own fixtures and without."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from tests.conftest import CHROMIUM, missing

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^\.\. code-block:: python\n   :caption: (\S+)\n\n((?:   .*\n|\n)+)", re.M)
FILES = {name: dedent(code) for name, code in BLOCK.findall((ROOT / "docs" / "testing.rst").read_text())}
SETTINGS = """
from tests.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "charts"]
"""
INI = f"""
[pytest]
pythonpath = {ROOT} .
asyncio_default_fixture_loop_scope = function
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project: the files of the document, and settings."""
    for name, code in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    for folder in ("charts", "charts/tests"):
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "users_settings.py").write_text(SETTINGS)
    (tmp_path / "pytest.ini").write_text(INI)
    return tmp_path


def run(project: Path, *arguments: str) -> str:
    """Run pytest as a user would, who has all its plugins; what it prints last."""
    unwanted = ("DJANGO_SETTINGS_MODULE", "PYTEST_", "COV_", "COVERAGE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:playwright", *arguments]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def passed(output: str) -> int:
    (count,) = re.findall(r"^(\d+) passed", output, re.M)
    return int(count)


def number_of_tests(name: str) -> int:
    return len(re.findall(r"^def test_", FILES[name], re.M))


@pytest.fixture
def _selenium() -> None:
    for what, found in (("chromedriver", shutil.which("chromedriver")), ("dash[testing]", find_spec("selenium"))):
        if not found:
            missing(f"there is no {what}: Dash's own fixtures need it")


@pytest.fixture
def _chromium(project: Path) -> None:
    if CHROMIUM is None:
        missing("there is no Chromium: install it, or name it in the environment variable CHROMIUM")
    # The document starts the Chromium that Playwright downloads; here is another.
    test = project / "charts" / "tests" / "test_playwright.py"
    test.write_text(test.read_text().replace(".launch()", f".launch(executable_path={CHROMIUM!r})"))


@pytest.mark.parametrize("name", ["function", "client", "isolated"])
def test_without_a_browser(project: Path, name: str) -> None:
    file = f"charts/tests/test_{name}.py"
    assert passed(run(project, "--ds=users_settings", "-p", "no:dash", "--noconftest", file)) == number_of_tests(file)


@pytest.mark.usefixtures("_chromium")
def test_with_playwright(project: Path) -> None:
    file = "charts/tests/test_playwright.py"
    assert passed(run(project, "--ds=users_settings", "-p", "no:dash", "--noconftest", file)) == number_of_tests(file)


@pytest.mark.usefixtures("_selenium")
def test_with_dashs_fixtures_in_a_project(project: Path) -> None:
    file = "charts/tests/test_selenium.py"
    assert passed(run(project, "--ds=users_settings", file)) == number_of_tests(file)


@pytest.mark.usefixtures("_selenium")
def test_with_dashs_fixtures_and_a_lone_script(project: Path) -> None:
    assert passed(run(project, "-p", "no:django", "script_test.py")) == number_of_tests("script_test.py")


@pytest.mark.usefixtures("_selenium")
def test_in_a_project_start_server_is_refused_with_the_way_out(project: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--ds=users_settings",
        "script_test.py",
        "-k=volume",
    ]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "Serve the project instead: python manage.py runserver" in done.stdout
