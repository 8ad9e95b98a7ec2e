"""How an app registers callbacks, and which ones it has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from . import background, dash_globals
from .app_part import AppPart
from .backend import DjangoDashServer, websocket
from .injection import error_handler, inject_callback
from .json_values import PlainProperties, plain, returning_plain
from .page_registry import PAGES_ROUTER, with_values
from .signatures import BACKGROUND_EXTRAS, EXTRAS, DashArguments


class AppCallbacks(AppPart):
    """The part of ``DjangoDash`` that has to do with callbacks.

    Attributes:
        may_import: the layout is a function, which may import modules that register callbacks, and this process has not
            called it yet.
        ids_from_inbox: ids of callbacks of ``dash.callback`` that this app has, or has refused.
        callbacks_lock: held while a callback is added, and while nothing else happens.
    """

    backend: DjangoDashServer
    may_import = False
    registrations_seen = 0
    dependencies_sent = False
    ids_from_inbox: set[str]
    callbacks_lock: threading.RLock
    import_lock: threading.RLock

    def callback(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """As in Dash; the function may also name extra arguments (see ``django_plotly_dash.injection``).

        Raises:
            InjectionError: on decoration, if the function has a parameter that nobody can fill.
        """
        kwargs["on_error"] = error_handler(kwargs.get("on_error"))
        with self._whole.callbacks_lock:
            register = super().callback(*args, **kwargs)
            callback_id = self._callback_list[-1]["output"]
            entry = self.callback_map[callback_id]
        background.attach(entry, callback_id)
        arguments = DashArguments.of_callback(entry)

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            own = dash_globals.is_dashs_own(function)
            available = BACKGROUND_EXTRAS if entry["background"] else EXTRAS
            wrapped = returning_plain(function if own else inject_callback(function, arguments, available))
            if own and callback_id.startswith(PAGES_ROUTER):
                wrapped = with_values(wrapped)
            if entry["background"]:
                entry["background"]["manager"].function = wrapped = background.with_source(wrapped)
            endpoint = kwargs.get("api_endpoint")
            with dash_globals.jobs_apart():
                register(wrapped)
                if endpoint:
                    self.callback_api_paths[endpoint] = dash_globals.take_api_path(endpoint)
            return function

        return decorate

    def background_callback(self, callback_id: str) -> background.BackgroundCallback | None:
        """For workers: the background callback of that id, or None."""
        entry = self.callback_map.get(callback_id) or dash_globals.entries_of(self._whole).get(callback_id) or {}
        found = (entry.get("background") or {}).get("manager")
        return found if isinstance(found, background.BackgroundCallback) else None

    def prepare_background(self) -> None:
        """Make the managers of the background callbacks, as far as they are known.

        Raises:
            ConfigurationError: a manager cannot be made.
        """
        background.prepare(self._whole, [*self.callback_map.values(), *dash_globals.entries_of(self._whole).values()])

    def uses_websockets(self) -> bool:
        """Whether callbacks of this app ask for a websocket, as far as they are known before the first request."""
        known = dash_globals.entries_of(self._whole).values()
        return websocket.is_used_by(self._whole) or any(entry.get("websocket") for entry in known)

    def known_callbacks(self) -> dict[str, Any]:
        """Dash's ``callback_map``, with callbacks of ``dash.callback`` that reach it with the first request."""
        return {**self.callback_map, **dash_globals.entries_of(self._whole)}

    # --- those that come late -----------------------------------------------------------------------------------

    def misses_callbacks(self) -> bool:
        """Whether callbacks may have been registered since the app was set up; the backend asks before each request."""
        return dash_globals.misses_callbacks(self._whole)

    def take_in_late_callbacks(self) -> None:
        """Take those that have been."""
        if self.misses_callbacks():
            with self.backend.set_up_lock:
                dash_globals.take_in_late_callbacks(self._whole)

    def import_for(self, callback_id: str) -> None:
        """For a callback that another process may know: call the layout function unless this process has done so, and
        take the callbacks of what it imports.

        Raises:
            Exception: whatever the layout function raises. Whether there is such a callback is not known then.
        """
        with self.import_lock:
            self.take_in_late_callbacks()
            if self.may_import and callback_id not in self.callback_map:
                with dash_globals.speaking_for(self):
                    self._whole._layout_value()
        self.take_in_late_callbacks()

    def dependencies(self) -> Any:
        """As in Dash: what the renderer has to know of all callbacks. ``running`` may hold any value of a property."""
        self.take_in_late_callbacks()
        self.dependencies_sent = True
        return self.backend.jsonify(plain(self._callback_list, "The callbacks' arguments"))

    def _initialize_context(self, body: Any) -> Any:
        found = super()._initialize_context(body)
        found.updated_props = PlainProperties()
        return found
