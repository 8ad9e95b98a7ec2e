"""What an app shows before anybody has changed anything: the values of its layout and of its pages."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from dash.development.base_component import Component
from django.apps import apps
from django.http import HttpRequest

from . import context
from .callback_properties import named
from .json_values import plain
from .layout_state import accepts, as_json, holds_components, keyed_components, properties_in

if TYPE_CHECKING:
    from .djangodash import DjangoDash
    from .models import DashApp

logger = logging.getLogger("django_plotly_dash")
_DASHS_OWN: Final = "_pages_"
_COUNTS: Final = re.compile(r"(^|_)n_|_timestamp$")
_EVENTS: Final = frozenset(
    {
        "clickAnnotationData",
        "clickData",
        "contents",
        "hoverData",
        "loading_state",
        "relayoutData",
        "restyleData",
    }
)
# Shown again they would go to another page, save a file, or ask a question.
_DOING: Final = frozenset({"ConfirmDialog", "ConfirmDialogProvider", "Download", "Location"})


def components_of_app(app: DjangoDash, instance: DashApp | None = None) -> dict[str, Any]:
    """Component key -> component, of everything in the layout and in pages that has an id.

    Layout functions are called as for a visitor without a login and without a session, or as for the request that is
    being answered. Pages whose path has variables are left out: nobody says which values they would have.

    Args:
        instance: what ``dash_app`` is for layout functions.

    Raises:
        Exception: whatever the layout function raises. A page that fails is logged and left out.
    """
    with context.opened(_context(app, instance)), app.speaking():
        found = dict(keyed_components(app.get_layout()))
        for module, page in app.pages.items():
            if page.get("path_template"):
                continue
            try:
                layout = page.get("layout")
                found = {**dict(keyed_components(plain(layout() if callable(layout) else layout))), **found}
            except Exception:  # whatever the page's function raises; the other pages have values too
                logger.exception("The page %s of the app %s has no values: its layout fails", module, app.app_name)
    return {key: component for key, component in found.items() if not key.startswith(_DASHS_OWN)}


def values_of_components(app: DjangoDash, components: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Component key -> property -> value, as far as these are to be tracked: what the layout gives, and null for what
    callbacks read or write that it does not give.

    Args:
        components: of the app, by key.

    Raises:
        TypeError: a value cannot be written as JSON.
    """
    found = {}
    for key, component in components.items():
        given = properties_in(component)
        wanted = {name for name in named(app, key) if name not in given and _is_kept(component, name)}
        values = {name: as_json(value) for name, value in given.items() if name != "id" and not holds_components(value)}
        found[key] = {**values, **dict.fromkeys(sorted(wanted))}
    return {key: values for key, values in found.items() if values}


def value_in(component: Any, name: str) -> Any:
    """What a layout gives for one property, components as their JSON; None if it gives nothing.

    Args:
        component: in the layout.
        name: the property.
    """
    return as_json(properties_in(component).get(name))


def _is_kept(component: Any, name: str) -> bool:
    """Whether a property that the layout does not give is one to be shown again when the page is opened anew: no
    children, which have entries of their own, and nothing that tells of a click or does something."""
    if not accepts(component, name) or name in _EVENTS or _COUNTS.search(name):
        return False
    kind = type(component).__name__ if isinstance(component, Component) else component["type"]
    return kind not in _DOING and name not in ("children", *getattr(component, "_children_props", ()))


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
