"""Fixtures of all tests; services and Chromium are skipped with a reason on a laptop, and missed under CI."""

from __future__ import annotations

import importlib
import itertools
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from django.utils import translation

from django_plotly_dash import dash_globals
from django_plotly_dash.registry import registry

Write = Callable[[dict[str, str]], None]

SERVICES = {
    "redis": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"),
    "postgres": os.environ.get("POSTGRES_URL", "postgres://postgres:postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("MARIADB_URL", "mysql://root@127.0.0.1:3306/test"),
}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def missing(reason: str) -> None:
    """Skip on a laptop, fail under CI."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.fixture(autouse=True)
def _service(request: pytest.FixtureRequest) -> None:
    for marker in request.node.iter_markers("service"):
        address = urlparse(SERVICES[marker.args[0]])
        try:
            socket.create_connection((address.hostname, address.port), timeout=2).close()
        except OSError as error:
            missing(f"{marker.args[0]} does not answer at {address.hostname}:{address.port}: {error}")


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Requests through ``LocaleMiddleware`` leave their language to whoever is next in the thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def apps() -> Iterator[Any]:
    """Apps that a test makes, callbacks of ``dash.callback`` and pages, are forgotten after it."""
    registered, pages = dict(dash_globals.inbox._registrations), dict(dash_globals.loose)
    with registry.isolated() as isolated:
        yield isolated
    dash_globals.loose.clear()
    dash_globals.loose.update(pages)
    dash_globals.inbox._registrations.clear()
    dash_globals.inbox._registrations.update(registered)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write modules, path -> source, where they can be imported; the modules are forgotten after the test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write_all(files: dict[str, str]) -> None:
        for name, source in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
            for folder in itertools.takewhile(lambda folder: folder != tmp_path, path.parents):
                (folder / "__init__.py").touch()
        importlib.invalidate_caches()

    yield write_all
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
