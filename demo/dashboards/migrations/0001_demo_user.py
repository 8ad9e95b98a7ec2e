"""A user to log in with: the name and the password are both "demo"."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import migrations


def add_user(apps: Any, schema_editor: Any) -> None:
    users = apps.get_model("auth", "User").objects
    users.get_or_create(
        username="demo", defaults={"password": make_password("demo")}
    )


class Migration(migrations.Migration):
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(add_user, migrations.RunPython.noop)]
