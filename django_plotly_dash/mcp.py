"""MCP: an app's callbacks, functions and layout as tools and resources for programs that speak the protocol.

Dash serves it (``enable_mcp=True``) and keeps what it serves per process, and some of it from the first client on.
Here tools belong to apps, by the rule of ``attribution``, and what was found out for one request serves no other: a
tool's description has values in it that callbacks gave to the user who asked.
"""

from __future__ import annotations

import functools
import inspect
import json
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from asgiref.sync import async_to_sync
from dash import html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from . import context, dash_globals, registry
from .attribution import Origin, owners
from .backend import error_page
from .backend.routes import is_page_or_file
from .exceptions import ConfigurationError, RegistrationError, ToolError
from .json_values import explaining, plain
from .signatures import EXTRAS, LAYOUT_EXTRAS, is_async

if TYPE_CHECKING:
    from .djangodash import DjangoDash

logger = logging.getLogger("django_plotly_dash")
_HOLD_PAGE_REGISTRY = (
    "dash._layout_utils",
    "dash.mcp.primitives.resources.resource_pages",
    "dash.mcp.primitives.resources.resource_page_layout",
)


class _DecoratedFunctions(dict[str, Any]):
    """In the place of Dash's process-wide dict, which has one function of a name; always empty for who reads it."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str, str, str], tuple[Origin, dict[str, Any]]] = {}

    def __setitem__(self, name: str, registration: dict[str, Any]) -> None:
        module = registry.importing_module()
        self.add(name, Origin(module, registry.registry.last_of_module(module), shared=False), registration)

    def add(self, name: str, origin: Origin, registration: dict[str, Any]) -> None:
        self._known[origin.module, origin.app.slug if origin.app else "", name] = origin, registration

    def of(self, app: DjangoDash) -> dict[str, dict[str, Any]]:
        known = self._known.items()
        return {name: found for (_, _, name), (origin, found) in known if app in _owners(name, origin)}

    def check(self) -> None:
        for (_, _, name), (origin, _) in self._known.items():
            _owners(name, origin)


_functions = _DecoratedFunctions()


def take_places() -> None:
    """Put objects of ours in the places of Dash's, in those of its modules that have been imported by now."""
    for name in _HOLD_PAGE_REGISTRY:
        if name in sys.modules:
            sys.modules[name].PAGE_REGISTRY = dash_globals.page_registry  # type: ignore[attr-defined]
    decorator: Any = sys.modules.get("dash.mcp._decorator")
    if decorator is None or decorator.MCP_DECORATED_FUNCTIONS is _functions:
        return
    for name, registration in decorator.MCP_DECORATED_FUNCTIONS.items():
        _functions.add(name, Origin(registration["fn"].__module__, None, shared=False), registration)
    decorator.MCP_DECORATED_FUNCTIONS = _functions


def answers_at(path: str, name: str | None) -> bool:
    """True if an app answers to MCP at that path below its prefix.

    Args:
        path: what follows the prefix.
        name: the app's name; None for a saved instance, whose app is known only once its row is read. Then any app may.
    """
    if name is not None:
        return name in registry.registry and registry.registry[name].mcp_path == path
    return any(app.mcp_path == path for app in registry.registry)


def functions_of(app: DjangoDash) -> dict[str, dict[str, Any]]:
    """The functions of ``mcp_enabled`` that are tools of this app; they get the extras that they name.

    Raises:
        RegistrationError: it cannot be told whose tool a function is.
    """
    take_places()
    return {
        name: {**registration, "fn": inject_tool(app, registration["fn"])}
        for name, registration in _functions.of(app).items()
    }


def check_functions() -> None:
    """Find out whether each function's app can be told.

    Raises:
        RegistrationError: it cannot.
    """
    take_places()
    _functions.check()


def whole_layout(app: DjangoDash) -> Component:
    """The layout of this request with all pages, in which Dash looks components up. Made once for a request."""
    scratch = context.require().scratch
    if not hasattr(scratch, "mcp_layout"):
        pages = [page["layout"] for page in app.pages.values()]
        shown = [page() if callable(page) else page for page in pages]
        scratch.mcp_layout = html.Div([app.get_layout(), *plain(shown)])
    layout: Component = scratch.mcp_layout
    return layout


