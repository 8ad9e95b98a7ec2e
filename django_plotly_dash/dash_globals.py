"""The only room that touches what Dash keeps per process, so that several apps can live in one.

Dash documents one app per process: the app made last owns ``dash.get_app``, ``dash.get_asset_url`` and their like.
Here they speak for the app of the request that is being answered, and outside of one for the app made last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dash import _callback, _get_app, _get_paths, dcc

if TYPE_CHECKING:
    from dash import Dash


class _CurrentConfig:
    """Stands for ``app.config`` of the app that ``dash.get_app()`` gives."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_get_app.get_app().config, name)

    def __getitem__(self, name: str) -> Any:
        return _get_app.get_app().config[name]


_current_config = _CurrentConfig()


def app_made() -> None:
    """Undo what making an app has left in Dash's module globals. Call it after each."""
    _get_paths.CONFIG = _current_config  # type: ignore[assignment]
    _drop_repeated_plotlyjs()


@contextmanager
def speaking_for(app: Dash) -> Iterator[None]:
    """Let Dash's module-level functions speak for ``app`` inside the ``with`` block."""
    token = _get_app.app_context.set(app)
    try:
        yield
    finally:
        _get_app.app_context.reset(token)


def is_dashs_own(function: Any) -> bool:
    """True for callbacks that Dash registers for itself, such as the router of multi-page apps."""
    return str(getattr(function, "__module__", "")).split(".")[0] == "dash"


def take_api_path(path: str) -> Any:
    """Remove the function that has just been registered for an ``api_endpoint`` from Dash's list and give it."""
    return _callback.GLOBAL_API_PATHS.pop(path)


def _drop_repeated_plotlyjs() -> None:
    """Each new app lists plotly.js once more for all apps."""
    first: dict[str, Any] = {}
    for resource in dcc._js_dist:
        first.setdefault(repr(resource), resource)
    dcc._js_dist[:] = first.values()
