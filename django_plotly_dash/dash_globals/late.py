"""Callbacks of ``dash.callback`` that are registered after their app has been set up, by an import inside of a layout
function for instance."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .callbacks import Registration, api_paths_of, inbox
from .places import copied

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

logger = logging.getLogger("django_plotly_dash")
_TOO_LATE = "Import the module where the app is made."


def misses_callbacks(app: DjangoDash) -> bool:
    """Whether something has been registered since the app looked last. It is asked before each request."""
    return app.registrations_seen != inbox.completions


def take_in_late_callbacks(app: DjangoDash) -> None:
    """Give the app those that are its own."""
    seen = inbox.completions
    for registration in inbox.of(app):
        if registration.callback_id not in app.ids_from_inbox:
            app.ids_from_inbox.add(registration.callback_id)
            _take_in(app, registration)
    new = {path: function for path, function in api_paths_of(app).items() if path not in app.callback_api_paths}
    app.callback_api_paths.update(new)
    app.backend.register_callback_api_routes(new)
    app.registrations_seen = seen


def _take_in(app: DjangoDash, late: Registration) -> None:
    if late.entry["background"]:
        error = "The background callback %r of module %s is registered too late: no worker would know it. " + _TOO_LATE
        logger.error(error, late.callback_id, late.origin.module)
        return
    if late.callback_id in app.callback_map:
        error = "The callback %r of module %s, registered with dash.callback, is not served: callback() of %r has it."
        logger.error(error, late.callback_id, late.origin.module, app)
        return
    if app.dependencies_sent or late.script is not None:
        warning = "The callback %r of module %s comes when pages of %r are open, which do not know it. " + _TOO_LATE
        logger.warning(warning, late.callback_id, late.origin.module, app)
    hidden = app.config.get("hide_all_callbacks", False)
    specs = [{**spec, "hidden": hidden} if spec.get("hidden") is None else dict(spec) for spec in late.specs]
    with app.callbacks_lock:
        app._callback_list = [*app._callback_list, *specs]
        if late.script is not None and late.script not in app._inline_scripts:
            app._inline_scripts.append(late.script)
        # In one step: other threads read it meanwhile.
        app.callback_map = {**app.callback_map, late.callback_id: copied(late.entry)}
