"""Extra arguments for callbacks and layout functions.

A function names what it wants; its signature is read once, when it is registered. The rule is the one that users
know: with ``**kwargs`` all extras are passed, with ``*args`` those that are named as keyword-only parameters,
otherwise those that are named behind the arguments that Dash passes. Where Dash passes an argument of the same
name, Dash's wins.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from inspect import Parameter
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async
from dash import callback_context as dash_callback_context

from . import context
from .exceptions import InjectionError
from .json_values import returning_plain
from .signatures import EXTRAS, LAYOUT_EXTRAS, DashArguments, Function, is_async, wanted_extras
from .threads import let_go_of_thread

# Making these may ask the database, which must not happen on an event loop.
_BLOCKING: Final = frozenset({"params", "request", "session_state", "user"})


class CallbackContext:
    """``dash.ctx`` of one callback: the same attributes, right in any thread and after the callback has ended."""

    def __init__(self) -> None:
        self._context: Context = copy_context()

    @property
    def outputs(self) -> Any:
        """The outputs as the browser sent them (the older package's name for ``outputs_list``)."""
        return self._read("outputs_list")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = self._read(name)
        if not callable(value):
            return value
        return lambda *args, **kwargs: self._context.copy().run(value, *args, **kwargs)

    def _read(self, name: str) -> Any:
        # A Context can be entered once at a time; a copy can be entered by any thread.
        return self._context.copy().run(getattr, dash_callback_context, name)


def inject_callback(function: Function, arguments: DashArguments, available: Sequence[str] = EXTRAS) -> Function:
    """Wrap a callback so that it also gets the extras that it names; sync stays sync, async stays async.

    Args:
        available: the extras that can be had; ``BACKGROUND_EXTRAS`` in a worker.

    Raises:
        InjectionError: a parameter that nobody can fill, or an argument of Dash that no parameter takes.
    """
    wanted = wanted_extras(function, arguments, available)
    if is_async(function):
        if not wanted and inspect.iscoroutinefunction(function):
            return function

        @functools.wraps(function)
        async def with_extras_async(*args: Any, **kwargs: Any) -> Any:
            extras = await _values_async(wanted)
            return await function(*args, **{**extras, **kwargs})

        with_extras_async.extras = wanted  # type: ignore[attr-defined]
        return with_extras_async
    if not wanted:
        return function

    @functools.wraps(function)
    def with_extras(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{**_values(wanted), **kwargs})

    with_extras.extras = wanted  # type: ignore[attr-defined]
    return with_extras


def inject_layout(function: Function) -> Function:
    """Wrap a layout function so that it gets the extras that it names at each call.

    Raises:
        InjectionError: a parameter that nobody can fill.
    """
    wanted = wanted_extras(function, DashArguments(), LAYOUT_EXTRAS)
    call = async_to_sync(function) if is_async(function) else function

    @functools.wraps(function)
    def with_extras(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **{**_values(wanted), **kwargs})

    return with_extras


def inject_page(
    function: Function, path_variables: Sequence[str], instead: Callable[[], Any] = lambda: None
) -> Function:
    """Wrap the layout function of a page, which Dash calls with path variables and query parameters by name.

    It gets the extras that it names; ``**kwargs`` is for query parameters here. Anybody can put those into a URL, so
    none of them may pass for an extra; a variable of the path may.

    Args:
        path_variables: names in the page's path template.
        instead: what to give without calling the function, or None; asked where the function names extras.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return function
    named = {p.name for p in parameters if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)}
    reserved = set(EXTRAS).difference(path_variables)
    wanted = [name for name in LAYOUT_EXTRAS if name in named & reserved]
    call = async_to_sync(function) if is_async(function) else function

    @functools.wraps(function)
    def with_extras(**kwargs: Any) -> Any:
        ready = instead() if wanted else None
        if ready is not None:
            return ready
        return call(**{name: value for name, value in kwargs.items() if name not in reserved}, **_values(wanted))

    return with_extras


def error_handler(function: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """What is given as ``on_error``, so that it may return whatever a callback may.

    Raises:
        InjectionError: Dash could not call it: it is async, or takes more than the exception.
    """
    if function is None:
        return None
    name = getattr(function, "__qualname__", type(function).__qualname__)
    if is_async(function):
        raise InjectionError(f"on_error is {name}, a coroutine function. Dash does not await it: give an ordinary one.")
    with suppress(ValueError):  # some callables written in C have no signature
        try:
            inspect.signature(function).bind(None)
        except TypeError as error:
            raise InjectionError(
                f"on_error is {name}, which does not take the exception alone ({error}). Dash passes nothing else: "
                "dash.ctx and django_plotly_dash.context.require() have the rest."
            ) from None
    return returning_plain(function)


def _values(names: Sequence[str]) -> dict[str, Any]:
    if not names:
        return {}  # a layout function that names nothing can be called without a request
    extras = context.require().extras
    return {name: extras[name]() for name in names}


async def _values_async(names: Sequence[str]) -> dict[str, Any]:
    if _BLOCKING.isdisjoint(names):
        return _values(names)
    values = await sync_to_async(_values_loaded)(names)
    if hasattr(context.require().request, "websocket_call"):
        await let_go_of_thread()  # such a callback may run for days
    return values


def _values_loaded(names: Sequence[str]) -> dict[str, Any]:
    values = _values(names)
    # request.user is lazy, and asking the database for it later, on the event loop, would raise.
    user = getattr(values.get("request"), "user", None) or values.get("user")
    getattr(user, "pk", None)
    return values
