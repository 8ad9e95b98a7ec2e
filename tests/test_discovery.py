from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


# --- apps that only the URLconf imports, under servers that do not run checks -----------------------------------


SERVERS = {
    "gunicorn": ["-m", "gunicorn", "site_wsgi:application", "--bind=fd://{}", "--workers=1"],
    "uvicorn": ["-m", "uvicorn", "site_asgi:application", "--fd={}"],
}
PAIR = {
    "site_urls.py": """
from django.http import HttpResponse
from django.urls import include, path
from pair import one, two, calls

urlpatterns = [
    path("dash/", include("django_plotly_dash.urls")),
    path("health/", lambda request: HttpResponse("well")),
]
""",
    "pair/__init__.py": "",
    "pair/one.py": "from django_plotly_dash import DjangoDash\nfrom dash import html\n"
    "one = DjangoDash('One')\none.layout = html.P(id='out')\n",
    "pair/two.py": "from django_plotly_dash import DjangoDash\nfrom dash import html\n"
    "two = DjangoDash('Two')\ntwo.layout = html.P(id='out')\n",
    "pair/calls.py": "from dash import Input, Output, callback\n"
    "callback(Output('out', 'children'), Input('in', 'value'))(lambda value: value)\n",
    "site_wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
    "site_asgi.py": "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n",
}


@contextmanager
def served(site: Path, server: str) -> Iterator[Callable[[str], tuple[int, str]]]:
    """What asks a real server for a path, and gives the status and the body."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "site_settings",
        "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]),
    }
    with socket.create_server(("127.0.0.1", 0)) as listening, (site / "log").open("wb") as log:
        number = listening.fileno()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"

        def ask(path: str) -> tuple[int, str]:
            try:
                with urllib.request.urlopen(f"{address}/{path}", timeout=90) as response:
                    return response.status, response.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()

        process = subprocess.Popen(
            [sys.executable, *(argument.format(number) for argument in SERVERS[server])],
            env=environment,
            cwd=site,
            pass_fds=[number],
            stdout=log,
            stderr=log,
        )
        try:
            yield ask
        finally:
            process.terminate()
            process.wait()


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_runs_no_checks_tells_of_a_callback_that_nobody_owns_with_the_first_request(
    site: Path, server: str
) -> None:
    for name, code in PAIR.items():
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(code)
    with (site / "site_settings.py").open("a") as settings:
        settings.write("ROOT_URLCONF = 'site_urls'\nALLOWED_HOSTS = ['*']\n")
    with served(site, server) as ask:
        for path in ("health/", "dash/app/one/", "health/"):
            status, body = ask(path)
            assert status == 500
            assert "out.children" not in body
    log = (site / "log").read_text()
    assert "The callback 'out.children', registered with dash.callback in module pair.calls, could belong to" in log
    assert "'One' (of pair.one), 'Two' (of pair.two)" in log
    assert "global_callbacks=['pair.calls']" in log

    (site / "pair" / "one.py").write_text(
        PAIR["pair/one.py"].replace("'One'", "'One', global_callbacks=['pair.calls']")
    )
    with served(site, server) as ask:
        assert ask("health/") == (200, "well")
        assert ask("dash/app/one/")[0] == 200
        assert [spec["output"] for spec in json.loads(ask("dash/app/one/_dash-dependencies")[1])] == ["out.children"]
        assert json.loads(ask("dash/app/two/_dash-dependencies")[1]) == []


def test_a_broken_urlconf_is_djangos_to_report(site: Path) -> None:
    (site / "site_urls.py").write_text("import no_such_library")
    with (site / "site_settings.py").open("a") as settings:
        settings.write("ROOT_URLCONF = 'site_urls'\nALLOWED_HOSTS = ['*']\n")
    done = python(site, "import django; django.setup(); from django.test import Client; Client().get('/')")
    assert "in resolve_request" in done.stderr
    assert "No module named 'no_such_library'" in done.stderr


@pytest.mark.parametrize(
    ("kind", "given", "is_told"),
    [("wsgi", {}, True), ("wsgi", {"websocket_callbacks": True}, False), ("asgi", {}, False)],
)
def test_a_wsgi_process_says_with_its_first_request_that_it_answers_no_websockets(
    site: Path, kind: str, given: dict[str, bool], is_told: bool
) -> None:
    """Whatever the request is for, and though ASGI_APPLICATION is set: some processes may serve ASGI, but not this."""
    with (site / "shop" / "dash_apps.py").open("a") as apps:
        apps.write("@sales.callback(websocket=True, persistent=True)\nasync def live():\n    pass\n")
    with (site / "site_settings.py").open("a") as settings:
        settings.write(
            "ROOT_URLCONF = 'django_plotly_dash.urls'\nALLOWED_HOSTS = ['*']\nASGI_APPLICATION = 'any'\n"
            f"PLOTLY_DASH = {given}\n"
        )
    ask = {
        "wsgi": """
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory
application = get_wsgi_application()
for _ in range(2):
    application(RequestFactory()._base_environ(PATH_INFO="/nothing/"), lambda *_: None)
""",
        "asgi": """
import asyncio
from channels.testing import HttpCommunicator
from django.core.asgi import get_asgi_application
application = get_asgi_application()
asyncio.run(HttpCommunicator(application, "GET", "/nothing/").get_response(20))
""",
    }
    done = python(site, ask[kind])
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("The websocket callbacks of 'Sales' are answered over HTTP, and persistent") == is_told
    assert ("This process serves WSGI, which has no websockets" in done.stderr) is is_told
    assert done.stderr.count("answered over HTTP") == is_told
