"""How a request to an app is answered: Dash's set-up before the first one, the route, what hooks do, and errors.

Our views call ``answer`` and ``answer_async``.
"""

from __future__ import annotations

import inspect
import json
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from dash.backends.base_server import BaseDashServer
from dash.exceptions import PreventUpdate
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from .. import context
from ..exceptions import BrokenStateError, RequestError, UnknownArgumentsError
from . import error_page
from .callbacks import ApiView, CallbackView, finished
from .response import coerce
from .routes import Routes

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

logger = logging.getLogger("django_plotly_dash")
_DJANGOS_OWN = (Http404, PermissionDenied, SuspiciousOperation, BadRequest)


class AnsweringServer(BaseDashServer[Any]):
    """The part of an app's backend that answers requests.

    Attributes:
        show_errors: a failed callback is answered with its traceback.
        prune_errors: that traceback begins at the user's function.
        timing: responses carry ``Server-Timing``.
        set_up_lock: held while callbacks are added to the app.
    """

    _app: DjangoDash

    def __init__(self, server: Routes) -> None:
        super().__init__(server)
        self.show_errors = False
        self.prune_errors = True
        self.timing = False
        self.set_up_lock = threading.RLock()
        self._set_up: list[Callable[[], Any]] = []
        self._before: list[Callable[[], Any]] = []
        self._after: list[Callable[[Any], Any]] = []
        self._ready = False

    def answer(self, found: context.RequestContext) -> HttpResponseBase:
        """Answer the request of an opened context, in this thread.

        Raises:
            RequestError: the request does not fit.
            Exception: whatever the app's functions raise.
        """
        self._prepare()
        self._start(found)
        view = self._view(found)
        if isinstance(view, HttpResponseBase):
            return view
        return self._finish(found, view())

    async def answer_async(self, found: context.RequestContext) -> HttpResponseBase:
        """The same from an event loop: coroutine functions run on it, other functions in the request's thread."""
        if not self._ready or self._before or self._app.misses_callbacks():
            await sync_to_async(self._prepare)()
        self._start(found)
        view = self._view(found)
        if isinstance(view, HttpResponseBase):
            return view
        inner = view.func if isinstance(view, partial) else view
        if isinstance(inner, (CallbackView, ApiView)):
            response: Any = await inner.call_async()
        elif inspect.iscoroutinefunction(inner):
            response = await view()
        else:
            response = await sync_to_async(view)()
            if inspect.iscoroutine(response):  # Dash wraps coroutine functions of hooks in plain ones
                response = await response
        return await sync_to_async(self._finish)(found, response) if self._after else self._finish(found, response)

    def answer_error(self, error: Exception, request: HttpRequest) -> HttpResponse:
        """The response for an exception that ``answer`` raised.

        Raises:
            Exception: the error itself, where Django has a page for it: the site's own 403, 404, or 500.
        """
        if isinstance(error, PreventUpdate):
            return HttpResponse(status=204)
        if isinstance(error, UnknownArgumentsError):
            shown = str(error) if settings.DEBUG or self.show_errors else "The server could not answer."
            logger.error("%s", error)
            return error_page.refuse(shown, 500, request)
        if isinstance(error, RequestError):
            return error_page.refuse(error.reason, error.status, request)
        if isinstance(error, BrokenStateError):
            return error_page.broken_state(error, request)
        is_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if is_page or isinstance(error, _DJANGOS_OWN):
            raise error
        return error_page.answer(error, request, debug=self.show_errors, prune=self.prune_errors)

    def _prepare(self) -> None:
        """Run what Dash does before the first request, once (two first requests may come at once), and the hooks of
        each request."""
        self.set_up()
        self._app.take_in_late_callbacks()
        for function in self._before:
            _call(function)

    def set_up(self) -> None:
        """Run Dash's part of that, in an opened context."""
        if self._ready:
            return
        with self.set_up_lock:
            if not self._ready:
                for function in self._set_up:
                    with self._app.setting_up():
                        _call(function)
                self._ready = True

    def _start(self, found: context.RequestContext) -> None:
        if self.timing:
            found.scratch.timing_information = {"__dash_server": {"dur": time.time(), "desc": None}}

    def _view(self, found: context.RequestContext) -> Callable[[], Any] | HttpResponseBase:
        match = self.server.match(found.path, found.request.method or "GET")
        if isinstance(match, HttpResponseBase):
            return match
        view, kwargs = match
        return partial(view, **kwargs) if kwargs else view

    def _finish(self, found: context.RequestContext, result: Any) -> HttpResponseBase:
        response = coerce(finished(result))
        if self.timing:
            entries = _server_timing(found.scratch.timing_information)
            before = response.headers.get("Server-Timing")
            response.headers["Server-Timing"] = ", ".join([before, *entries] if before else entries)
        for function in self._after:
            response = _call(function, response) or response
        return response


def _call(function: Callable[..., Any], *args: Any) -> Any:
    return finished(function(*args))


def _server_timing(timings: dict[str, dict[str, Any]]) -> list[str]:
    total = timings["__dash_server"]
    total["dur"] = round((time.time() - total["dur"]) * 1000)
    return [
        name
        + (f";desc={_quoted(timing['desc'])}" if timing.get("desc") is not None else "")
        + (f";dur={timing['dur']}" if timing.get("dur") is not None else "")
        for name, timing in timings.items()
    ]


def _quoted(text: Any) -> str:
    """One line of ASCII in quotes, as a header can carry it."""
    return json.dumps(" ".join(str(text).split()))
