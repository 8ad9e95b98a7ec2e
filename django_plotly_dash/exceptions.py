"""Every exception that this package raises of its own accord."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured


class DjangoPlotlyDashError(Exception):
    """Base of all exceptions of this package."""


class ConfigurationError(DjangoPlotlyDashError, ImproperlyConfigured):
    """A setting or an argument has a value that cannot work."""


class RegistrationError(DjangoPlotlyDashError):
    """An app cannot be registered under this name, or not now."""


class InjectionError(DjangoPlotlyDashError, TypeError):
    """A callback or layout function has a parameter that nobody can fill, or cannot take what Dash passes."""


class AppNotFoundError(DjangoPlotlyDashError, LookupError):
    """No app, or no saved instance, has the name that was asked for."""

    def __init__(self, kind: str, ident: str, nearest: tuple[str, ...] = ()) -> None:
        self.kind, self.ident, self.nearest = kind, ident, nearest
        near = f" The nearest known names are: {', '.join(nearest)}." if nearest else ""
        super().__init__(f"There is no {kind} named {ident!r}.{near}")


class RequestError(DjangoPlotlyDashError):
    """A request that the browser should not have sent; it is answered with ``status`` and the reason.

    Args:
        reason: one short sentence; it is sent to the client.
        status: HTTP status code, 4xx.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        self.reason, self.status = reason, status
        super().__init__(reason)


class SerializationError(DjangoPlotlyDashError, TypeError):
    """A layout or the result of a callback has something in it that cannot be written as JSON."""


class ToolError(DjangoPlotlyDashError):
    """An MCP tool could not answer; the text is for the client."""


class PipeError(DjangoPlotlyDashError):
    """A message for pipes could not be handed to the channel layer."""
