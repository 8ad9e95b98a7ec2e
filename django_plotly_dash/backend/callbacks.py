"""Callbacks over HTTP. Sync and async share preparing and finishing, and differ by an ``await``.

Under WSGI a synchronous callback is a plain function call. Under ASGI it runs in the thread that Django keeps for
the request, so that it may use the ORM; a coroutine function runs on the server's event loop. A coroutine function
under WSGI gets an event loop for its own length: its ORM calls come back to this thread and its transaction.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync, sync_to_async
from dash._callback_context import context_value
from dash._utils import clean_property_name
from dash.exceptions import PreventUpdate
from django.http import HttpResponse

from ..exceptions import RequestError
from ..json_values import explaining
from .request import DjangoRequestAdapter
from .response import DjangoResponseAdapter, json_response

if TYPE_CHECKING:
    from dash import Dash


@dataclass(frozen=True, slots=True)
class _Call:
    """A callback, ready to be called, and the response that it may add headers and cookies to."""

    function: Callable[[], Any]
    adapter: DjangoResponseAdapter

    def finish(self, data: str) -> HttpResponse:
        return self.adapter.set_response(data=data)

    def nothing(self) -> HttpResponse:
        return self.adapter.set_response(status=204)


class CallbackView:
    """The view at ``_dash-update-component``."""

    def __init__(self, app: Dash) -> None:
        self._app = app

    def __call__(self) -> HttpResponse:
        """Answer in this thread."""
        return self._answer(self._read())

    async def call_async(self) -> HttpResponse:
        """Answer from an event loop."""
        body = self._read()
        spec = self._app.callback_map[body["output"]]
        # Managers of background callbacks wait for stores and brokers, whatever the colour of the user's function.
        if spec["background"] or not inspect.iscoroutinefunction(spec["callback"]):
            return await sync_to_async(self._answer)(body)
        call = await self._prepare_async(body)
        before = context_value.set(context_value.get({}))  # Dash leaves it set
        try:
            return call.finish(await call.function())
        except PreventUpdate:
            return call.nothing()
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

    def _read(self) -> dict[str, Any]:
        return checked(DjangoRequestAdapter().get_json(), self._app.callback_map)

    def _prepare(self, body: dict[str, Any]) -> _Call:
        app: Any = self._app
        state = app._initialize_context(body)
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


def checked(body: Any, callback_map: dict[str, Any]) -> dict[str, Any]:
    """The body of a callback request, if it fits a callback of the app.

    Raises:
        RequestError: 404 for an output that no callback of the server has, 400 for anything else that does not fit.
    """
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise RequestError("The body has to be a JSON object with the callback's id as 'output'.")
    spec = callback_map.get(body["output"])
    if spec is None or "callback" not in spec:
        raise RequestError("This app has no such callback. The page may be older than the server: reload it.", 404)
    for part in ("inputs", "state"):
        _check_items(part, body.get(part, []), spec[part])
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(item, str) for item in changed):
        raise RequestError("'changedPropIds' has to be a list of strings.")
    if not spec["no_output"]:
        given, wanted = body.get("outputs"), spec["output"]
        several = isinstance(wanted, (list, tuple))
        _check_items("outputs", given if several else [given], [o.to_dict() for o in (wanted if several else [wanted])])
    return body


def _check_items(part: str, given: Any, wanted: Sequence[dict[str, Any]]) -> None:
    if not isinstance(given, list) or len(given) != len(wanted):
        raise RequestError(f"'{part}' has to be a list of {len(wanted)} items, as the callback was defined.")
    for item, spec in zip(given, wanted, strict=True):
        pattern, of_many = _pattern(spec["id"])
        if isinstance(item, list) is not of_many or not all(
            _fits(value, pattern, spec["property"]) for value in (item if of_many else [item])
        ):
            raise RequestError(f"An item of '{part}' does not have the id and property of the callback.")


def _fits(item: Any, pattern: Any, name: str) -> bool:
    if not isinstance(item, dict) or clean_property_name(str(item.get("property"))) != name:
        return False
    given = item.get("id")
    if not isinstance(pattern, dict) or not isinstance(given, dict):
        return bool(given == pattern)
    return given.keys() == pattern.keys() and all(
        isinstance(value, list) or value == given[key] for key, value in pattern.items()
    )


@lru_cache(maxsize=4096)
def _pattern(component_id: str) -> tuple[Any, bool]:
    """An id as a callback was defined with it, and whether it stands for a list of components. A wildcard is written
    as a list: ``["ALL"]``."""
    if not component_id.startswith("{"):
        return component_id, False
    pattern = json.loads(component_id)
    return pattern, any(value in (["ALL"], ["ALLSMALLER"]) for value in pattern.values())


def finished(result: Any) -> Any:
    """The result of a call, or of the coroutine that it gave."""
    if not inspect.iscoroutine(result):
        return result

    async def run() -> Any:
        return await result

    return async_to_sync(run)()


def _run(function: Callable[..., Any]) -> Any:
    return finished(function())


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
