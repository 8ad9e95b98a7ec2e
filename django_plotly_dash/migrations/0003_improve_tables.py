import logging

from django.db import migrations, models

from django_plotly_dash import state_store
from django_plotly_dash.exceptions import BrokenStateError

# What is to become of a state that cannot be read is for people to decide. So the database is not told to refuse one:
# it would refuse to be migrated, or later to rename the instance.


def name_broken_states(apps, schema_editor):
    """Say which rows have a state that cannot be read; nothing is changed."""
    rows = apps.get_model("django_plotly_dash", "DashApp").objects.using(schema_editor.connection.alias)
    for row in rows.only("instance_name", "base_state").iterator():
        try:
            state_store.read(row.base_state, row.instance_name)
        except BrokenStateError as error:
            logging.getLogger("django_plotly_dash").warning("%s", error)


class Migration(migrations.Migration):
    dependencies = [("django_plotly_dash", "0002_add_examples")]

    operations = [
        migrations.RunPython(name_broken_states, migrations.RunPython.noop),
        # Columns stay as they are; forms accept slugs of any script, and say what is wrong with a state.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "statelessapp",
                    "slug",
                    models.SlugField(max_length=110, unique=True, blank=True, allow_unicode=True),
                ),
                migrations.AlterField(
                    "dashapp", "slug", models.SlugField(max_length=110, unique=True, blank=True, allow_unicode=True)
                ),
                migrations.AlterField(
                    "dashapp",
                    "base_state",
                    models.TextField(default="{}", validators=[state_store.validate_state_text]),
                ),
            ]
        ),
        migrations.AlterModelOptions(
            "dashapp",
            options={"permissions": [("save_dashapp_state", "Can save the state of instances by using them")]},
        ),
        migrations.AddIndex("dashapp", models.Index(fields=["-update"], name="dpd_dashapp_update")),
    ]
