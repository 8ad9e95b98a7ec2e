"""The Dash server for Django: what Dash calls its backend."""

from .server import DjangoDashServer

__all__ = ["DjangoDashServer"]
