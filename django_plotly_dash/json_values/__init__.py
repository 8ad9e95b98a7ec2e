"""Values that Dash's JSON writer does not know, or knows only with orjson, made plain before Dash writes them."""

from __future__ import annotations

from .conversion import plain, sendable, written
from .results import PlainProperties, explaining, refuse_unwritable, returning_plain

__all__ = ["PlainProperties", "explaining", "plain", "refuse_unwritable", "returning_plain", "sendable", "written"]
