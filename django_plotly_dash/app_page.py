"""What an app sends to the browser besides the results of callbacks: its page, its configuration, its layout."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from . import context, dash_globals, file_urls, live_page, prefix
from .app_part import AppPart
from .backend import DjangoDashServer, websocket
from .initial_arguments import settle
from .json_values import plain
from .layout_state import applied
from .page_registry import Page


class AppPage(AppPart):
    """The part of ``DjangoDash`` that answers GETs."""

    backend: DjangoDashServer
    pages: OrderedDict[str, Page]

    # --- values that leave as JSON ------------------------------------------------------------------------------

    def get_layout(self) -> Any:
        """As in Dash: the layout of this request, made of values that can be written as JSON.

        Raises:
            SerializationError: something in it cannot be written.
        """
        # Written out, since releases before 4.3 have no method for it.
        with dash_globals.speaking_for(self):
            layout = self._whole._layout_value()
            for hook in self._hooks.get_hooks("layout"):
                layout = hook(layout)
            layout = plain(layout, "The layout")
            found = context.current()
            if found is not None:
                layout = applied(layout, found.overrides)
                if found.handed is not None and found.handed.has_arguments:
                    settle(found.handed.initial_arguments, layout, self._other_layouts())
            return layout

    def _other_layouts(self) -> list[Callable[[], Any]]:
        """Functions that give what else belongs to the app: pages, those that must be called for it last."""
        pages = [page.get("layout") for page in self.pages.values()]
        ready = [self._validation_layout, *(page for page in pages if not callable(page))]
        return [lambda: ready, *filter(callable, pages)]

    def serve_layout(self) -> Any:
        """As in Dash: the response with the layout."""
        return self.backend.jsonify(self.get_layout())

    @property
    def title(self) -> Any:
        """The page's title; a lazy translation is in the language of the request."""
        return plain(self._title, "The title")

    @title.setter
    def title(self, value: Any) -> None:
        self._title = value

    # --- the page -----------------------------------------------------------------------------------------------

    def _collect_and_register_resources(self, resources: Any, include_async: bool = True, url_attr: str = "src") -> Any:
        collect: Callable[..., Any] = super()._collect_and_register_resources
        with prefix.of_files():
            return file_urls.of_page(self._whole, collect(resources, include_async, url_attr), url_attr)

    def get_asset_url(self, path: str) -> str:
        """As in Dash: the URL of a file in the assets folder. It is that of the static file, if staticfiles has it."""
        with prefix.of_files():
            return file_urls.of_asset(self._whole, path) or super().get_asset_url(path)

    def interpolate_index(self, *args: Any, **parts: Any) -> Any:
        """As in Dash: the page, put together of its parts."""
        if "favicon" in parts:
            parts["favicon"] = file_urls.of_icon(parts["favicon"])
        return super().interpolate_index(*args, **parts)  # type: ignore[no-untyped-call]

    def _config(self) -> dict[str, Any]:
        """As in Dash: what the page tells the renderer; of websockets only where one can be answered."""
        make: Callable[[], dict[str, Any]] = super()._config
        config, plotly = make(), file_urls.of_plotly(self._whole)
        entry = websocket.config_entry(self._whole, config.pop("websocket", {}))
        if entry is not None:
            config["websocket"] = entry
        # All that the renderer does with serve_locally is to make up a URL of plotly.js below the app's own path.
        return config if plotly is None else {**config, "serve_locally": False, "plotlyjs_url": plotly}

    def csp_hashes(self, hash_algorithm: str = "sha256") -> Sequence[str]:
        """As in Dash: hashes of the inline scripts of this app's page, for a Content-Security-Policy. Before the first
        request, those of the callbacks that have been registered by then."""
        if self._got_first_request["setup_server"]:
            return super().csp_hashes(hash_algorithm)
        with self.backend.set_up_lock, dash_globals.callbacks_of(self._whole):
            own = list(self._inline_scripts)
            try:
                return super().csp_hashes(hash_algorithm)
            finally:
                if not self._got_first_request["setup_server"]:
                    self._inline_scripts = own  # set-up adds the others

    def _generate_scripts_html(self) -> str:
        found = context.current()
        live = live_page.script_of_app(found.request) if found is not None else ""
        return super()._generate_scripts_html() + live
