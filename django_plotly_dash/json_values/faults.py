"""What is to blame when something cannot be written as JSON: where it is, and what to do about it.

Nothing here runs while all is well. Values that have been written need no second look; those that have not are
walked down to the part that Dash's writer, or whoever failed, refuses.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from dash._utils import to_json
from dash.development.base_component import Component
from django.utils.functional import LazyObject

from ..exceptions import SerializationError

# Writers go down to some 250 levels (orjson), or as far as the stack lasts.
_DEEPEST: Final = 250
_LONGEST_PATH: Final = 24


class Fault(Exception):  # noqa: N818 - it never leaves this room as it is
    """A value that cannot be written.

    Args:
        value: the value.
        reason: what to do, where the value alone does not tell.
        path: steps to it, the last one first: it is put together on the way out.
    """

    def __init__(self, value: Any, reason: str = "", path: Sequence[str] = ()) -> None:
        self.value, self.reason, self.path = value, reason, list(path)

    def error(self, where: str) -> SerializationError:
        """The exception to raise; ``where`` is what has been written, to begin the path with."""
        steps = self.path[::-1]
        if len(steps) > _LONGEST_PATH:
            steps[_LONGEST_PATH // 2 : -_LONGEST_PATH // 2] = [" ... "]
        path = "".join(steps).removeprefix(" > ")
        place = f"{where or 'The value'}: at {path}" if path else f"{where or 'The value'}"
        kind = type(self.value)
        shown = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        article = "an" if shown[0] in "aeiou" else "a"
        advice = self.reason or _advice(self.value)
        message = f"{place} is {article} {shown}, which cannot be written as JSON. {advice}"
        # A key may be what cannot be written, and the message has to be.
        return SerializationError(message.encode(errors="backslashreplace").decode())


def fault_in(value: Any, write: Callable[[Any], Any] = to_json) -> Fault | None:
    """The part of ``value`` because of which ``write`` fails; None if it does not fail."""
    if not _fails(write, value):
        return None
    above: list[Any] = []
    path: list[str] = []
    while len(above) < _DEEPEST:
        above.append(value)
        parts = list(_parts(value))
        failing = next(((step, part) for step, part in parts if _fails(write, part)), None)
        if failing is None:
            return _of_its_own(value, parts, path, write)
        path.insert(0, failing[0])
        value = failing[1]
        if any(value is other for other in above):
            return Fault(value, "It contains itself.", path)
    return Fault(value, f"It lies more than {_DEEPEST} levels deep.", path)


def _of_its_own(value: Any, parts: list[Any], path: list[str], write: Callable[[Any], Any]) -> Fault:
    """The fault of a value whose parts can be written, each by itself."""
    keys = value if isinstance(value, Mapping) else ()
    for key in keys:
        if _fails(write, {key: None}):
            return Fault(key, path=[step_of_key(key), *path])
    return Fault(value, "It has too many levels of lists and dicts in it." if parts else "", path)


def step_of_key(key: Any) -> str:
    """The step of a path to a dict's value."""
    return f".{key}" if isinstance(key, str) else f"[{key!r}]"


def step_of_property(component: Component, name: str) -> str:
    """The step of a path to a component's property."""
    ident = getattr(component, "id", None)
    shown = f"(id={ident!r})" if ident is not None else ""
    return f" > {type(component).__name__}{shown}.{name}"


def _fails(write: Callable[[Any], Any], value: Any) -> bool:
    try:
        write(value)
    except (TypeError, ValueError, RecursionError, Fault):
        return True
    return False


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value is written as, in parts, each with the step to it."""
    if isinstance(value, Component):
        yield from ((step_of_property(value, name), part) for name, part in vars(value).items())
    elif isinstance(value, Mapping):
        yield from ((step_of_key(key), part) for key, part in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"[{index}]", part) for index, part in enumerate(value))
    elif isinstance(value, LazyObject):
        yield "", value._wrapped
    elif hasattr(value, "to_plotly_json"):
        yield "", value.to_plotly_json()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((f".{field.name}", getattr(value, field.name)) for field in dataclasses.fields(value))
    elif getattr(value, "shape", ()) and hasattr(value, "tolist"):
        yield "", value.tolist()


def _advice(value: Any) -> str:
    kind = type(value)
    if hasattr(kind, "_meta") and hasattr(kind, "pk"):
        return "Give a field of the model instance, such as its pk, or str() of it."
    if hasattr(kind, "as_manager") and hasattr(kind, "values_list"):
        return "Give a list: list(queryset.values(...)) or list(queryset.values_list(..., flat=True))."
    if isinstance(value, (set, frozenset)):
        return "A set has no order: give sorted(...) or list(...) of it."
    if isinstance(value, (bytes, bytearray)):
        return "Decode the bytes to text, with base64 if they are not text."
    if isinstance(value, int):
        return "orjson writes integers of up to 64 bits: give str() or float() of it."
    if isinstance(value, str):
        return (
            "It has one half of a surrogate pair, which UTF-8 has no place for: text.encode(errors='replace').decode()."
        )
    if hasattr(kind, "to_dict") and hasattr(kind, "columns"):
        return 'Give its rows: df.to_dict("records").'
    if inspect.isgenerator(value) or hasattr(kind, "__next__"):
        return "Give list(...) of it."
    return "Properties take texts, numbers, dates, None, components, and lists and dicts of those."
