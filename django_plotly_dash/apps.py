"""Start-up: the apps of every installed app are found."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class DjangoPlotlyDashConfig(AppConfig):
    """Imports the module ``dash_apps`` of every installed app, in servers, workers and commands alike."""

    name = "django_plotly_dash"
    verbose_name = "Django Plotly Dash"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        from . import checks, dash_globals, mcp  # noqa: F401 - registers them

        autodiscover_modules("dash_apps")
        dash_globals.check_callbacks()
        mcp.check_functions()
