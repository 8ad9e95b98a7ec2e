"""Where the older package's users import these from; the rooms are ``djangodash`` and ``registry``."""

from __future__ import annotations

from typing import Any

from dash._utils import stringify_id

from .djangodash import DjangoDash
from .registry import registry

__all__ = ["DjangoDash", "get_local_stateless_by_name", "wid2str"]


def get_local_stateless_by_name(name: str) -> DjangoDash:
    """The app of that name.

    Raises:
        AppNotFoundError: there is none.
    """
    return registry[name]


def wid2str(wid: str | dict[str, Any]) -> str:
    """A component's id as Dash writes it: a string as it is, a dict as JSON with sorted keys."""
    return stringify_id(wid)
