"""Callbacks, over HTTP and over websockets. Sync and async share preparing and finishing, and differ by an ``await``.

Under WSGI a synchronous callback is a plain function call. Under ASGI it runs in the thread that Django keeps for
the request, so that it may use the ORM; a coroutine function runs on the server's event loop. A coroutine function
under WSGI gets an event loop for its own length: its ORM calls come back to this thread and its transaction.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync, sync_to_async
from dash._callback_context import context_value
from dash.exceptions import PreventUpdate
from django.http import HttpResponse

from .. import context
from ..exceptions import RequestError
from ..json_values import explaining
from ..threads import let_go_of_thread
from .callback_body import checked
from .request import DjangoRequestAdapter
from .response import DjangoResponseAdapter, json_response
from .websocket import BrowserGoneError, WebsocketCall, WebsocketResponseAdapter, call_of, why_not

if TYPE_CHECKING:
    from dash import Dash

    from ..djangodash import DjangoDash


_OF_WEBSOCKET = frozenset({"get_prop", "is_shutdown", "set_prop", "set_prop_sync"})


@dataclass(frozen=True, slots=True)
class _Call:
    """A callback, ready to be called, and the response that it may add headers and cookies to."""

    function: Callable[[], Any]
    adapter: DjangoResponseAdapter

    def finish(self, data: str) -> HttpResponse:
        recorder = context.require().recorder
        if recorder is not None:
            recorder.returned(data)
        return self.adapter.set_response(data=data)

    def nothing(self) -> HttpResponse:
        return self.adapter.set_response(status=204)


class CallbackView:
    """The view at ``_dash-update-component``."""

    def __init__(self, app: DjangoDash) -> None:
        self._app = app

    def __call__(self) -> HttpResponse:
        """Answer in this thread."""
        unknown = self._unknown()
        if unknown is not None:
            self._app.import_for(unknown)
        body = self._read()
        return HttpResponse(status=204) if body is None else self._answer(body)

    async def call_async(self) -> HttpResponse:
        """Answer from an event loop."""
        unknown = self._unknown()
        if unknown is not None:
            await sync_to_async(self._app.import_for)(unknown)
        body = self._read()
        if body is None:
            return HttpResponse(status=204)
        spec = self._app.callback_map[body["output"]]
        # Managers of background callbacks wait for stores and brokers, whatever the colour of the user's function.
        if spec["background"] or not inspect.iscoroutinefunction(spec["callback"]):
            return await sync_to_async(self._answer)(body)
        call = await self._prepare_async(body)
        before = context_value.set(context_value.get({}))  # Dash leaves it set
        try:
            return call.finish(await _awaited(call.function, call_of(context.require().request)))
        except PreventUpdate:
            return call.nothing()
        except AttributeError as error:
            _explain(error)
            raise
        finally:
            context_value.reset(before)

    def _answer(self, body: dict[str, Any]) -> HttpResponse:
        call = self._prepare(body)
        try:
            # A context of its own, since Dash leaves its variables set and threads are used again.
            run = _run_at_once if self._app.callback_map[body["output"]]["background"] else _run
            return call.finish(copy_context().run(run, call.function))
        except PreventUpdate:
            return call.nothing()
        except AttributeError as error:
            _explain(error)
            raise

    def _unknown(self) -> str | None:
        """The callback's id, if another process may know it, because it has called the layout function."""
        if not (self._app.may_import or self._app.misses_callbacks()):
            return None
        call = call_of(context.require().request)
        body = DjangoRequestAdapter().get_json() if call is None else call.body
        output = body.get("output") if isinstance(body, dict) else None
        return output if isinstance(output, str) and output not in self._app.callback_map else None

    def _read(self) -> dict[str, Any] | None:
        """The body, checked; None if the request only asks who may call."""
        websocket = call_of(context.require().request)
        if websocket is None:
            adapter = DjangoRequestAdapter()
            body = checked(adapter.get_json(), self._app.callback_map)
            self._refuse_over_http(body["output"])
            # Who asks for the result of a background callback sends what was there when it began.
            if "cacheKey" not in adapter.args:
                _record(body)
            return body
        websocket.app = self._app
        if websocket.body is None:
            return None
        body = checked(websocket.body, self._app.callback_map)
        spec = self._app.callback_map[body["output"]]
        if spec["background"] or not (self._app._websocket_callbacks or spec.get("websocket")):
            raise RequestError(
                "This callback goes over HTTP: it has no websocket=True, or it is a background callback."
            )
        if websocket.callback is None or websocket.callback.is_shutdown:
            raise PreventUpdate
        websocket.callback.recorder = context.require().recorder
        _record(body)
        return body

    def _refuse_over_http(self, callback_id: str) -> None:
        """A callback that streams as long as its page is open would never answer."""
        spec = self._app.callback_map[callback_id]
        if spec["no_output"] and not spec["inputs"] and callback_id in _persistent(self._app):
            why = why_not(context.require().request)
            raise RequestError(f"This callback is persistent and needs a websocket. {why}", 426)

    def _prepare(self, body: dict[str, Any]) -> _Call:
        app: Any = self._app
        state = app._initialize_context(body)
        websocket = call_of(context.require().request)
        if websocket is not None:
            state.dash_websocket, state.dash_response = websocket.callback, WebsocketResponseAdapter()
        function = app._prepare_callback(state, body)
        arguments = app._inputs_to_vals(state.inputs_list + state.states_list)
        call = app._execute_callback(function, arguments, state.outputs_list, state)
        return _Call(explaining(call, state), state.dash_response)

    async def _prepare_async(self, body: dict[str, Any]) -> _Call:
        # Hooks for custom data are the user's and may ask the database.
        if self._app._hooks.get_hooks("custom_data"):
            return await sync_to_async(self._prepare)(body)
        return self._prepare(body)


