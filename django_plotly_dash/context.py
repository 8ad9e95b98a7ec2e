"""What differs from request to request, and nothing else, held in one ``ContextVar``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .djangodash import DjangoDash
    from .handed_over import HandedOver
    from .models import DashApp


class StateRecorder(Protocol):
    """Learns what a callback has received and returned, so that it can be saved."""

    def received(self, body: Mapping[str, Any]) -> None:
        """Take note of the values in the body of a callback request."""

    def returned(self, response: str | Mapping[str, Any]) -> None:
        """Take note of what Dash answers: its response, or the JSON of it."""

    def streamed(self, key: str, name: str, value: Any) -> None:
        """Take note of a property that was sent to the page while the callback runs, from any thread."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request to one app.

    Attributes:
        request: Django's request.
        app: the app that answers it.
        prefix: URL path at which the app answers here, with a slash at either end, percent-encoded.
        files_prefix: the same without what a page has handed over, where bundles and assets are asked for.
        path: what follows the prefix in the request's path, not encoded.
        instance: the saved instance, or None.
        handed: what the page that shows the app has handed over, or None where nothing can be.
        extras: makers of the values that callbacks and layout functions may name.
        overrides: what is laid over layouts: component key (see ``layout_state.key_of``) -> property -> value as JSON
            has it. The saved state of the instance, and on top of it the initial arguments.
        recorder: learns what callbacks receive and return, or None where nothing of it can be saved.
        scratch: where Dash keeps what belongs to the request, such as timings.
    """

    request: HttpRequest
    app: DjangoDash
    prefix: str
    path: str
    files_prefix: str = ""
    instance: DashApp | None = None
    handed: HandedOver | None = None
    extras: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recorder: StateRecorder | None = None
    scratch: SimpleNamespace = field(default_factory=SimpleNamespace)


_current: ContextVar[RequestContext | None] = ContextVar("django_plotly_dash_context", default=None)


def current() -> RequestContext | None:
    """The context of the request that is being answered, or None outside of one."""
    return _current.get()


def require() -> RequestContext:
    """The context of the request that is being answered.

    Raises:
        RuntimeError: no request to a Dash app is being answered.
    """
    found = _current.get()
    if found is None:
        raise RuntimeError("This works only while a request to a Dash app is being answered.")
    return found


@contextmanager
def opened(context: RequestContext) -> Iterator[RequestContext]:
    """Make ``context`` the current one for the length of a ``with`` block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
