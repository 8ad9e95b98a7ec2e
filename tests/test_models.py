from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import ProtectedError

from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import AppNotFoundError
from django_plotly_dash.models import DashApp, StatelessApp

pytestmark = pytest.mark.django_db

# Columns of the tables that the older package made: they are in users' databases.
STATELESS_APP = {"id", "app_name", "slug"}
DASH_APP = {
    "id",
    "stateless_app_id",
    "instance_name",
    "slug",
    "base_state",
    "creation",
    "update",
    "save_on_change",
}


@pytest.mark.parametrize(
    ("table", "columns"),
    [("django_plotly_dash_statelessapp", STATELESS_APP), ("django_plotly_dash_dashapp", DASH_APP)],
)
def test_the_tables_are_those_of_the_older_package(table: str, columns: set[str]) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, table)
        constraints = connection.introspection.get_constraints(cursor, table)
    assert {column.name for column in found} == columns
    unique = {tuple(c["columns"]) for c in constraints.values() if c["unique"] and not c["primary_key"]}
    assert unique == {(name,) for name in columns & {"app_name", "instance_name", "slug"}}


def test_the_migrations_that_users_have_applied_keep_their_names() -> None:
    names = {name for label, name in MigrationLoader(connection).graph.nodes if label == "django_plotly_dash"}
    assert {"0001_initial", "0002_add_examples"} <= names


def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", "django_plotly_dash", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_migrations_can_be_undone_and_done_again() -> None:
    call_command("migrate", "django_plotly_dash", "zero", verbosity=0)
    assert "django_plotly_dash_dashapp" not in connection.introspection.table_names()
    call_command("migrate", "django_plotly_dash", verbosity=0)
    assert not StatelessApp.objects.exists()


@pytest.mark.parametrize(
    ("name", "slug"), [("SimpleExample", "simpleexample"), ("Sales & costs", "sales-costs"), ("Übersicht", "übersicht")]
)
def test_slugs_come_from_names(name: str, slug: str) -> None:
    app = StatelessApp.objects.create(app_name=name)
    row = DashApp.objects.create(stateless_app=app, instance_name=f"{name} of Maria")
    assert (app.slug, str(app)) == (slug, name)
    assert (row.slug, str(row)) == (f"{slug}-of-maria", f"{name} of Maria")


def test_given_slugs_stay_and_are_not_changed_by_saving() -> None:
    app = StatelessApp.objects.create(app_name="Sales", slug="my-sales")
    row = DashApp.objects.create(stateless_app=app, instance_name="One", slug="number-one")
    row.instance_name = "Another name"
    row.save()
    app.save()
    row.refresh_from_db()
    app.refresh_from_db()
    assert (app.slug, row.slug, row.instance_name) == ("my-sales", "number-one", "Another name")


def test_an_instance_without_a_name_is_named_after_its_app() -> None:
    row = DashApp.objects.create(stateless_app=StatelessApp.objects.create(app_name="Sales"))
    assert (row.instance_name, row.slug, row.base_state, row.save_on_change) == (
        "Sales instance",
        "sales-instance",
        "{}",
        False,
    )
    assert row.creation <= row.update


@pytest.mark.parametrize("second", [{"instance_name": "One"}, {"instance_name": "Two", "slug": "one"}])
def test_two_instances_cannot_share_a_name_or_a_slug(second: dict[str, Any]) -> None:
    app = StatelessApp.objects.create(app_name="Sales")
    DashApp.objects.create(stateless_app=app, instance_name="One")
    with pytest.raises(IntegrityError):
        DashApp.objects.create(stateless_app=app, **second)


def test_an_app_with_instances_cannot_be_deleted() -> None:
    app = StatelessApp.objects.create(app_name="Sales")
    DashApp.objects.create(stateless_app=app)
    with pytest.raises(ProtectedError):
        app.delete()


def test_rows_know_their_apps() -> None:
    made = DjangoDash("Sales")
    row = DashApp.objects.create(stateless_app=StatelessApp.objects.create(app_name="Sales"))
    assert row.stateless_app.as_dash_app() is made
    assert row.as_dash_instance() is made


def test_a_row_whose_app_no_module_makes_says_so() -> None:
    row = DashApp.objects.create(stateless_app=StatelessApp.objects.create(app_name="Gone"))
    for ask in (row.as_dash_instance, row.stateless_app.as_dash_app):
        with pytest.raises(AppNotFoundError, match="There is no DjangoDash app named 'Gone'"):
            ask()
