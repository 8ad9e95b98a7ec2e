"""Saved state under parallel callbacks: a real server of several processes, on each kind of database."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from django_plotly_dash.layout_state import key_of
from tests.site_state.databases import KINDS, ROOT, environment, new_database, run
from tests.site_state.make_instances import NUMBER

PARALLEL = 32
WORKERS, EACH = 3, 12
_TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
MAKE = f"""
import django; django.setup()
from django_plotly_dash.layout_state import key_of
from django_plotly_dash.models import DashApp
state = {{f"out-{{n}}": {{"children": None}} for n in range({PARALLEL})}}
state |= {{f"in-{{n}}": {{"value": None}} for n in range({PARALLEL})}}
DashApp.objects.create_for("Many", "All", state=state, save_on_change=True)
rows = {{key_of({{"row": n}}): {{"value": ""}} for n in range({PARALLEL})}}
told = {{key_of({{"told": n}}): {{"children": None}} for n in range({PARALLEL})}}
DashApp.objects.create_for("Every", "Every", state={{**rows, **told}}, save_on_change=True)
DashApp.objects.create_for("Shared", "Shared", state={{"done": {{"children": "before"}}}}, save_on_change=True)
"""
SHOW = """
import json, sys, django; django.setup()
from django_plotly_dash.models import DashApp
print(json.dumps({row.slug: row.current_state() for row in DashApp.objects.all()}))
"""


COUNT = """
import json, django; django.setup()
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_plotly_dash.models import DashApp

DashApp.objects.create_for("Shared", "Counted", state={"done": {"children": "before"}}, save_on_change=True)
body = json.dumps({
    "output": "done.children", "outputs": {"id": "done", "property": "children"}, "changedPropIds": ["one.value"],
    "inputs": [{"id": "one", "property": "value", "value": "1 counted"}],
})
found = []
for _ in range(2):
    with CaptureQueriesContext(connection) as queries:
        url = "/dash/instance/counted/_dash-update-component"
        assert Client().post(url, body, content_type="application/json").status_code == 200
    found.append([q["sql"].split()[0] + " FOR UPDATE" * ("FOR UPDATE" in q["sql"]) for q in queries])
