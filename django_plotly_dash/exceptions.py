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

    def __init__(self, kind: str, ident: str, nearest: tuple[str, ...] = (), hint: str = "") -> None:
        self.kind, self.ident, self.nearest = kind, ident, nearest
        near = f" The nearest known names are: {', '.join(nearest)}." if nearest else ""
        super().__init__(f"There is no {kind} named {ident!r}.{near} {hint}".rstrip())


class RequestError(DjangoPlotlyDashError):
    """A request that the browser should not have sent; it is answered with ``status`` and the reason.

    Args:
        reason: one short sentence; it is sent to the client.
        status: HTTP status code, 4xx.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        self.reason, self.status = reason, status
        super().__init__(reason)


class StateTextError(DjangoPlotlyDashError, ValueError):
    """A saved state, as text, is not what a state can be.

    Args:
        reason: a sentence or two.
        line: where in the text, from 1; 0 if that cannot be told.
        column: likewise.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        self.reason, self.line, self.column = reason, line, column
        super().__init__(f"Line {line}, column {column}: {reason}" if line else reason)


class StateFileError(DjangoPlotlyDashError, ValueError):
    """A file of saved instances cannot be imported; nothing of it was.

    Args:
        problems: everything that is wrong with it, a sentence each.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class HandedOverError(DjangoPlotlyDashError, ValueError):
    """Initial arguments or params that cannot be handed to an app; the message says what was given and what can be."""


class StateError(DjangoPlotlyDashError):
    """The state of a saved instance cannot be used, or was not saved. ``reason`` is a word for programs."""

    reason = ""


class BrokenStateError(StateError):
    """What is stored as the state of an instance cannot be read; it is left as it is until somebody corrects it."""

    reason = "broken"

    def __init__(self, name: str, trouble: str) -> None:
        self.name, self.trouble = name, trouble
        super().__init__(
            f"The saved state of {name!r} cannot be read. {trouble} Nothing is written over it: correct its "
            "base_state, in the admin for instance, or make it {} to begin anew."
        )


class StateTooLargeError(StateError):
    """The state of an instance would grow beyond what the settings allow. Sizes are in bytes."""

    reason = "size"

    def __init__(self, name: str, size: int, allowed: int) -> None:
        super().__init__(
            f"The state of {name!r} would have {size} bytes, and PLOTLY_DASH['state_max_bytes'] is {allowed}. It was "
            "not saved. Take what is large out of base_state, where it would not be tracked any more, or allow more."
        )


class InstanceGoneError(StateError):
    """The row of a saved instance was deleted meanwhile."""

    reason = "gone"

    def __init__(self, name: str) -> None:
        super().__init__(f"The saved instance {name!r} was deleted; its state was not saved.")


class UnknownArgumentsError(HandedOverError):
    """Initial arguments name a component or a property that the app does not have."""


class SerializationError(DjangoPlotlyDashError, TypeError):
    """A layout or the result of a callback has something in it that cannot be written as JSON."""


class ToolError(DjangoPlotlyDashError):
    """An MCP tool could not answer; the text is for the client."""


class PipeError(DjangoPlotlyDashError):
    """A message for pipes could not be handed to the channel layer."""