class ApiView:
    """The view of a callback's ``api_endpoint``: the body's keys are the function's arguments."""

    def __init__(self, app: Dash, function: Callable[..., Any]) -> None:
        self._app = app
        self._function = function

    def __call__(self, **_: Any) -> HttpResponse:
        return json_response(finished(self._function(**self._arguments())))

    async def call_async(self) -> HttpResponse:
        arguments = self._arguments()
        if inspect.iscoroutinefunction(self._function):
            return json_response(await self._function(**arguments))
        return json_response(await sync_to_async(self._function)(**arguments))

    def _arguments(self) -> dict[str, Any]:
        adapter = DjangoRequestAdapter()
        arguments = adapter.get_json() if adapter.has_body else {}
        if not isinstance(arguments, dict):
            raise RequestError("The body has to be a JSON object: argument names and values.")
        extras = getattr(self._function, "extras", ())
        taken = [name for name in extras if name in arguments]
        if taken:
            raise RequestError(f"These arguments are filled by the server: {', '.join(taken)}.")
        try:
            inspect.signature(self._function).bind(**arguments, **dict.fromkeys(extras))
        except TypeError as error:
            raise RequestError(f"The arguments do not fit: {error}.") from None
        return arguments


def _record(body: dict[str, Any]) -> None:
    recorder = context.require().recorder
    if recorder is not None:
        recorder.received(body)


def finished(result: Any) -> Any:
    """The result of a call, or of the coroutine that it gave."""
    if not inspect.iscoroutine(result):
        return result

    async def run() -> Any:
        return await result

    return async_to_sync(run)()


async def _awaited(function: Callable[[], Any], websocket: WebsocketCall | None) -> Any:
    """The result of a coroutine function; if it came over a websocket, it can be cancelled from now on."""
    if websocket is None:
        return await function()
    if websocket.give_up_place is not None:
        await websocket.give_up_place()
    await let_go_of_thread()  # a callback may stream for days, and a thread that waits for it is of no use
    return await _cancellable(function(), websocket)


async def _cancellable(coroutine: Any, websocket: WebsocketCall) -> Any:
    websocket.task = asyncio.current_task()
    if websocket.callback is not None and websocket.callback.is_shutdown:
        # The page has gone while this was prepared, when there was nothing to cancel yet.
        websocket.task = None
        coroutine.close()
        raise BrowserGoneError
    try:
        return await coroutine
    except asyncio.CancelledError:
        if websocket.callback is None or not websocket.callback.is_shutdown:
            raise
        # The page has gone: an end like that of a callback in a thread, with which is saved what was streamed.
        raise BrowserGoneError from None
    finally:
        websocket.task = None


def _persistent(app: Any) -> set[str]:
    return {entry["output"] for entry in app._callback_list if entry.get("persistent")}


def _explain(error: AttributeError) -> None:
    """Say more if a callback over HTTP has used ``ctx.websocket``, which is None there."""
    request = context.require().request
    if getattr(error, "obj", error) is None and error.name in _OF_WEBSOCKET and call_of(request) is None:
        raise RuntimeError(
            f"dash.ctx.websocket is None, so it has no {error.name}: this callback was called over HTTP. "
            f"{why_not(request)}"
        ) from error


def _run(function: Callable[..., Any]) -> Any:
    result, websocket = function(), call_of(context.require().request)
    if websocket is not None and inspect.iscoroutine(result):
        result = _cancellable(result, websocket)
    return finished(result)


def _run_at_once(function: Callable[..., Any]) -> Any:
    """Start a background callback or ask for it. Dash does that in a coroutine if the user's function is one, but
    it waits for nothing there; and on an event loop Django would refuse the database."""
    result = function()
    if not inspect.iscoroutine(result):
        return result
    try:
        result.send(None)
    except StopIteration as end:
        return end.value
    result.close()
    raise RuntimeError("Dash waits for something when it starts a background callback, which it did not do before.")
