"""A Celery worker that can be killed, a Redis for it, and the site whose jobs they run.

A module of tests takes the fixtures by giving them names: ``FIXTURES`` lists them.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connections

from django_plotly_dash import DjangoDash
from django_plotly_dash.background import managers
from django_plotly_dash.registry import registry
from tests.redis_server import Redis
from tests.site_celery import SETTINGS
from tests.waiting import eventually


class Worker:
    """A Celery worker in a process of its own."""

    def __init__(self, url: str, log: Path) -> None:
        self.environment = {
            **os.environ,
            "DPD_TEST_REDIS": url,
            "DPD_TEST_DATABASE": str(connections.settings["default"]["NAME"]),
            "DJANGO_SETTINGS_MODULE": "tests.site_celery.settings",
            "PYTHONPATH": os.getcwd(),
        }
        self.log = log

    def start(self) -> None:
        command = [sys.executable, "-m", "celery", "-A", "tests.site_celery.celery", "worker"]
        command += ["--concurrency=2", "--loglevel=INFO", "--without-mingle", "--without-gossip"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=subprocess.STDOUT)
        eventually(lambda: " ready." in self.log.read_text() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()

    def kill(self) -> None:
        """The worker and its children, without a chance to say anything."""
        for process in [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(self.process.pid)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    server = Redis().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def celery_module(server: Redis) -> Iterator[Any]:
    """The site's Celery app in this process, which is the web server's."""
    os.environ["DPD_TEST_REDIS"] = server.url
    with registry.isolated():
        yield importlib.import_module("tests.site_celery.dash_apps")
    managers.forget_managers()
    del os.environ["DPD_TEST_REDIS"]
    for name in ("dash_apps", "celery"):
        del sys.modules[f"tests.site_celery.{name}"]


@pytest.fixture(scope="module")
def shared_worker(
    django_db_setup: None, celery_module: Any, server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    worker = Worker(server.url, tmp_path_factory.mktemp("worker") / "log")
    worker.start()
    yield worker
    worker.kill()


@pytest.fixture
def app(celery_module: Any, settings: Any) -> DjangoDash:
    settings.PLOTLY_DASH = SETTINGS
    for made in (celery_module.app, celery_module.too, celery_module.of_settings, celery_module.seen):
        registry.register(made)
    return celery_module.app


@pytest.fixture
def worker(shared_worker: Worker) -> Worker:
    if shared_worker.process.poll() is not None:
        shared_worker.start()
    return shared_worker


FIXTURES = app, celery_module, server, shared_worker, worker
