"""Background callbacks: Dash's managers run them; what of a request they need crosses to the worker, sealed."""

from __future__ import annotations

from .jobs import BackgroundCallback
from .registration import attach, prepare, with_source

__all__ = ["BackgroundCallback", "attach", "prepare", "with_source"]
