import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from django_plotly_dash.models import HAS_USERS


class Migration(migrations.Migration):
    """Adds the owner of an instance, on a site that has users."""

    dependencies = [
        ("django_plotly_dash", "0003_improve_tables"),
        *([migrations.swappable_dependency(settings.AUTH_USER_MODEL)] if HAS_USERS else []),
    ]

    operations = [
        migrations.AddField(
            "dashapp",
            "owner",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                on_delete=django.db.models.deletion.SET_NULL,
                null=True,
                blank=True,
                related_name="+",
            ),
        )
    ] * HAS_USERS
