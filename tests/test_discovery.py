from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MANAGE = (
    "import sys; from django.core.management import execute_from_command_line as run; run(['manage.py', *sys.argv[1:]])"
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A project of its own: an app with dash_apps.py, one without, and a command that lists what is known."""
    for folder in ("shop", "plain"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "shop" / "dash_apps.py").write_text(
        "from django_plotly_dash import DjangoDash\nsales = DjangoDash('Sales')\nunnamed = DjangoDash()\n"
    )
    commands = tmp_path / "shop" / "management" / "commands"
    commands.mkdir(parents=True)
    (commands / "listapps.py").write_text(
        "from django.core.management.base import BaseCommand\n"
        "from django_plotly_dash.registry import registry\n"
        "class Command(BaseCommand):\n"
        "    def handle(self, **options):\n"
        "        self.stdout.write(', '.join(app.app_name for app in registry))\n"
    )
    (tmp_path / "site_settings.py").write_text(
        "SECRET_KEY = 'x'\n"
        "INSTALLED_APPS = ['django.contrib.contenttypes', 'django_plotly_dash', 'plain', 'shop']\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}\n"
    )
    return tmp_path


def python(site: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "site_settings",
        "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]),
    }
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, cwd=site, capture_output=True, text=True, check=False
    )


LIST = "from django_plotly_dash.registry import registry; print(', '.join(app.app_name for app in registry))"


LABEL, CONFIG = "django_plotly_dash", "django_plotly_dash.apps.DjangoPlotlyDashConfig"


@pytest.mark.parametrize(
    ("entry", "code", "arguments"),
    [
        (LABEL, MANAGE, ("listapps",)),
        (CONFIG, f"import django; django.setup(); {LIST}", ()),
        (LABEL, f"from django.core.wsgi import get_wsgi_application as get; get(); {LIST}", ()),
        (CONFIG, f"from django.core.asgi import get_asgi_application as get; get(); {LIST}", ()),
    ],
    ids=["management command", "setup alone, as in a Celery worker", "WSGI worker", "ASGI worker"],
)
def test_dash_apps_of_installed_apps_are_found_in_every_process(
    site: Path, entry: str, code: str, arguments: tuple[str, ...]
) -> None:
    settings = site / "site_settings.py"
    settings.write_text(settings.read_text().replace("'django_plotly_dash'", repr(entry)))
    done = python(site, code, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Sales, shop-dash_apps-2"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("from django_plotly_dash import Nothing", "ImportError: cannot import name 'Nothing'"),
    ],
)
def test_an_error_in_a_dash_apps_module_is_raised(site: Path, code: str, reason: str) -> None:
    (site / "shop" / "dash_apps.py").write_text(code)
    done = python(site, "import django; django.setup()")
    assert done.returncode != 0
    assert reason in done.stderr


def test_two_installed_apps_with_one_name_are_refused_at_start_up(site: Path) -> None:
    (site / "plain" / "dash_apps.py").write_text("from django_plotly_dash import DjangoDash\nDjangoDash('Sales')\n")
    done = python(site, "import django; django.setup()")
    assert "Two DjangoDash apps would answer at 'sales': 'Sales' of module plain.dash_apps and" in done.stderr
