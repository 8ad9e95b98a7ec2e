"""Start-up: the apps of every installed app are found."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from django.apps import AppConfig
from django.core.signals import request_started
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
        from . import checks  # noqa: F401 - registers them

        _import_components()
        autodiscover_modules("dash_apps")
        _check_registrations()
        _prepare_background()
        request_started.connect(_check_with_urlconf, dispatch_uid=__name__)


def _check_registrations() -> None:
    from . import dash_globals, mcp

    dash_globals.check_callbacks()
    mcp.check_functions()


def _check_with_urlconf(**of_request: Any) -> None:
    """The last step of start-up, before the first request of any kind, which shows what kind of server it is. Apps
    that the URLconf alone imports are not there before, since Django imports it with that request; only ``check`` and
    ``runserver`` have done so by then.

    Raises:
        RegistrationError: it cannot be told whose a callback is. The next request is told so again.
    """
    from .backend import websocket
    from .checks import import_urlconf

    try:
        import_urlconf()
    except Exception:  # whatever the site's modules raise: Django is about to import it too, and reports it
        return
    _check_registrations()
    if "environ" in of_request:  # WSGI's; ASGI has a scope
        with suppress(ConfigurationError):  # reported by the checks
            websocket.tell_under_wsgi(registry)
    request_started.disconnect(dispatch_uid=__name__)


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
