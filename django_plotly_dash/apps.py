"""Start-up: the apps of every installed app are found."""

from __future__ import annotations

import logging

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from . import component_libraries
from .conf import component_packages
from .exceptions import ConfigurationError
from .registry import registry


class DjangoPlotlyDashConfig(AppConfig):
    """Imports the module ``dash_apps`` of every installed app, in servers, workers and commands alike."""

    name = "django_plotly_dash"
    verbose_name = "Django Plotly Dash"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        from . import checks, dash_globals, mcp  # noqa: F401 - registers them

        _import_components()
        autodiscover_modules("dash_apps")
        dash_globals.check_callbacks()
        mcp.check_functions()
        _prepare_background()


def _import_components() -> None:
    try:
        component_libraries.import_named(component_packages())
    except ConfigurationError as error:  # reported by the checks; the rest of the site works
        logging.getLogger("django_plotly_dash").error("%s", error)


def _prepare_background() -> None:
    """A Celery worker has to know the tasks of all managers before its first job."""
    for app in registry:
        try:
            app.prepare_background()
        except ConfigurationError as error:  # the callback itself raises it again; the rest of the site works
            logging.getLogger("django_plotly_dash").error("%s", error)
