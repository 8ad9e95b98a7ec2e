"""Extra arguments for callbacks and layout functions.

A function names what it wants; its signature is read once, when it is registered. The rule is the one that users
know: with ``**kwargs`` all extras are passed, with ``*args`` those that are named as keyword-only parameters,
otherwise those that are named behind the arguments that Dash passes. Where Dash passes an argument of the same
name, Dash's wins.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import Parameter, Signature
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async
from dash import callback_context as dash_callback_context

from . import context
from .exceptions import InjectionError

EXTRAS: Final = ("callback_context", "dash_app", "dash_app_id", "request", "session_state", "user")
# A request is an open connection to one server process; it does not cross into a worker.
BACKGROUND_EXTRAS: Final = tuple(name for name in EXTRAS if name != "request")
LAYOUT_EXTRAS: Final = tuple(name for name in EXTRAS if name != "callback_context")
# Making these may ask the database, which must not happen on an event loop.
_BLOCKING: Final = frozenset({"request", "session_state", "user"})

Function = Callable[..., Any]


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


@dataclass(frozen=True, slots=True)
class DashArguments:
    """What Dash will pass: values by position, or by name where inputs and states are given as a dict."""

    positional: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @classmethod
    def of_callback(cls, spec: dict[str, Any]) -> DashArguments:
        """Read them from an entry of Dash's ``callback_map``."""
        indices = spec["inputs_state_indices"]
        progress = ("set_progress",) if (spec["background"] or {}).get("progress") else ()
        if isinstance(indices, dict):
            return cls(progress, tuple(indices))
        flat = [*spec["inputs"], *spec["state"]]
        tops = indices if isinstance(indices, (list, tuple)) else [indices]
        return cls(progress + tuple(_argument_name(flat, top) for top in tops))


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


def is_async(function: Function) -> bool:
    """True for coroutine functions, partials of them, and objects whose ``__call__`` is one."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))


def wanted_extras(function: Function, arguments: DashArguments, available: Sequence[str]) -> tuple[str, ...]:
    """Names of the extras to pass by keyword.

    Raises:
        InjectionError: the signature does not fit; the message prints one that does.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # some callables written in C have no signature; Dash's arguments go in as they are
        return ()
    shape = _Shape(signature, arguments)
    problem = (
        shape.left_behind(available)
        or shape.problem(available)
        or _hidden_by_decorator(function, shape.wanted(available))
    )
    if problem:
        raise InjectionError(
            f"{_describe(function)}: {problem}\n"
            f"Dash passes {_listing(arguments.positional + arguments.named)}; "
            f"besides, these can be named: {', '.join(available)}.\n"
            f"A signature that works: def {_name(function)}{shape.corrected(available)}"
        )
    bound = function.keywords if isinstance(function, functools.partial) else {}
    return tuple(name for name in shape.wanted(available) if name not in bound)


