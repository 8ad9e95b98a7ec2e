"""A database as the older package leaves it, migrated, used, and taken back, on each kind of database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from django_plotly_dash.registry import registry

from .helpers import call, result
from .site_state.databases import KINDS, new_database, run
from .site_state.old_tables import APPS, INSTANCES, WHEN

OLD = ["0001_initial", "0002_add_examples"]
OURS = ["0003_improve_tables", "0004_owner"]


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    with new_database(request.param, tmp_path) as settings:
        yield settings


def walked(database: dict[str, Any], *steps: str, **environment: str) -> tuple[list[Any], str]:
    """What is seen on the way (see ``old_tables.walk``), and what is written to stderr."""
    done = run(database, "-m", "tests.site_state.old_tables", *steps, **environment)
    return json.loads(done.stdout), done.stderr


def assert_rows_are_there(found: Any, **renamed: str) -> None:
    assert [[row["id"], row["app_name"], row["slug"]] for row in found["statelessapp"]["rows"]] == APPS
    rows = {row["id"]: row for row in found["dashapp"]["rows"]}
    for number, name, slug, state, save_on_change, app in INSTANCES:
        row = rows[number]
        assert (row["slug"], row["save_on_change"], row["stateless_app_id"]) == (slug, save_on_change, app)
        assert row["instance_name"] == renamed.get(slug.replace("-", "_"), name)
        assert row["base_state"] == renamed.get(f"state_of_{slug.replace('-', '_')}", state)
        assert str(row["creation"]).startswith(WHEN)


def test_the_tables_of_the_older_package_are_taken_over_and_given_back(database: dict[str, Any]) -> None:
    back_and_forth = ["migrate", "show", "use", "migrate django_plotly_dash 0002", "show", "migrate", "show"]
    (before, after, used, back, again), log = walked(database, "make", "show", *back_and_forth)
    assert before["applied"] == OLD
    assert_rows_are_there(before)

    assert after["applied"] == [*OLD, *OURS]
    assert_rows_are_there(after)
    assert after["dashapp"]["columns"] == sorted([*before["dashapp"]["columns"], "owner_id"])
    assert "dpd_dashapp_update" in after["dashapp"]["indexes"]
    assert "The saved state of 'Broken by hand' cannot be read. Line 1, column 20: This is not JSON" in log
    assert "'With NaN'" not in log
    assert used == {"state": {"in-1": {"value": "of maria"}}, "app": "Many"}

    assert back["applied"] == OLD
    for table in ("statelessapp", "dashapp"):
        assert back[table]["columns"] == before[table]["columns"]
        assert back[table]["unique"] == before[table]["unique"]
    assert "dpd_dashapp_update" not in back["dashapp"]["indexes"]
    assert [row["instance_name"] for row in back["dashapp"]["rows"] if row["id"] > 9] == ["Made here"]
    now = {"broken_by_hand": "Broken and renamed", "state_of_many_of_maria": '{"in-1": {"value": "changed here"}}'}
    assert_rows_are_there(back, **now)
    assert again["applied"] == [*OLD, *OURS]
    assert_rows_are_there(again, **now)


def test_apps_that_are_not_saved_work_before_migrate(client: Any) -> None:
    """Nothing here has asked for a database, so that any query would fail the test."""
    assert client.get("/dash/app/echo/").status_code == 200
    assert client.get("/dash/app/echo/_dash-layout").status_code == 200
    assert result(call(client, registry["Echo"], "echoed.children", "new")) == "You wrote new"


def test_a_site_without_users_has_the_tables_without_an_owner(tmp_path: Path) -> None:
    with new_database("sqlite", tmp_path) as database:
        run(database, "check", WITHOUT_USERS="1")
        run(database, "makemigrations", "--check", "--dry-run", WITHOUT_USERS="1")
        (found,), _ = walked(database, "migrate", "show", WITHOUT_USERS="1")
        assert found["applied"] == [*OLD, *OURS]
        assert "owner_id" not in found["dashapp"]["columns"]
        use = (
            "import django; django.setup()\n"
            "from django_plotly_dash.models import DashApp\n"
            "row = DashApp.objects.create_for('Many', 'One'); row.populate_values(); row.reset(); row.clone()\n"
            "from django.test import Client\n"
            "assert Client(headers={'Host': 'localhost'}).get('/dash/instance/one/').status_code == 200\n"
            "print(len(row.current_state()))"
        )
        assert run(database, "-c", use, WITHOUT_USERS="1").stdout == "64\n"
        # Users may come later: one step back before, and the column is made.
        walked(database, "migrate django_plotly_dash 0003", WITHOUT_USERS="1")
        (found,), _ = walked(database, "migrate", "show")
        assert "owner_id" in found["dashapp"]["columns"]
        assert [row["instance_name"] for row in found["dashapp"]["rows"]] == ["One", "One copy"]
