"""Dash's websocket callbacks: sockets, and their messages as Django requests."""

from .consumer import CallbackConsumer

__all__ = ["CallbackConsumer"]
