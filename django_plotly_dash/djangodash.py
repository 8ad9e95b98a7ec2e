"""``DjangoDash``: a ``dash.Dash`` whose server is Django."""

from __future__ import annotations

import functools
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from dash import _validate, html, page_container
from dash._configs import get_combined_config
from dash._utils import AttributeDict
from dash.development.base_component import Component
from django.utils.autoreload import BaseReloader, autoreload_started

from . import bootstrap, dash_globals, mcp, standalone, write_policy
from .addresses import Addressed
from .app_callbacks import AppCallbacks
from .app_page import AppPage
from .backend import DjangoDashServer
from .conf import app_settings
from .dev_tools import refuse_unknown, switch, watch
from .exceptions import ConfigurationError
from .injection import error_handler, inject_layout
from .json_values import plain
from .page_registry import Page, skeleton
from .registry import importing_module, registry, run_of_module, slug_of
from .request_config import RequestConfig

logger = logging.getLogger("django_plotly_dash")


class DjangoDash(mcp.ToolsOfRequest, Addressed, AppCallbacks, AppPage):
    """A Dash app that Django serves.

    Make it when a module is imported: ``dash_apps.py`` of an installed app is found by itself. It is used as any
    Dash app; callbacks and layout functions may also name ``request``, ``user``, ``session_state``, ``dash_app``,
    ``dash_app_id``, ``params`` and (callbacks only) ``callback_context``.

    Args:
        name: identifies the app in template tags and URLs. Without one, a name is made from the module's.
        serve_locally: serve component bundles from this site rather than from a CDN; None takes the setting.
        add_bootstrap_links: load Bootstrap's style sheet, the one that django-bootstrap4 or -5 is configured with
            where one of them is installed.
        suppress_callback_exceptions: as in Dash.
        external_stylesheets: as in Dash.
        external_scripts: as in Dash.
        dev_tools: Dash's dev tools on or off, or a dict of arguments for ``enable_dev_tools``; None takes
            ``PLOTLY_DASH["dev_tools"]``, and where that is None, ``settings.DEBUG``.
        global_callbacks: modules or packages, or their names, whose callbacks of ``dash.callback`` are this app's.
            Needed only where it cannot be told from where the modules lie.
        state_write_policy: who may save the state of this app's instances by using them; None takes
            ``PLOTLY_DASH["state_write_policy"]``.
        dash_kwargs: any other argument of ``dash.Dash``.

    Raises:
        RegistrationError: the name is taken by another app, or a request is being answered.
        ConfigurationError: a server or a backend was given; Django is both. Or there is no such policy.
    """

    do_not_call_in_templates = True
    backend: DjangoDashServer

    def __init__(
        self,
        name: str | None = None,
        serve_locally: bool | None = None,
        add_bootstrap_links: bool = False,
        suppress_callback_exceptions: bool | None = None,
        external_stylesheets: Sequence[str | dict[str, Any]] | None = None,
        external_scripts: Sequence[str | dict[str, Any]] | None = None,
        *,
        dev_tools: bool | dict[str, Any] | None = None,
        global_callbacks: Sequence[str | ModuleType] = (),
        state_write_policy: str | Callable[..., Any] | None = None,
        **dash_kwargs: Any,
    ) -> None:
        if dash_kwargs.pop("server", True) not in (True, False, None) or dash_kwargs.pop("backend", None) is not None:
            raise ConfigurationError(
                f"DjangoDash {name!r} was given a server or a backend. Django is both: leave the argument out."
            )
        if dash_kwargs.pop("app_name", None) is not None:
            logger.warning("app_name of the app %r has no effect: the name is enough.", name)
        if state_write_policy is not None:
            write_policy.refuse_unknown(state_write_policy, f"state_write_policy of the app {name!r}")
        self.state_write_policy = state_write_policy
        self.module, self.run_of_module = importing_module(self), run_of_module(self)
        self.app_name = name or registry.generated_name(self.module)
        self.slug = slug_of(self.app_name)
        self._dev_tools_wanted = dev_tools
        self.websocket_pool_size: int | None = dash_kwargs.get("websocket_max_workers")
        self.global_callbacks = tuple(global_callbacks)
        self.pages: OrderedDict[str, Page] = OrderedDict()
        self.callbacks_lock, self.import_lock = threading.RLock(), threading.RLock()
        self.ids_from_inbox: set[str] = set()
        self.is_setting_up = self.pages_depend_on_request = self._layout_validated = False
        locally = app_settings().serve_locally if serve_locally is None else serve_locally
        stylesheets = bootstrap.links(add_bootstrap_links, serve_locally=locally)
        with dash_globals.making(self):
            super().__init__(
                name=self.module,
                backend=DjangoDashServer,
                serve_locally=locally,
                suppress_callback_exceptions=suppress_callback_exceptions,
                external_stylesheets=[*stylesheets, *(external_stylesheets or ())],
                external_scripts=list(external_scripts or ()),
                **{"add_log_handler": False, **dash_kwargs, "use_async": False},
            )
        if add_bootstrap_links:
            bootstrap.add_copy(self)
        mcp.take_places()
        self._on_error = error_handler(self._on_error)
        for argument in ("csrf_token_name", "csrf_header_name"):
            if argument in dash_kwargs:
                logger.warning("%s has no effect: settings.CSRF_COOKIE_NAME and CSRF_HEADER_NAME decide.", argument)
        if self.config.extra_hot_reload_paths:
            autoreload_started.connect(self._watch_extra_paths)
        registry.register(self)
        dash_globals.settle_pages()

    def __repr__(self) -> str:
        return f"<DjangoDash {self.app_name!r} of {self.module}>"

    # --- what the older package's users call --------------------------------------------------------------------

    def as_dash_instance(self) -> DjangoDash:
        """The Dash app, which this object is."""
        return self

    def expanded_callback(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """The same as ``callback``."""
        return self.callback(*args, **kwargs)

    # --- a lone script ------------------------------------------------------------------------------------------

    def run(  # type: ignore[override]
        self,
        host: str | None = None,
        port: str | int | None = None,
        *,
        debug: bool | None = None,
        hide_all_callbacks: bool = False,
        use_reloader: bool | None = None,
        threaded: bool = True,
        **dev_tools: Any,
    ) -> None:
        """Serve this app at ``/`` from a lone script, with Django's development server and settings in memory.

        Args:
            host: address to listen at; by default ``HOST`` of the environment, else 127.0.0.1.
            port: by default ``PORT`` of the environment, else 8050.
            debug: Django's DEBUG, Dash's dev tools and reloading; by default ``DASH_DEBUG`` of the environment.
            hide_all_callbacks: leave callbacks out of the dev tools' graph unless they say ``hidden=False``.
            use_reloader: start anew when a file changes; by default as ``debug``.
            threaded: answer each request in a thread of its own.
            dev_tools: the ``dev_tools_...`` arguments of ``dash.Dash.run``. Its ``proxy`` and ``jupyter_...`` are
                taken and have no effect.

        Raises:
            ConfigurationError: Django has settings already, the port is not one, or an argument is not known.
        """
        dev_tools = standalone.without_ignored(dev_tools)
        refuse_unknown(dev_tools)
        host, port = standalone.address(host, port)
        standalone.refuse_in_project(host, port)
        debug = get_combined_config("debug", debug, False)
        self.config["hide_all_callbacks"] = hide_all_callbacks
        made_with = self._dev_tools_wanted if isinstance(self._dev_tools_wanted, dict) else {}
        # There is one process that answers, so pages can ask it whether to reload.
        asked = {"debug": debug, "dev_tools_hot_reload": None, **made_with, **dev_tools}
        self._dev_tools_wanted = asked if debug or dev_tools else False
        self.backend.run(
            self,
            host,
            port,
            debug,
            reloader=debug if use_reloader is None else use_reloader,
            threaded=threaded,
            websockets=self.uses_websockets(),
        )

    def enable_pages(self) -> None:
        """As in Dash: imports the modules of the pages folder."""
        # By now Dash has put this app into its globals, and other threads answer requests for other apps.
        dash_globals.take_places()
        super().enable_pages()

    # --- what differs from request to request -------------------------------------------------------------------

    @property
    def config(self) -> RequestConfig:
        """Dash's configuration; it answers with the URL prefix and the CSRF names of the request."""
        return self._config_of_requests

    @config.setter
    def config(self, values: AttributeDict) -> None:
        self._config_of_requests = RequestConfig(values, self)

    # --- layouts ------------------------------------------------------------------------------------------------

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Let Dash's module-level functions speak for this app inside the ``with`` block."""
        with dash_globals.speaking_for(self):
            yield

    @property
    def layout(self) -> Any:
        """The layout: a component, a list of components, or a function, which is called for each request."""
        return self._layout

    @layout.setter
    def layout(self, value: Any) -> None:
        _validate.validate_layout_type(value)
        self._layout_is_function = callable(value)
        self._layout = self._layout_of_request(inject_layout(value)) if callable(value) else value
        self._layout_validated, self.may_import = False, callable(value)

    def _layout_value(self) -> Any:
        value = super()._layout_value()  # type: ignore[no-untyped-call]
        if self.is_setting_up:
            return value
        self.may_import = False
        if not self._layout_validated:
            _validate.validate_layout(self._layout, plain(value, "The layout"))
            self._layout_validated = True
        return value

    def _layout_of_request(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def layout(*args: Any, **kwargs: Any) -> Any:
            if self.is_setting_up:
                # Dash calls it now, to validate it. That waits for the request that asks for the layout, since the
                # layout is that request's: its user's, its session's.
                return html.Div(page_container) if self.use_pages else html.Div()
            return function(*args, **kwargs)

        return layout

    # --- set-up before the first request ------------------------------------------------------------------------

    @contextmanager
    def setting_up(self) -> Iterator[None]:
        """For the backend: one step of what Dash does before the first request. If it fails, the next request
        tries it again from where it began; Dash by itself would take the step for done.

        Raises:
            Exception: whatever the step has raised.
        """
        done = dict(self._got_first_request)
        files = (self.scripts._resources._resources, self.css._resources._resources)
        kept = [list(resources) for resources in files]
        callbacks = list(self._callback_list), dict(self.callback_map), list(self._inline_scripts)
        self.is_setting_up = True
        try:
            yield
            self._keep_ids_only()
        except BaseException:
            self._got_first_request = done
            for resources, before in zip(files, kept, strict=True):
                resources[:] = before
            self._callback_list, self.callback_map, self._inline_scripts = callbacks
            raise
        finally:
            self.is_setting_up = False

    def _setup_server(self) -> None:
        switch(self, self._dev_tools_wanted)
        self.registrations_seen = dash_globals.inbox.completions
        with dash_globals.callbacks_of(self):
            try:
                super()._setup_server()  # type: ignore[no-untyped-call]
            except RecursionError:
                plain(self._layout, "The layout")  # names what contains itself
                raise
        self.callback_api_paths.update(dash_globals.api_paths_of(self))
        self.backend.register_callback_api_routes(self.callback_api_paths)

    def _watch_extra_paths(self, sender: BaseReloader, **_: Any) -> None:
        watch(sender, self.config.extra_hot_reload_paths)

    def setup_apis(self) -> None:
        """Nothing is left to do: endpoints are served as soon as their callbacks are registered."""

    def _keep_ids_only(self) -> None:
        """Dash sends the layouts of all pages with each page, so that the renderer can tell a wrong id."""
        if self.pages_depend_on_request and not self.config.suppress_callback_exceptions:
            self.config.suppress_callback_exceptions = True
        if isinstance(self.validation_layout, Component):
            self.validation_layout = skeleton(self.validation_layout)
