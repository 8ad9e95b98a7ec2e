"""Background callbacks in a real Celery worker, with a Redis of their own that can be stopped."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_plotly_dash import DjangoDash
from django_plotly_dash.models import DashApp, StatelessApp
from tests.background_page import Job, Page, value_of
from tests.celery_processes import FIXTURES, Worker
from tests.helpers import needs_signed_handles
from tests.redis_server import Redis
from tests.site_celery import SETTINGS
from tests.waiting import eventually

pytestmark = [
    needs_signed_handles,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning"),  # by Celery
]
app, celery_module, server, shared_worker, worker = FIXTURES
LEASE = SETTINGS["background_callback_lease"]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def begun(folder: Path) -> int:
    """The process that has begun with the slow callback."""
    return int(eventually(lambda: (folder / "begun").exists() and (folder / "begun").read_text()))


def token_of(url: str) -> str:
    """What a page has handed over, which can be read by whoever has it."""
    return url.partition("/initial/")[2].strip("/")


def test_the_worker_has_the_request_s_user_session_app_language_and_time_zone(
    app: DjangoDash, worker: Worker, client: Client, settings: Any
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.middleware.locale.LocaleMiddleware",
        "tests.test_background.InTokyo",
    ]
    row = DashApp(stateless_app=StatelessApp.objects.create(app_name=app.app_name), instance_name="Saved one")
    row.save()
    client.force_login(get_user_model().objects.create_user("ada"))
    page = Page(client, app, f"/dash/instance/{row.slug}/")
    first = page.result("facts.children", "a", headers={"accept-language": "de"})
    assert first == {
        "value": "a",
        "user": "ada",
        "runs": 1,
        "dash_app": "Saved one",
        "dash_app_id": row.slug,
        "triggered": "in",
        "cookies": [],
        "language": "de",
        "timezone": "Asia/Tokyo",
        "path": f"{page.url}page",
        "process": first["process"],
    }
    assert first["process"] != os.getpid()
    assert Page(client, app).result("facts.children", "b")["runs"] == 2
    assert client.session["django_plotly_dash"] == {"runs": 2}


def test_a_coroutine_function_and_set_props(app: DjangoDash, worker: Worker, client: Client) -> None:
    client.force_login(get_user_model().objects.create_user("ada"))
    page = Page(client, app)
    job = page.start("async.children", 1, 2)
    assert value_of(page.wait(job)) == [3, "ada", 1]
    assert [list(props) for props in job.props] in (
        [["log"], ["other", "log"]],
        [["log", "other"]],
        [["log"], ["other"], ["log"]],
        [["log", "other"], ["log"]],
    )
    merged: dict[str, Any] = {}
    for props in job.props:
        for name, values in props.items():
            merged.setdefault(name, {}).update(values)
    assert merged == {"log": {"children": "one", "title": "three"}, "other": {"children": "two"}}


def test_dash_callback_of_another_app(app: DjangoDash, worker: Worker, celery_module: Any, client: Client) -> None:
    assert Page(client, celery_module.too).result("named.children", 5) == "celery-jobs-too 5"


def test_progress_and_pattern_ids_with_the_manager_of_the_settings(
    app: DjangoDash, worker: Worker, celery_module: Any, client: Client, tmp_path: Path
) -> None:
    client.force_login(get_user_model().objects.create_user("ada"))
    page = Page(client, celery_module.of_settings)
    (output,) = [name for name in page.app.callback_map if "sum" in name]
    spec = next(s for s in client.get(f"{page.url}_dash-dependencies").json() if s["output"] == output)
    assert spec["background"] == {"interval": 250}
    assert spec["running"] == {"running": {"start.disabled": True}, "runningOff": {"start.disabled": False}}

    def item(kind: str, number: int, value: int) -> dict[str, Any]:
        return {"id": {"kind": kind, "n": number}, "property": "value", "value": value}

    folder = {"id": "folder", "property": "value", "value": str(tmp_path)}
    body = {
        "output": output,
        "outputs": {"id": {"kind": "sum", "n": 2}, "property": "children"},
        "inputs": [item("number", 2, 7)],
        "state": [[item("all", 1, 10), item("all", 2, 20)], folder],
        "changedPropIds": ['{"kind":"number","n":2}.value'],
    }
    started = json.loads(page.post(body).content)
    assert started["progressDefault"] == {"bar.value": 0, "bar.label": "idle"}
    job = Job(output, body, {"cacheKey": started["cacheKey"], "job": started["job"]}, started)
    eventually(lambda: page.ask(job) or job.progress)
    assert job.progress == [{"bar.value": 7, "bar.label": "Yes"}]
    (tmp_path / "go").touch()
    assert value_of(page.wait(job)) == "ada 37"


def test_what_cannot_be_written_as_json_is_named(
    app: DjangoDash, worker: Worker, celery_module: Any, client: Client, caplog: Any
) -> None:
    page = Page(client, celery_module.of_settings)
    assert page.result("huge.children", 3) == {"deep": [1, 8]}
    assert page.wait(page.start("huge.children", 70)).status_code == 500
    assert ".huge, for huge.children: at .deep[1] is an int, which cannot be written as JSON." in caplog.text


def test_errors_of_the_worker(app: DjangoDash, worker: Worker, client: Client, settings: Any, caplog: Any) -> None:
    page = Page(client, app)
    assert page.result("handled.children", 1).startswith("Sorry: ")
    assert page.wait(page.start("failed.children", 1)).status_code == 500
    assert "out of paper" in caplog.text
    assert "out of paper" in worker.log.read_text()


def test_cached_results_are_each_user_s(app: DjangoDash, worker: Worker, client: Client) -> None:
    results = []
    for name in ("ada", "bob"):
        client.force_login(get_user_model().objects.create_user(name))
        page = Page(client, app)
        results += [page.result("cached.children", 1) for _ in range(2)]
    assert results[0] == results[1]
    assert results[2] == results[3]
    assert [result.split()[0] for result in results] == ["ada", "ada", "bob", "bob"]


@pytest.mark.parametrize("output", ["counted.children", "by-name.children"])
def test_cache_args_to_ignore_and_cache_ignore_triggered(
    output: str, app: DjangoDash, worker: Worker, client: Client
) -> None:
    """One callback ignores an argument by position; the other by name, and keeps results apart by what triggered it."""
    page = Page(client, app)
    first = page.result(output, 1, 10)
    assert first.startswith("1 10 ")
    assert page.result(output, 1, 20) == first
    assert page.result(output, 2, 10).startswith("2 10 ")
    by_other_input = page.result(output, 1, 30, changed=["noise.value"])
    assert by_other_input.startswith("1 10 " if output == "counted.children" else "1 30 ")
    assert page.result(output, 1, 30, changed=["noise.value"]) == by_other_input
    assert page.result(output, 1, 50) == first


def test_database_connections_are_closed_after_a_job(app: DjangoDash, worker: Worker, client: Client) -> None:
    page = Page(client, app)
    assert [page.result("connection.children", number) for number in range(6)] == [False] * 6


def test_credentials_do_not_lie_in_redis(
    app: DjangoDash, worker: Worker, server: Redis, client: Client, tmp_path: Path
) -> None:
    """Read while the job waits for a worker, while it runs, and when it has ended."""
    client.force_login(get_user_model().objects.create_user("ada"))
    page = Page(client, app)
    session, csrf = client.cookies["sessionid"].value, client.cookies["csrftoken"].value
    client.cookies["other_application"] = "0ther-session"
    secrets = {"Authorization": "Bearer b3arer", "Proxy-Authorization": "Basic pr0xy", "X-CSRFToken": csrf}
    url = app.get_absolute_url({"diagnosis": "a secret"}, share=True)
    handed_over = Page(client, app, url)
    worker.kill()
    server.client.flushall()
    queued = [
        page.start("slow.children", str(tmp_path), headers=secrets),
        page.start("facts.children", "a", headers=secrets),
        handed_over.start("given.children", "b", headers={"Referer": f"http://testserver{url}"}),
    ]
    contents = [server.everything()]
    assert f'"value": "{tmp_path}"' in contents[0]
    worker.start()
    begun(tmp_path)
    contents.append(server.everything())
    (tmp_path / "go").touch()
    assert value_of(page.wait(queued[0])) == "done"
    assert value_of(page.wait(queued[1]))["runs"] == 1
    assert value_of(handed_over.wait(queued[2])) == [True, ["diagnosis"]]
    contents.append(server.everything())
    for content in contents:
        for secret in (session, csrf, "b3arer", "pr0xy", "0ther-session", token_of(url)):
            assert secret not in content


@pytest.mark.parametrize("when", ["in the queue", "running"])
def test_a_cancelled_job_ends_and_does_not_run_on(
    when: str, app: DjangoDash, worker: Worker, client: Client, tmp_path: Path
) -> None:
    page = Page(client, app)
    if when == "in the queue":
        worker.kill()
    job = page.start("slow.children", str(tmp_path))
    if when == "running":
        begun(tmp_path)
    assert page.ask(job) is None
    stop = {"id": "stop", "property": "id"}
    body = {"output": "stop.id", "outputs": stop, "inputs": [{**stop, "property": "n_clicks", "value": 1}]}
    page.post({**body, "changedPropIds": ["stop.n_clicks"]}, cancelJob=job.handles["job"])
    assert page.wait(job).status_code == 204
    if when == "in the queue":
        worker.start()
        assert page.result("facts.children", 1)["value"] == 1
        assert not (tmp_path / "begun").exists()
    (tmp_path / "go").touch()
    assert page.result("facts.children", 2)["value"] == 2
    assert not (tmp_path / "ended").exists()


@pytest.mark.parametrize("killed", ["the job's process", "the whole worker"])
def test_a_killed_worker_is_an_error(
    killed: str, app: DjangoDash, worker: Worker, client: Client, tmp_path: Path, caplog: Any
) -> None:
    page = Page(client, app)
    job = page.start("slow.children", str(tmp_path))
    process = begun(tmp_path)
    assert page.ask(job) is None
    if killed == "the whole worker":
        worker.kill()
    else:
        os.kill(process, signal.SIGKILL)
    assert page.wait(job, 0.2).status_code == 500
    assert "The job was lost" in caplog.text


def test_a_job_that_runs_longer_than_the_lease_is_waited_for(
    app: DjangoDash, worker: Worker, client: Client, tmp_path: Path
) -> None:
    page = Page(client, app)
    job = page.start("slow.children", str(tmp_path))
    begun(tmp_path)
    end = time.monotonic() + 1.5 * LEASE
    while time.monotonic() < end:
        assert page.ask(job) is None
        time.sleep(0.2)
    (tmp_path / "go").touch()
    assert value_of(page.wait(job)) == "done"


def test_a_job_that_no_worker_takes_is_an_error(
    app: DjangoDash, worker: Worker, client: Client, tmp_path: Path, caplog: Any
) -> None:
    worker.kill()
    page = Page(client, app)
    job = page.start("slow.children", str(tmp_path))
    assert page.wait(job, 0.2).status_code == 500
    assert "No worker has begun" in caplog.text
    worker.start()
    assert page.result("facts.children", 1)["value"] == 1
    assert not (tmp_path / "begun").exists()


def test_a_result_that_is_gone_is_an_error(
    app: DjangoDash, worker: Worker, server: Redis, client: Client, tmp_path: Path, caplog: Any
) -> None:
    page = Page(client, app)
    before = set(server.client.scan_iter("celery-task-meta-*"))
    job = page.start("facts.children", 1)
    eventually(lambda: set(server.client.scan_iter("celery-task-meta-*")) - before)
    server.client.delete(job.handles["cacheKey"].partition("~")[0])
    assert page.wait(job).status_code == 500
    assert "its result is gone" in caplog.text


def test_a_redis_that_is_away_for_a_moment_costs_nothing_or_is_an_error(
    app: DjangoDash, worker: Worker, server: Redis, client: Client, tmp_path: Path
) -> None:
    """It comes back empty, as one without a disk does: jobs that wait in the queue are forgotten."""
    page = Page(client, app)
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        begun_with = page.start("slow.children", str(folder))
        begun(folder)
    forgotten = page.start("facts.children", 1)  # the worker has two processes
    server.stop()
    assert page.ask(begun_with) is None
    server.start()
    for folder in folders:
        (folder / "go").touch()
    assert value_of(page.wait(begun_with, 0.2)) == "done"
    assert page.wait(forgotten, 0.2).status_code == 500

    def works_again() -> bool:
        if worker.process.poll() is not None:  # Celery gives up when it cannot put back what waits in the queue
            worker.start()
        response = page.wait(page.start("facts.children", 3), 0.2)
        return response.status_code == 200 and value_of(response)["value"] == 3

    eventually(works_again, 1)


def test_a_redis_that_stays_away_is_an_error(app: DjangoDash, worker: Worker, server: Redis, client: Client) -> None:
    page = Page(client, app)
    job = page.start("facts.children", 1)
    server.stop()
    try:
        assert page.wait(job, 0.5).status_code == 500
    finally:
        server.start()
