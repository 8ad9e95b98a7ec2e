"""A saved instance to play with, and the admin for the user "demo"."""

from __future__ import annotations

from typing import Any

from django.db import migrations

STATE = '{"monthly": {"value": 200}, "interest": {"value": 4}}'


def save_plan(apps: Any, schema_editor: Any) -> None:
    app, _ = apps.get_model(
        "django_plotly_dash", "StatelessApp"
    ).objects.get_or_create(
        app_name="Savings", defaults={"slug": "savings"}
    )
    apps.get_model("django_plotly_dash", "DashApp").objects.get_or_create(
        slug="our-plan",
        defaults={
            "stateless_app": app,
            "instance_name": "Our plan",
            "base_state": STATE,
            "save_on_change": True,
        },
    )
    # Anybody may know this password: the demo is for your own machine.
    apps.get_model("auth", "User").objects.filter(username="demo").update(
        is_staff=True, is_superuser=True
    )


class Migration(migrations.Migration):
    dependencies = [
        ("dashboards", "0001_demo_user"),
        ("django_plotly_dash", "0003_improve_tables"),
    ]
    operations = [
        migrations.RunPython(save_plan, migrations.RunPython.noop)
    ]
