from django.db import migrations


class Migration(migrations.Migration):
    """The older package put example rows here; this one keeps the name, which is applied in users' databases."""

    dependencies = [("django_plotly_dash", "0001_initial")]

    operations = []
