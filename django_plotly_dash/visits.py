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
from .handed_over import HandedOver
from .injection import CallbackContext
from .layout_state import of_saved
from .saved_state import Recorder
from .session_state import SessionState

if TYPE_CHECKING:
    from .lookup import Found


class Visit:
    """A context manager, sync and async. Session state, and the state of the saved instance, are saved when the block
    ends well and has changed them.

    Args:
        request: Django's request.
        found: the app, and the saved instance or None.
        prefix: URL path at which the app answers this request.
        path: the part of the request's path behind the prefix.
        handed: what the page that shows the app has handed over.
        token: the part of the prefix that it came in.

    Raises:
        BrokenStateError: the state of the instance cannot be read.
    """

    def __init__(
        self,
        request: HttpRequest,
        found: Found,
        prefix: str,
        path: str,
        handed: HandedOver | None = None,
        token: str = "",
    ) -> None:
        handed = handed or HandedOver()
        self.session_state = SessionState(request)
        self.recorder = (
            Recorder(found.instance, found.app, request, has_own_values=bool(token))
            if found.instance is not None
            else None
        )
        self.context = context.RequestContext(
            request=request,
            app=found.app,
            prefix=prefix,
            path=path,
            files_prefix=prefix.removesuffix(f"initial/{token}/") if token else "",
            handed=handed,
            instance=found.instance,
            extras={
                "callback_context": CallbackContext,
                "dash_app": lambda: found.app if self.recorder is None else self.recorder.row,
                "dash_app_id": lambda: found.slug,
                "params": lambda: handed.params,
                "request": lambda: request,
                "session_state": lambda: self.session_state.values,
                "user": lambda: getattr(request, "user", None),
            },
            overrides=handed.laid_over(of_saved(found.instance.current_state()) if found.instance is not None else {}),
            recorder=self.recorder,
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
            self._save()

    async def __aenter__(self) -> context.RequestContext:
        self._enter()
        return self.context

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if self._has_changes(error):
            await sync_to_async(self._save)()

    def _enter(self) -> None:
        managers: tuple[AbstractContextManager[Any], ...] = (
            context.opened(self.context),
            dash_globals.speaking_for(self.context.app),
        )
        for manager in managers:
            self._stack.enter_context(manager)

    def _has_changes(self, error: BaseException | None) -> bool:
        ended_well = error is None or isinstance(error, PreventUpdate)
        if not self._saves or not ended_well:
            return False
        return bool(self.session_state.changes()) or (self.recorder is not None and bool(self.recorder.changes()))

    def _save(self) -> None:
        self.session_state.save()
        if self.recorder is not None:
            self.recorder.save()