print(json.dumps(found))
"""


class Site:
    """A server of several processes, and what is in its database."""

    def __init__(self, database: dict[str, Any], port: int) -> None:
        self.database, self.port = database, port

    def get(self, path: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return response
        finally:
            connection.close()

    def token(self, slug: str) -> str:
        cookies = SimpleCookie(self.get(f"/dash/instance/{slug}/").headers["Set-Cookie"])
        return cookies["csrftoken"].value

    def call(self, slug: str, token: str, component: str, output: str, value: str) -> tuple[int, Any]:
        """POST one callback, as a browser does."""
        body = {
            "output": f"{output}.children",
            "outputs": {"id": output, "property": "children"},
            "inputs": [{"id": component, "property": "value", "value": value}],
            "changedPropIds": [f"{component}.value"],
        }
        return self.post(slug, token, body)

    def post(self, slug: str, token: str, body: dict[str, Any]) -> tuple[int, Any]:
        """POST the body of a callback."""
        headers = {"Content-Type": "application/json", "Cookie": f"csrftoken={token}", "X-CSRFToken": token}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            url = f"/dash/instance/{slug}/_dash-update-component"
            connection.request("POST", url, json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def states(self) -> Any:
        return json.loads(run(self.database, "-c", SHOW).stdout)


@pytest.fixture(scope="module", params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("state")
    with new_database(request.param, folder) as database:
        run(database, "migrate")
        run(database, "-c", MAKE)
        with (folder / "log").open("w+") as log, _gunicorn(database, folder, log) as port:
            yield Site(database, port)


class _gunicorn:  # noqa: N801 - used as a function
    def __init__(self, database: dict[str, Any], folder: Path, log: Any) -> None:
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "tests.site_state.wsgi",
            "--bind",
            "127.0.0.1:0",
            "--timeout",
            "150",
        ]
        # No worker can take all the requests, which wait for each other.
        command += ["--workers", str(WORKERS), "--worker-class", "gthread"]
        command += ["--threads", str(EACH), "--worker-connections", str(EACH)]
        variables = environment(database, STATE_MEETINGS=str(folder / "meetings"))
        self._log = log
        self._process = subprocess.Popen(command, env=variables, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self) -> int:
        end = time.monotonic() + 120
        while time.monotonic() < end and self._process.poll() is None:
            text = Path(self._log.name).read_text()
            if "Listening at: http://127.0.0.1:" in text and text.count("Booting worker") == WORKERS:
                return int(text.split("Listening at: http://127.0.0.1:")[1].split()[0])
            time.sleep(0.1)
        self.__exit__()
        raise AssertionError(Path(self._log.name).read_text())

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=60)


def test_parallel_callbacks_of_several_processes_lose_nothing(site: Site) -> None:
    token = site.token("all")

    def ask(n: int) -> tuple[int, Any]:
        return site.call("all", token, f"in-{n}", f"out-{n}", f"{PARALLEL} all")

    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(ask, range(PARALLEL)))
    assert [status for status, _ in answers] == [200] * PARALLEL
    returned = {n: answer["response"][f"out-{n}"]["children"] for n, (_, answer) in enumerate(answers)}
    assert len({text.split(" by ")[1] for text in returned.values()}) == WORKERS
    state = site.states()["all"]
    assert state == {
        **{f"out-{n}": {"children": text} for n, text in returned.items()},
        **{f"in-{n}": {"value": f"{PARALLEL} all"} for n in range(PARALLEL)},
    }


def rows_of(state: Any, kind: str, name: str) -> list[Any]:
    return [state[key_of({kind: n})][name] for n in range(PARALLEL)]


def items(values: list[str]) -> list[dict[str, Any]]:
    return [{"id": {"row": n}, "property": "value", "value": value} for n, value in enumerate(values)]


def change_one_of(site: Site, token: str, typed: str) -> Any:
    def change(n: int) -> int:
        values = [typed if n == other else "" for other in range(PARALLEL)]
        body = {
            "output": "all.children",
            "outputs": {"id": "all", "property": "children"},
            "inputs": [items(values)],
            "changedPropIds": [f"{key_of({'row': n})}.value"],
        }
        return site.post("every", token, body)[0]

    return change


def test_parallel_callbacks_that_share_a_pattern_lose_nothing(site: Site) -> None:
    """Each page knows of its own change only, and sends what it has of all the others too."""
    token, typed = site.token("every"), f"{PARALLEL} every"

    change = change_one_of(site, token, typed)

    def save(n: int) -> int:
        clicked = f"{PARALLEL} saved"
        body = {
            "output": '{"told":["MATCH"]}.children',
            "outputs": {"id": {"told": n}, "property": "children"},
            "inputs": [{"id": {"save": n}, "property": "n_clicks", "value": clicked}],
            "state": [items([""] * PARALLEL)],
            "changedPropIds": [f"{key_of({'save': n})}.n_clicks"],
        }
        return site.post("every", token, body)[0]

    with ThreadPoolExecutor(PARALLEL) as pool:
        assert list(pool.map(change, range(PARALLEL))) == [200] * PARALLEL
    assert rows_of(site.states()["every"], "row", "value") == [typed] * PARALLEL
    with ThreadPoolExecutor(PARALLEL) as pool:  # with states that are older than what is saved
        assert list(pool.map(save, range(PARALLEL))) == [200] * PARALLEL
    state = site.states()["every"]
    assert rows_of(state, "row", "value") == [typed] * PARALLEL
    assert rows_of(state, "told", "children") == [f"{PARALLEL} saved"] * PARALLEL


def test_atomic_requests_on_sqlite_lose_nothing(tmp_path: Path) -> None:
    """All have read in their transactions before the first of them writes."""
    with new_database("sqlite", tmp_path) as database:
        database["ATOMIC_REQUESTS"] = True
        run(database, "migrate")
        run(database, "-c", MAKE)
        with (tmp_path / "log").open("w+") as log, _gunicorn(database, tmp_path, log) as port:
            site, typed = Site(database, port), f"{PARALLEL} atomic"
            with ThreadPoolExecutor(PARALLEL) as pool:
                done = list(pool.map(change_one_of(site, site.token("every"), typed), range(PARALLEL)))
            assert done == [200] * PARALLEL
            assert rows_of(site.states()["every"], "row", "value") == [typed] * PARALLEL


@pytest.mark.service("postgres")
@pytest.mark.parametrize("level", [3, 4], ids=["repeatable read", "serializable"])
@pytest.mark.parametrize("atomic", [False, True])
def test_stricter_isolation_on_postgres_loses_nothing(tmp_path: Path, level: int, atomic: bool) -> None:
    with new_database("postgres", tmp_path) as database:
        database |= {"ATOMIC_REQUESTS": atomic, "OPTIONS": {"isolation_level": level}}
        run(database, "migrate")
        run(database, "-c", MAKE)
        with (tmp_path / "log").open("w+") as log, _gunicorn(database, tmp_path, log) as port:
            site, typed = Site(database, port), f"{PARALLEL} strict"
            with ThreadPoolExecutor(PARALLEL) as pool:
                done = list(pool.map(change_one_of(site, site.token("every"), typed), range(PARALLEL)))
            assert done == [200] * PARALLEL
            assert rows_of(site.states()["every"], "row", "value") == [typed] * PARALLEL


def test_of_two_that_change_the_same_property_one_stays(site: Site) -> None:
    token, values = site.token("shared"), ["2 shared one", "2 shared two"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda value: site.call("shared", token, "one", "done", value), values))
    assert [status for status, _ in answers] == [200, 200]
    assert site.states()["shared"] in [{"done": {"children": f"of {value}"}} for value in values]


def test_a_callback_that_raises_saves_nothing_while_others_save(site: Site) -> None:
    before, token = site.states()["all"], site.token("all")
    names = {0: "2 raise", 1: "2 raise"}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda n: site.call("all", token, f"in-{n}", f"out-{n}", names[n]), names))
    assert [status for status, _ in answers] == [500, 500]
    assert site.states()["all"] == before


def test_processes_that_make_instances_at_once_get_names_of_their_own(site: Site) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda _: run(site.database, "-m", "tests.site_state.make_instances"), range(4))
        made = [pair for one in done for pair in json.loads(one.stdout)]
    assert len({name for name, _ in made}) == len({slug for _, slug in made}) == len(made) == 4 * NUMBER


def test_a_change_takes_one_lock_and_no_change_takes_none(site: Site, tmp_path: Path) -> None:
    done = run(site.database, "-c", COUNT, STATE_MEETINGS=str(tmp_path))
    lock = ["UPDATE", "SELECT"] if "sqlite" in site.database["ENGINE"] else ["SELECT FOR UPDATE"]
    changed, same = ([word for word in words if word not in _TRANSACTION] for words in json.loads(done.stdout))
    assert changed == ["SELECT", *lock, "UPDATE"]
    assert same == ["SELECT"]
