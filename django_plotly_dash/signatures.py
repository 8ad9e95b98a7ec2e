"""Reading the signature of a callback or layout function: which extras it wants, and whether it can be called.

Done once, when the function is registered. Where it cannot be called, the error prints a signature that can.
"""

from __future__ import annotations

import ast
import functools
import inspect
import keyword
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import Parameter, Signature
from itertools import chain, count
from typing import Any, Final

from .exceptions import InjectionError

EXTRAS: Final = ("callback_context", "dash_app", "dash_app_id", "params", "request", "session_state", "user")
# A request is an open connection to one server process; it does not cross into a worker.
BACKGROUND_EXTRAS: Final = tuple(name for name in EXTRAS if name != "request")
LAYOUT_EXTRAS: Final = tuple(name for name in EXTRAS if name != "callback_context")
_VARIABLE: Final = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)

Function = Callable[..., Any]


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
        return cls(tuple(_unique([*progress, *(_argument_name(flat, top) for top in tops)])))


def is_async(function: Function) -> bool:
    """True for coroutine functions, objects whose ``__call__`` is one, and partials of either."""
    function = _without_partials(function)
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
        or _hidden_by_decorator(function, arguments, shape.wanted(available))
    )
    if problem:
        raise InjectionError(
            f"{_describe(function)}: {problem}\n"
            f"Dash passes {_listing(arguments.positional + arguments.named)}; "
            f"besides, these can be named: {', '.join(available)}.\n"
            f"A signature that works: {_headline(function, shape.corrected(available))}"
        )
    bound = function.keywords if isinstance(function, functools.partial) else {}
    return tuple(name for name in shape.wanted(available) if name not in bound)


class _Shape:
    """A signature, split into what Dash fills and what is left."""

    def __init__(self, signature: Signature, arguments: DashArguments) -> None:
        self.parameters = parameters = list(signature.parameters.values())
        by_position = [p for p in parameters if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
        by_name = [p for p in parameters if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
        self.arguments = arguments
        self.takes_args = any(p.kind is Parameter.VAR_POSITIONAL for p in parameters)
        self.takes_kwargs = any(p.kind is Parameter.VAR_KEYWORD for p in parameters)
        number = len(arguments.positional)
        self.leading = by_position[:number]
        self.missing = 0 if self.takes_args else max(0, number - len(by_position))
        self.filled = self.leading + [p for p in by_name if p.name in arguments.named and p not in self.leading]
        names = {p.name for p in self.filled}
        # What is filled by its place cannot take a value by its name as well, not even where there is **kwargs.
        taken = {p.name for p in self.leading if p in by_name}
        self.unnamed = tuple(n for n in arguments.named if n in taken or not (self.takes_kwargs or n in names - taken))
        self.rest = [p for p in parameters if p not in self.filled and p.kind not in _VARIABLE]

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
        named = [name for name in self.arguments.named if name.isidentifier() and not keyword.iskeyword(name)]
        taken = {p.name for p in self.parameters} | {*named, *available}
        # An extra that stands before Dash's arguments takes the place of one; what was meant to have it stands behind.
        misplaced = [p.name for p in self.leading if p.name in available]
        behind = [p.name for p in self.rest if p.default is Parameter.empty and p.name not in available]
        swapped = dict(zip(misplaced, behind, strict=False))
        leading = [swapped.get(p.name, p.name) for p in self.leading]
        if not self.takes_args:
            leading += self.arguments.positional[len(leading) :]
        for index, name in enumerate(leading):
            if index >= len(self.leading) or name in named:
                leading[index] = _unique([name], taken | set(leading[:index]))[0]
        parameters = {name: Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in leading}
        kind = Parameter.KEYWORD_ONLY if self.takes_args else Parameter.POSITIONAL_OR_KEYWORD
        parameters |= {name: Parameter(name, kind) for name in named if not self.takes_kwargs}
        parameters |= {name: Parameter(name, Parameter.KEYWORD_ONLY) for name in swapped}
        for parameter in self.rest:
            name = parameter.name
            if name in swapped.values():
                continue
            if name not in available:
                if parameter.default is not Parameter.empty and name not in EXTRAS:
                    parameters.setdefault(name, _plain(parameter))
                    continue
                name = next(iter(get_close_matches(name, available, n=1)), "")
            if name and name not in named:
                parameters.setdefault(name, Parameter(name, Parameter.KEYWORD_ONLY))
        variable = {p.kind: p.replace(annotation=Parameter.empty) for p in self.parameters if p.kind in _VARIABLE}
        if len(named) < len(self.arguments.named):
            (free,) = _unique(["kwargs"], taken)
            variable.setdefault(Parameter.VAR_KEYWORD, Parameter(free, Parameter.VAR_KEYWORD))
        return Signature(sorted([*parameters.values(), *variable.values()], key=lambda p: p.kind))


def _plain(parameter: Parameter) -> Parameter:
    """The parameter as keyword-only, with a default that can be written down."""
    try:
        ast.literal_eval(repr(parameter.default))
    except (ValueError, SyntaxError):
        parameter = parameter.replace(default=...)
    return parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=Parameter.empty)


def _hidden_by_decorator(function: Function, arguments: DashArguments, wanted: Iterable[str]) -> str:
    """A decorator that keeps the signature of what it wraps must also pass on what that one takes."""
    if not hasattr(function, "__wrapped__"):
        return ""
    outer = inspect.signature(function, follow_wrapped=False)
    keywords = dict.fromkeys([*arguments.named, *wanted])
    try:
        outer.bind(*arguments.positional, **keywords)
    except TypeError:
        hidden = [name for name in keywords if name not in outer.parameters]
        if hidden and not any(p.kind is Parameter.VAR_KEYWORD for p in outer.parameters.values()):
            return f"its decorator does not pass {_listing(hidden)} on; let the decorator take and pass **kwargs."
        return "its decorator does not take what Dash passes; let the decorator take and pass *args, **kwargs."
    return ""


def _argument_name(flat: Sequence[dict[str, Any]], index: Any) -> str:
    """A parameter name to suggest for one argument: id and property of its component."""
    if not isinstance(index, int):
        return "values"
    words = "_".join((str(flat[index]["id"]), flat[index]["property"])).lower()
    name = "_".join("".join(c if c.isalnum() else " " for c in words).split())
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"value_{index + 1}"


def _unique(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The names, with a number behind where one has been taken before."""
    found: list[str] = []
    for name in names:
        numbered = (f"{name}_{number}" for number in count(2))
        found.append(next(n for n in chain([name], numbered) if n not in {*taken, *found}))
    return found


def _listing(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "no arguments"


def _without_partials(function: Function) -> Function:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _headline(function: Function, signature: Signature) -> str:
    """The first line of a definition with that signature."""
    inner = _without_partials(function)
    name = getattr(inner, "__name__", "__call__")
    parameters = list(signature.parameters.values())
    if inspect.ismethod(inner) or name == "__call__":
        parameters.insert(0, Parameter("self", Parameter.POSITIONAL_OR_KEYWORD))
    word = "async def" if is_async(function) else "def"
    return f"{word} {name if name.isidentifier() else 'callback'}{Signature(parameters)}"


def _describe(function: Function) -> str:
    inner = _without_partials(inspect.unwrap(_without_partials(function)))
    name = getattr(inner, "__name__", type(inner).__name__)
    code = getattr(inner, "__code__", None)
    where = f" ({code.co_filename}, line {code.co_firstlineno})" if code else ""
    return f"{getattr(inner, '__module__', '')}.{name}{where}"
