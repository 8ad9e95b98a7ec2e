"""New databases of each kind, for processes that tests start, and the site's programs on them."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from tests.conftest import SERVICES

ROOT = Path(__file__).parents[2]
KINDS = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.service("postgres")),
    pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
]
_numbers = itertools.count()


@contextmanager
def new_database(kind: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Settings of an empty database, which is dropped after the ``with`` block.

    Args:
        kind: sqlite, postgres or mariadb.
        folder: for SQLite's file.
    """
    name = f"dpd_state_{os.getpid()}_{next(_numbers)}"
    if kind == "sqlite":
        path = str(folder / f"{name}.sqlite3")
        yield {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": {"timeout": 30}}
        return
    address = urlparse(SERVICES[kind])
    engine = {"postgres": "postgresql", "mariadb": "mysql"}[kind]
    quoted = f"`{name}`" if kind == "mariadb" else f'"{name}"'
    _execute(kind, f"CREATE DATABASE {quoted}" + (" CHARACTER SET utf8mb4" if kind == "mariadb" else ""))
    try:
        yield {
            "ENGINE": f"django.db.backends.{engine}",
            "NAME": name,
            "HOST": address.hostname,
            "PORT": str(address.port),
            "USER": address.username or "",
            "PASSWORD": address.password or "",
        }
    finally:
        _execute(kind, f"DROP DATABASE {quoted}" + (" WITH (FORCE)" if kind == "postgres" else ""))


def _execute(kind: str, statement: str) -> None:
    address = urlparse(SERVICES[kind])
    connection: Any
    if kind == "postgres":
        import psycopg

        connection = psycopg.connect(SERVICES[kind], autocommit=True)
    else:
        import pymysql

        connection = pymysql.connect(
            host=address.hostname, port=address.port, user=address.username, password=address.password or ""
        )
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()


def environment(database: dict[str, Any], **more: str) -> dict[str, str]:
    """The environment of a program of the site."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
        "DJANGO_SETTINGS_MODULE": "tests.site_state.settings",
        "STATE_DATABASE": json.dumps(database),
        **more,
    }


def run(database: dict[str, Any], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py`` with these arguments, or ``-m`` and a module; it has to end well."""
    command = arguments if arguments[0] in ("-m", "-c") else ("-m", "django", *arguments)
    done = subprocess.run(
        [sys.executable, *command],
        env=environment(database, **more),
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
