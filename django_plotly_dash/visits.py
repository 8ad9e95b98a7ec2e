"""One request to one app: its context, and what is saved when it ends.

This is where the extra arguments of callbacks come from.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from dash.exceptions import PreventUpdate
from django.http import HttpRequest

from . import context, dash_globals
from .injection import CallbackContext
from .session_state import SessionState

if TYPE_CHECKING:
    from .lookup import Found


class Visit:
    """A context manager, sync and async. Session state is saved when the block ends well and changed it.

    Args:
        request: Django's request.
        found: the app, and the saved instance or None.
        prefix: URL path at which the app answers this request.
        path: the part of the request's path behind the prefix.
    """

    def __init__(self, request: HttpRequest, found: Found, prefix: str, path: str) -> None:
        self.session_state = SessionState(request)
        self.context = context.RequestContext(
            request=request,
            app=found.app,
            prefix=prefix,
            path=path,
            instance=found.instance,
            extras={
                "callback_context": CallbackContext,
                "dash_app": lambda: found.app if found.instance is None else found.instance,
                "dash_app_id": lambda: found.slug,
                "request": lambda: request,
                "session_state": lambda: self.session_state.values,
                "user": lambda: getattr(request, "user", None),
            },
        )
        # A layout is asked for by GET, and GET does not write.
        self._saves = request.method == "POST"
        self._stack = ExitStack()

    def __enter__(self) -> context.RequestContext:
        self._enter()
        return self.context

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if self._has_changes(error):
            self.session_state.save()

    async def __aenter__(self) -> context.RequestContext:
        self._enter()
        return self.context

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if self._has_changes(error):
            await sync_to_async(self.session_state.save)()

    def _enter(self) -> None:
        managers: tuple[AbstractContextManager[Any], ...] = (
            context.opened(self.context),
            dash_globals.speaking_for(self.context.app),
        )
        for manager in managers:
            self._stack.enter_context(manager)

    def _has_changes(self, error: BaseException | None) -> bool:
        ended_well = error is None or isinstance(error, PreventUpdate)
        return self._saves and ended_well and bool(self.session_state.changes())
