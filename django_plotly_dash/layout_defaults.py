"""What an app shows before anybody has changed anything: the values of its layout and of its pages."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from django.apps import apps
from django.http import HttpRequest

from . import context
from .json_values import plain
from .layout_state import values_of

if TYPE_CHECKING:
    from .djangodash import DjangoDash
    from .models import DashApp

logger = logging.getLogger("django_plotly_dash")
_DASHS_OWN: Final = "_pages_"


def values_of_app(app: DjangoDash, instance: DashApp | None = None) -> dict[str, dict[str, Any]]:
    """Component key -> property -> value, of everything in the layout and in pages that has an id.

    Layout functions are called as for a visitor without a login and without a session, or as for the request that is
    being answered. Pages whose path has variables are left out: nobody says which values they would have.

    Args:
        instance: what ``dash_app`` is for layout functions.

    Raises:
        Exception: whatever the layout function raises. A page that fails is logged and left out.
    """
    with context.opened(_context(app, instance)), app.speaking():
        found = values_of(app.get_layout())
        for module, page in app.pages.items():
            if page.get("path_template"):
                continue
            try:
                layout = page.get("layout")
                found = {**values_of(plain(layout() if callable(layout) else layout)), **found}
            except Exception:  # whatever the page's function raises; the other pages have values too
                logger.exception("The page %s of the app %s has no values: its layout fails", module, app.app_name)
    return {key: values for key, values in found.items() if values and not key.startswith(_DASHS_OWN)}


def _context(app: DjangoDash, instance: DashApp | None) -> context.RequestContext:
    # URLs in values stay marks, which fit wherever the site mounts our URLs.
    prefix = f"/~dpd~{quote(app.slug, safe='')}~/"
    current = context.current()
    if current is None or current.app is not app:
        current = context.RequestContext(HttpRequest(), app, prefix, "", extras=_nobody(app))
    own = {"dash_app": lambda: instance or app, "dash_app_id": lambda: instance.slug if instance else app.slug}
    return replace(
        current, prefix=prefix, instance=instance, overrides={}, recorder=None, extras={**current.extras, **own}
    )


def _nobody(app: DjangoDash) -> dict[str, Any]:
    request: Any = HttpRequest()
    request.session = {}
    request.user = None
    if apps.is_installed("django.contrib.auth"):
        from django.contrib.auth.models import AnonymousUser

        request.user = AnonymousUser()
    return {
        "params": dict,
        "request": lambda: request,
        "session_state": dict,
        "user": lambda: request.user,
    }