def inject_tool(app: DjangoDash, function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function of ``mcp_enabled``: the server fills the extras, and clients neither see nor fill them.

    Raises:
        ToolError: when it is called, if a client fills an extra, or the function fails.
    """
    signature = inspect.signature(function)
    # With **kwargs a function gets all extras, as a callback does, and a client must not pass for one of them.
    takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values())
    wanted = [name for name in LAYOUT_EXTRAS if takes_all or name in signature.parameters]
    visible = signature.replace(parameters=[p for name, p in signature.parameters.items() if name not in wanted])
    call = async_to_sync(function) if is_async(function) else function

    @functools.wraps(function)
    def tool(**arguments: Any) -> Any:
        taken = [name for name in EXTRAS if name in arguments and (name in wanted or takes_all)]
        if taken:
            raise ToolError(f"These arguments are filled by the server: {', '.join(taken)}.")
        visible.bind(**arguments)
        extras = context.require().extras
        return guarded(app, lambda: plain(call(**arguments, **{name: extras[name]() for name in wanted})))()

    tool.__signature__ = visible  # type: ignore[attr-defined]
    return tool


def guarded(app: DjangoDash, function: Callable[[], Any], *, is_trial: bool = False) -> Callable[[], Any]:
    """For a call by an MCP client: coroutines are run to their end, and an error is logged as that of a callback is.
    Dash sends the text of any exception to the client; without dev tools it is to show nothing of itself.

    Args:
        is_trial: the client has called something else, and an error is nobody's.

    Raises:
        ToolError: when it is called, if the function raises anything but ``PreventUpdate``.
    """

    def call() -> Any:
        try:
            result = function()
            return async_to_sync(_awaited)(result) if inspect.iscoroutine(result) else result
        except PreventUpdate:
            raise
        except Exception as error:  # whatever the user's function raises is logged and answered
            show = app.backend.show_errors
            if is_trial:
                logger.debug("A callback fails with what the layout shows: %r", error)
            else:
                error_page.answer(error, context.require().request, debug=False, prune=True)
            raise ToolError(f"{type(error).__name__}: {error}" if show else "The server could not answer.") from None

    return call


async def _awaited(coroutine: Any) -> Any:
    return await coroutine


def _owners(name: str, origin: Origin) -> list[DjangoDash]:
    try:
        return owners(name, origin, [app for app in registry.registry if app.mcp_path])
    except RegistrationError as error:
        raise RegistrationError(
            f"The function {name!r} of mcp_enabled, in module {origin.module}, could be a tool of several apps. Put it "
            f"into the module of its app, or name its module where the app is made: "
            f"DjangoDash(..., global_callbacks=[{origin.module!r}])."
        ) from error


class ToolsOfRequest:
    """What Dash's MCP server reads and writes of an app. ``DjangoDash`` is one; each request finds notes of its own."""

    _validation_layout: Any

    @property
    def mcp_path(self) -> str | None:
        """What follows the app's prefix where it answers to MCP; None if it does not."""
        # The first releases of Dash that are supported have no MCP.
        return self._mcp_path if getattr(self, "_enable_mcp", False) else None

    @property
    def _mcp_path(self) -> str:
        return self._mcp_path_given

    @_mcp_path.setter
    def _mcp_path(self, value: str) -> None:
        # Dash sets it while the app is made. An error later, when Dash adds the route, would only be logged.
        if getattr(self, "_enable_mcp", False) and is_page_or_file(value):
            raise ConfigurationError(
                f"mcp_path is {value!r}, which lies where {self!r} has its page or its files. Those may be open to "
                "people who may not call callbacks. Give it another path, such as 'tools/mcp'."
            )
        self._mcp_path_given = value

    @property
    def mcp_callback_map(self) -> Any:
        """Dash's notes on callbacks as tools. They hold what callbacks gave to one user: one request has them."""
        found = context.current()
        return getattr(found.scratch, "mcp_callback_map", None) if found else None

    @mcp_callback_map.setter
    def mcp_callback_map(self, value: Any) -> None:
        found = context.current()
        if found is not None:
            found.scratch.mcp_callback_map = value

    @property
    def mcp_decorated_functions(self) -> dict[str, dict[str, Any]]:
        """The functions of ``mcp_enabled`` that are tools of this app."""
        return functions_of(cast("DjangoDash", self))

    @mcp_decorated_functions.setter
    def mcp_decorated_functions(self, value: Any) -> None:
        """Dash would give each app those of all."""

    @property
    def validation_layout(self) -> Any:
        """As in Dash. MCP looks components up in it, and gets those of the request."""
        return self._validation_layout if self.mcp_callback_map is None else whole_layout(cast("DjangoDash", self))

    @validation_layout.setter
    def validation_layout(self, value: Any) -> None:
        self._validation_layout = value

    def _prepare_callback(self, g: Any, body: Any) -> Any:
        if self.mcp_callback_map is not None:
            context.require().scratch.mcp_is_trial = not _is_called(self.mcp_callback_map, body["output"])
        return super()._prepare_callback(g, body)  # type: ignore[misc]

    def _execute_callback(self, *args: Any) -> Callable[[], Any]:
        call: Callable[[], Any] = super()._execute_callback(*args)  # type: ignore[misc]
        if self.mcp_callback_map is None:
            return call
        is_trial = context.require().scratch.mcp_is_trial
        return guarded(cast("DjangoDash", self), explaining(call, args[-1]), is_trial=is_trial)


def _is_called(tools: Any, callback_id: str) -> bool:
    """Whether it is this callback that the client calls. Dash also tries callbacks with what the layout shows, to
    describe tools by what they give."""
    message = json.loads(context.require().request.body)
    name = (message.get("params") or {}).get("name", "") if message.get("method") == "tools/call" else ""
    called = tools.find_by_tool_name(name)
    return called is not None and called.output_id == callback_id
