"""The tables and rows that the older package leaves in a database, written out; and what is in them now."""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from typing import Any

import django

TABLES = {
    "sqlite": """
        CREATE TABLE "django_plotly_dash_statelessapp" (
            "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
            "app_name" varchar(100) NOT NULL UNIQUE,
            "slug" varchar(110) NOT NULL UNIQUE
        );
        CREATE TABLE "django_plotly_dash_dashapp" (
            "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
            "instance_name" varchar(100) NOT NULL UNIQUE,
            "slug" varchar(110) NOT NULL UNIQUE,
            "base_state" text NOT NULL,
            "creation" datetime NOT NULL,
            "update" datetime NOT NULL,
            "save_on_change" bool NOT NULL,
            "stateless_app_id" integer NOT NULL
                REFERENCES "django_plotly_dash_statelessapp" ("id") DEFERRABLE INITIALLY DEFERRED
        );
        CREATE INDEX "django_plotly_dash_dashapp_stateless_app_id_220444de"
            ON "django_plotly_dash_dashapp" ("stateless_app_id")
    """,
    "postgresql": """
        CREATE TABLE "django_plotly_dash_statelessapp" (
            "id" serial NOT NULL PRIMARY KEY,
            "app_name" varchar(100) NOT NULL UNIQUE,
            "slug" varchar(110) NOT NULL UNIQUE
        );
        CREATE TABLE "django_plotly_dash_dashapp" (
            "id" serial NOT NULL PRIMARY KEY,
            "instance_name" varchar(100) NOT NULL UNIQUE,
            "slug" varchar(110) NOT NULL UNIQUE,
            "base_state" text NOT NULL,
            "creation" timestamp with time zone NOT NULL,
            "update" timestamp with time zone NOT NULL,
            "save_on_change" boolean NOT NULL,
            "stateless_app_id" integer NOT NULL
                REFERENCES "django_plotly_dash_statelessapp" ("id") DEFERRABLE INITIALLY DEFERRED
        );
        CREATE INDEX "django_plotly_dash_dashapp_stateless_app_id_220444de"
            ON "django_plotly_dash_dashapp" ("stateless_app_id");
        CREATE INDEX "django_plotly_dash_dashapp_slug_like" ON "django_plotly_dash_dashapp" ("slug" varchar_pattern_ops)
    """,
    "mysql": """
        CREATE TABLE `django_plotly_dash_statelessapp` (
            `id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
            `app_name` varchar(100) NOT NULL UNIQUE,
            `slug` varchar(110) NOT NULL UNIQUE
        );
        CREATE TABLE `django_plotly_dash_dashapp` (
            `id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
            `instance_name` varchar(100) NOT NULL UNIQUE,
            `slug` varchar(110) NOT NULL UNIQUE,
            `base_state` longtext NOT NULL,
            `creation` datetime(6) NOT NULL,
            `update` datetime(6) NOT NULL,
            `save_on_change` bool NOT NULL,
            `stateless_app_id` integer NOT NULL
        );
        ALTER TABLE `django_plotly_dash_dashapp` ADD CONSTRAINT `django_plotly_dash_d_stateless_app_id_220444de_fk_`
            FOREIGN KEY (`stateless_app_id`) REFERENCES `django_plotly_dash_statelessapp` (`id`)
    """,
}
WHEN = "2021-03-04 05:06:07"
APPS = [[1, "Many", "many"], [2, "Übersicht", "bersicht"], [7, "Gone from the code", "gone-from-the-code"]]
INSTANCES = [
    [1, "Many of Maria", "many-of-maria", json.dumps({"in-1": {"value": "of maria"}}), True, 1],
    [2, "Japanese 東京", "japanese", json.dumps({"in-1": {"value": "東京 😀"}, '{"a":1}': {"value": None}}), False, 1],
    [5, "Large", "large", json.dumps({"in-2": {"value": "x" * 300_000}}), True, 2],
    [6, "Broken by hand", "broken-by-hand", '{"in-1": {"value": ', True, 1],
    [7, "With NaN", "with-nan", '{"in-1": {"value": NaN}}', False, 7],
    [9, "Empty", "empty", "{}", False, 7],
]


def make() -> None:
    """Make the tables, their rows, and the rows of ``django_migrations``."""
    from django.core.management import call_command
    from django.db import connection

    for label in ("contenttypes", "auth"):
        call_command("migrate", label, verbosity=0)
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for statement in TABLES[connection.vendor].split(";"):
            cursor.execute(statement)
        app, instance = quote("django_plotly_dash_statelessapp"), quote("django_plotly_dash_dashapp")
        for row in APPS:
            cursor.execute(f"INSERT INTO {app} (id, app_name, slug) VALUES (%s, %s, %s)", row)
        columns = "id, instance_name, slug, base_state, save_on_change, stateless_app_id, creation"
        for row in INSTANCES:
            values = [*row, WHEN, WHEN]
            marks = ", ".join(["%s"] * len(values))
            cursor.execute(f"INSERT INTO {instance} ({columns}, {quote('update')}) VALUES ({marks})", values)
        if connection.vendor == "postgresql":  # the rows came with their ids
            for table in (app, instance):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 20)")
        for name in ("0001_initial", "0002_add_examples"):
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)",
                ["django_plotly_dash", name, WHEN],
            )


def found() -> dict[str, Any]:
    """What is in the tables, column by column, whatever the models say."""
    from django.db import connection

    quote = connection.ops.quote_name
    result: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table in ("statelessapp", "dashapp"):
            name = f"django_plotly_dash_{table}"
            columns = [c.name for c in connection.introspection.get_table_description(cursor, name)]
            constraints = connection.introspection.get_constraints(cursor, name)
            cursor.execute(f"SELECT {', '.join(map(quote, columns))} FROM {quote(name)} ORDER BY id")
            rows = [
                {key: bool(v) if key == "save_on_change" else v for key, v in zip(columns, row, strict=True)}
                for row in cursor.fetchall()
            ]
            unique = sorted(c["columns"] for c in constraints.values() if c["unique"] and not c["primary_key"])
            result[table] = {"columns": sorted(columns), "rows": rows, "unique": unique, "indexes": sorted(constraints)}
        cursor.execute("SELECT name FROM django_migrations WHERE app = 'django_plotly_dash' ORDER BY id")
        result["applied"] = [row[0] for row in cursor.fetchall()]
    return result


def use() -> dict[str, Any]:
    """Use the instances as the package does now."""
    from django_plotly_dash.models import DashApp

    row = DashApp.objects.select_related("stateless_app").get(slug="many-of-maria")
    seen = {"state": deepcopy(row.current_state()), "app": row.as_dash_instance().app_name}
    row.update_current_state("in-1", "value", "changed here")
    row.handle_current_state()
    DashApp.objects.create_for("Many", "Made here")
    broken = DashApp.objects.get(slug="broken-by-hand")
    assert broken.state_error
    broken.instance_name = "Broken and renamed"
    broken.save()
    return seen


def walk(steps: list[str]) -> None:
    """Do the steps in turn; what is seen is printed as a JSON list."""
    from django.core.management import call_command

    seen: list[Any] = []
    for step in steps:
        if step == "make":
            make()
        elif step == "show":
            seen.append(found())
        elif step == "use":
            seen.append(use())
        else:
            call_command("migrate", *step.split()[1:], verbosity=0)
    print(json.dumps(seen, default=str))


if __name__ == "__main__":
    django.setup()
    walk(sys.argv[1:])
