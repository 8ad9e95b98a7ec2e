"""Dash's configuration of one app, in which some values belong to the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dash._utils import AttributeDict

from . import csrf, prefix

if TYPE_CHECKING:
    from .djangodash import DjangoDash


class RequestConfig(AttributeDict):
    """What ``app.config`` is. Dash's code reads it in many places, and gets what is right for this request.

    Args:
        values: the configuration that Dash has made.
        app: whose it is.
    """

    def __init__(self, values: AttributeDict, app: DjangoDash) -> None:
        super().__init__(values)
        object.__setattr__(self, "_app", app)

    def __getitem__(self, key: str) -> Any:
        live = _LIVE.get(key)
        return live(self.__dict__["_app"]) if live else super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As of any dict."""
        return self[key] if key in self else default  # noqa: SIM401 - it is what this defines


_LIVE: dict[str, Callable[[DjangoDash], str]] = {
    "requests_pathname_prefix": prefix.of_app,
    "csrf_token_name": lambda app: csrf.cookie_name(),
    "csrf_header_name": lambda app: csrf.header_name(),
}