class _Shape:
    """A signature, split into what Dash fills and what is left."""

    def __init__(self, signature: Signature, arguments: DashArguments) -> None:
        parameters = list(signature.parameters.values())
        by_position = [p for p in parameters if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
        self.arguments = arguments
        self.takes_args = any(p.kind is Parameter.VAR_POSITIONAL for p in parameters)
        self.takes_kwargs = any(p.kind is Parameter.VAR_KEYWORD for p in parameters)
        count = len(arguments.positional)
        self.filled = by_position[:count] + [p for p in by_position[count:] if self._named(p)]
        self.filled += [p for p in parameters if p.kind is Parameter.KEYWORD_ONLY and p.name in arguments.named]
        self.missing = 0 if self.takes_args else max(0, count - len(by_position))
        names = {p.name for p in self.filled}
        self.unnamed = () if self.takes_kwargs else tuple(n for n in arguments.named if n not in names)
        self.rest = [
            p
            for p in parameters
            if p.name not in names and p.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        ]

    def _named(self, parameter: Parameter) -> bool:
        return parameter.kind is not Parameter.POSITIONAL_ONLY and parameter.name in self.arguments.named

    def _injectable(self, parameter: Parameter, available: Sequence[str]) -> bool:
        if parameter.name not in available or parameter.kind is Parameter.POSITIONAL_ONLY:
            return False
        # Behind *args only keyword-only parameters are free: a positional one would take a value of Dash's.
        return self.takes_kwargs or not self.takes_args or parameter.kind is Parameter.KEYWORD_ONLY

    def wanted(self, available: Sequence[str]) -> tuple[str, ...]:
        if self.takes_kwargs:
            taken = {p.name for p in self.filled} | set(self.arguments.named)
            return tuple(name for name in available if name not in taken)
        return tuple(p.name for p in self.rest if self._injectable(p, available))

    def problem(self, available: Sequence[str]) -> str:
        lost = [p.name for p in self.rest if p.default is Parameter.empty and not self._injectable(p, available)]
        if lost:
            return f"nobody can fill {_listing(lost)}."
        if self.missing or self.unnamed:
            surplus = self.unnamed or self.arguments.positional[-self.missing :]
            return f"no parameter takes {_listing(surplus)}."
        return ""

    def left_behind(self, available: Sequence[str]) -> str:
        """A background callback that names the request, even with a default, counts on something that never comes."""
        if available is not BACKGROUND_EXTRAS or "request" not in {p.name for p in self.rest}:
            return ""
        return (
            "a background callback cannot have 'request', since it runs in a worker process, which the request does "
            "not reach. Name user, session_state, dash_app or callback_context for what it has to know of the request."
        )

    def corrected(self, available: Sequence[str]) -> Signature:
        """A signature that takes all that Dash passes and names only what can be had."""
        kept = [p.name for p in self.filled]
        if not self.arguments.named:
            kept += self.arguments.positional[len(kept) :] if not self.takes_args else ()
        names = dict.fromkeys([*kept, *self.unnamed])
        parameters = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
        if self.takes_args:
            parameters.append(Parameter("args", Parameter.VAR_POSITIONAL))
        for parameter in self.rest:
            name = parameter.name
            if name not in available:
                if parameter.default is not Parameter.empty and name not in EXTRAS:
                    parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=Parameter.empty))
                    continue
                name = next(iter(get_close_matches(name, available, n=1)), "")
            if name and name not in {p.name for p in parameters}:
                parameters.append(Parameter(name, Parameter.KEYWORD_ONLY))
        if self.takes_kwargs:
            parameters.append(Parameter("kwargs", Parameter.VAR_KEYWORD))
        return Signature(parameters)


def _hidden_by_decorator(function: Function, wanted: Iterable[str]) -> str:
    """A decorator that keeps the signature of what it wraps must also pass keyword arguments on."""
    outer = inspect.signature(function, follow_wrapped=False)
    if any(p.kind is Parameter.VAR_KEYWORD for p in outer.parameters.values()):
        return ""
    hidden = [name for name in wanted if name not in outer.parameters]
    if not hidden:
        return ""
    return f"its decorator does not pass {_listing(hidden)} on; let the decorator take and pass **kwargs."


def _values(names: Iterable[str]) -> dict[str, Any]:
    extras = context.require().extras
    return {name: extras[name]() for name in names}


async def _values_async(names: Iterable[str]) -> dict[str, Any]:
    if _BLOCKING.isdisjoint(names):
        return _values(names)
    return await sync_to_async(_values_loaded)(names)


def _values_loaded(names: Iterable[str]) -> dict[str, Any]:
    values = _values(names)
    # request.user is lazy, and asking the database for it later, on the event loop, would raise.
    user = getattr(values.get("request"), "user", None) or values.get("user")
    getattr(user, "pk", None)
    return values


def _argument_name(flat: Sequence[dict[str, Any]], index: Any) -> str:
    """A parameter name to suggest for one argument: id and property of its component."""
    if not isinstance(index, int):
        return "values"
    words = "_".join((str(flat[index]["id"]), flat[index]["property"])).lower()
    name = "".join(c if c.isalnum() else "_" for c in words).strip("_")
    return name if name.isidentifier() else f"value_{index + 1}"


def _listing(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "no arguments"


def _name(function: Function) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


def _describe(function: Function) -> str:
    inner = inspect.unwrap(function)
    while isinstance(inner, functools.partial):
        inner = inner.func
    code = getattr(inner, "__code__", None)
    where = f" ({code.co_filename}, line {code.co_firstlineno})" if code else ""
    return f"{getattr(inner, '__module__', '')}.{_name(function)}{where}"
