"""Dash's backend contract, fulfilled by Django.

Dash calls the ``register_…`` and ``setup_…`` methods while an app is made.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase

from .. import context, csrf, standalone
from ..conf import has_settings
from ..exceptions import ConfigurationError, DjangoPlotlyDashError, RequestError
from ..initial_arguments import raises_unknown
from . import component_files, direct_answers, in_frame, websocket
from .answering import AnsweringServer
from .callbacks import ApiView, CallbackView
from .request import DjangoRequestAdapter
from .response import DjangoResponseAdapter, json_response, make_response
from .routes import Routes, View, is_page_or_file

if TYPE_CHECKING:
    from dash import Dash

    from ..djangodash import DjangoDash

logger = logging.getLogger("django_plotly_dash")
_GZIP = "django.middleware.gzip.GZipMiddleware"


class DjangoDashServer(AnsweringServer):
    """What Dash calls its backend; one per app.

    Attributes:
        websocket_capability: websockets can be had. Whether a page gets one, ``websocket.config_entry`` decides.
        moved_pages: paths of pages that have come to another app, without slashes around; nothing redirects there.
    """

    websocket_capability = True

    def __init__(self, server: Routes) -> None:
        super().__init__(server)
        self.server_type = "django"
        self.config: dict[str, Any] = {}
        self.request_adapter = DjangoRequestAdapter
        self.response_adapter = DjangoResponseAdapter
        self.moved_pages: set[str] = set()

    # --- Dash's contract ----------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.server(*args, **kwargs)

    @staticmethod
    def create_app(name: str = "__main__", config: Mapping[str, Any] | None = None) -> Routes:
        return Routes(name)

    def register_assets_blueprint(self, blueprint_name: str, assets_url_path: str, assets_folder: str) -> None:
        def serve_asset(path: str) -> HttpResponseBase:
            return component_files.asset(assets_folder, path)

        self.server.add(f"{assets_url_path.rstrip('/')}/<path:path>", serve_asset)

    def register_error_handlers(self) -> None:
        """Until dev tools are on, errors show nothing of themselves."""
        self.show_errors = False

    def register_prune_error_handler(self, secret: str, prune_errors: bool) -> None:
        """Show tracebacks. ``secret`` belongs to Werkzeug's interactive debugger, which is not used here."""
        self.show_errors = True
        self.prune_errors = prune_errors

    def register_timing_hooks(self, first_run: bool) -> None:
        self.timing = True

    def add_url_rule(
        self, rule: str, view_func: View, endpoint: str | None = None, methods: list[str] | None = None
    ) -> None:
        if view_func.__module__ == "dash.mcp._server" and methods == ["POST"]:
            view_func = _with_message(view_func)
        self.server.add(rule, view_func, methods)

    def add_redirect_rule(self, app: Dash, fullname: str, path: str) -> None:
        """Redirect a path of the app to another. Both come with the prefix of the moment, which is not the
        prefix of the request that will ask."""
        target = app.strip_relative_path(path) or ""

        def redirect() -> HttpResponse:
            if target in self.moved_pages:
                return self._page()
            query = context.require().request.META.get("QUERY_STRING")
            location = app.get_relative_path(f"/{target}") + (f"?{query}" if query else "")
            return HttpResponse(status=301, headers={"Location": location})

        self.server.add(self.server.base + (app.strip_relative_path(fullname) or ""), redirect)

    def before_request(self, func: Callable[[], Any]) -> None:
        """Run ``func`` before requests. Dash's own hooks set the app up and run once per process."""
        own = getattr(func, "__module__", "").split(".")[0] in ("dash", __name__.split(".")[0])
        (self._set_up if own else self._before).append(func)

    def after_request(self, func: Callable[[Any], Any]) -> None:
        """Run ``func`` with each response; what it returns takes the response's place."""
        self._after.append(func)

    def has_request_context(self) -> bool:
        return context.current() is not None

    def run(self, dash_app: Dash, host: str, port: int, debug: bool, **kwargs: Any) -> None:
        """Serve the app as a lone script; ``DjangoDash.run`` calls it."""
        standalone.serve(self._app, host, port, debug=debug, **kwargs)

    def make_response(
        self, data: Any, mimetype: str | None = None, content_type: str | None = None, status: int | None = None
    ) -> HttpResponse:
        return make_response(data, mimetype, content_type, status)

    def jsonify(self, obj: Any) -> HttpResponse:
        return json_response(obj)

    def enable_compression(self) -> None:
        """Compression is Django's business: the GZip middleware compresses bundles and callbacks alike."""
        if has_settings() and _GZIP not in settings.MIDDLEWARE:
            logger.warning("compress=True has no effect here: add %r to settings.MIDDLEWARE instead.", _GZIP)

    def register_callback_api_routes(self, callback_api_paths: Mapping[str, Callable[..., Any]]) -> None:
        """Serve functions at the ``api_endpoint`` of their callbacks, given by path.

        Raises:
            ConfigurationError: a path is one of the app's page or files.
        """
        for path, function in callback_api_paths.items():
            if is_page_or_file(path):
                raise ConfigurationError(
                    f"The api_endpoint {path!r} of a callback lies where {self._app!r} has its page or its files. "
                    "Those may be open to people who may not call callbacks. Give it another path, such as 'api/name'."
                )
            self.server.add(self.server.base + path.lstrip("/"), ApiView(self._app, function), ["POST"])

    def setup_component_suites(self, dash_app: Dash) -> None:  # type: ignore[override]
        def serve_bundle(package_name: str, fingerprinted_path: str) -> HttpResponseBase:
            return component_files.bundle(dash_app, package_name, fingerprinted_path)

        dash_app._add_url("_dash-component-suites/<string:package_name>/<path:fingerprinted_path>", serve_bundle)

    def serve_callback(self, dash_app: Dash) -> CallbackView:
        return CallbackView(self._app)

    def serve_websocket_callback(self, dash_app: Dash) -> None:
        """Nothing to do: the consumer in ``django_plotly_dash.routing`` answers for all apps."""

    def setup_index(self, dash_app: Dash) -> None:
        dash_app._add_url("", self._page)
        for path, answer in (
            (direct_answers.CONFIG, self._config),
            (direct_answers.FUNCTIONS, partial(direct_answers.functions, self._app)),
            (direct_answers.LAUNCHER, partial(direct_answers.launcher, self._app)),
        ):
            dash_app._add_url(path, answer)

    def setup_catchall(self, dash_app: Dash) -> None:
        """Paths that nothing else answers are the app's pages, which the browser routes."""
        self.server.fallback = self._page

    def _page(self) -> HttpResponse:
        self._check_handed()
        request = context.require().request
        if websocket.is_used_by(self._app):
            websocket.prepare_page(self._app, request)
        page = in_frame.finished(self._app.index(), request)  # type: ignore[no-untyped-call]
        response = make_response(page)
        csrf.hand_over_token(request, response)
        # The site's X_FRAME_OPTIONS stays as it is for the site's pages; this one is there to be framed by them.
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response

    def _config(self) -> HttpResponse:
        self._check_handed()
        return direct_answers.config(self._app)

    def _check_handed(self) -> None:
        """Say on the page itself, or in the place of an app without a frame, that values are gone, or are for
        components that the app does not have. Later, when the renderer asks for the layout, there is no good place."""
        handed = context.require().handed
        if handed is None:
            return
        handed.require()
        if handed.has_arguments and raises_unknown():
            try:
                self._app.get_layout()
            except DjangoPlotlyDashError:
                raise
            except Exception:  # the layout function's own error is reported where the layout is asked for
                logger.debug("The layout could not be compared with initial arguments", exc_info=True)

    def setup_backend(self, dash_app: Dash) -> None:
        self._app: DjangoDash = dash_app  # type: ignore[assignment]
        self.server.base = dash_app.config.routes_pathname_prefix


def _with_message(view: View) -> View:
    def answer_message() -> Any:
        if not isinstance(DjangoRequestAdapter().get_json(), dict):
            raise RequestError("The body has to be one JSON-RPC message: a JSON object.")
        return view()

    return answer_message
