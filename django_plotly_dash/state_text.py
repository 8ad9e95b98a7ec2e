"""Saved state as text that people read and write: checked, and laid out without changing a value.

Reading the text and writing it anew could change it: a number that Python rounds, a key that stands twice. So laying
out works on the text itself and touches nothing but the space between its parts, and the escapes of letters.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, cast

from .exceptions import StateTextError

_SHAPE = 'It has to be an object of components, {"component id": {"property": value}}.'
# A string, a bracket or separator, or a number or name.
_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}:,]|[^\s"][^\s"{}\[\]:,]*')
# What walks through a state does not get to the end of what is nested much deeper, nor do writers of JSON.
_LEVELS = 100
_KINDS = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}


def parse(text: str) -> dict[str, dict[str, Any]]:
    """The state that a text stands for.

    Args:
        text: JSON of the shape ``{component id: {property: value}}``.

    Raises:
        StateTextError: it is not JSON, has another shape, a key twice, or a number that JSON has no room for.
    """
    state = read(text)
    wrong = misshapen(state)
    if wrong:
        positions = dict(_keys(text)) if isinstance(state, dict) else {}
        key = next((key for key in positions if misshapen({key: state[key]})), None)
        raise StateTextError(wrong, *(_place(text, positions[key]) if key is not None else ()))
    return cast("dict[str, dict[str, Any]]", state)


def read(text: str) -> Any:
    """The value that a text stands for, of any shape.

    Raises:
        StateTextError: it is not JSON, or has a key twice or a number that JSON has no room for.
    """
    try:
        return json.loads(text, object_pairs_hook=once, parse_float=_finite, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise StateTextError(f"This is not JSON: {error.msg}.", *_place(text, error.pos)) from None
    except RecursionError:
        raise StateTextError("This is nested too deeply to be read.") from None
    except StateTextError:
        raise
    except ValueError as error:  # a number of more digits than Python reads
        raise StateTextError(f"This cannot be read: {error}.") from None


def misshapen(state: object) -> str:
    """What is wrong with the shape of a value that is to be a state; empty if nothing is."""
    if not isinstance(state, dict):
        return f"This is {_kind(state)}. {_SHAPE}"
    for key, properties in state.items():
        if not isinstance(properties, dict):
            return f"What stands for {key!r} is {_kind(properties)}. {_SHAPE}"
        for name, value in properties.items():
            wrong = unwritable(key) or unwritable(name) or unwritable(value)
            if wrong:
                return f"{key!a}, {name!a}: {wrong}"
    return ""


def unwritable(value: Any) -> str:
    """Why a value that JSON can hold could not be sent to a browser by each writer that Dash may use; empty if it
    could. Writers differ in the numbers, letters and depth that they take, and another process may have another one.

    Args:
        value: as JSON has it.
    """
    parts = [value]
    for _ in range(_LEVELS):
        for part in parts:
            wrong = _unwritable_scalar(part)
            if wrong:
                return wrong
        parts = [inner for part in parts if isinstance(part, (dict, list)) for inner in _inside(part)]
        if not parts:
            return ""
    return f"This is nested in more than {_LEVELS} levels, too deeply to be sent to a browser."


def _inside(part: dict[str, Any] | list[Any]) -> list[Any]:
    return [*part, *part.values()] if isinstance(part, dict) else part


def _unwritable_scalar(value: Any) -> str:
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return f"A number has {value.bit_length()} bits; more than 64 cannot be sent to a browser."
    if isinstance(value, float) and not math.isfinite(value):
        return f"The number {value} cannot be written as JSON; null could be."
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return f"The text {value[:40]!a} has half of a pair of surrogates in it, which cannot be sent to a browser."
    return ""


def indented(text: str) -> str:
    """The same values, laid out for reading: two spaces a level, letters of any script as themselves.

    A text that is not JSON is returned as it is.
    """
    if not _is_json(text):
        return text
    lines, depth, previous = [""], 0, ""
    for part in _parts(text):
        opened, closes = previous in ("{", "["), part in ("}", "]")
        depth -= closes
        if previous == "," or opened != closes:
            lines.append("  " * depth)
        lines[-1] += f"{part} " if part == ":" else part
        depth += part in ("{", "[")
        previous = part
    return "\n".join(lines)


def compact(text: str) -> str:
    """The same values without space between them; a text that is not JSON is returned as it is."""
    return "".join(_parts(text)) if _is_json(text) else text


def storable(text: str) -> str:
    """The same values as they are stored: without space, and in ASCII, which a table of any character set can hold."""
    if not _is_json(text):
        return text
    parts = (match[0] for match in _PART.finditer(text))
    return "".join(part if part.isascii() else json.dumps(json.loads(part)) for part in parts)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dict of the pairs of an object.

    Raises:
        StateTextError: it has a key twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise StateTextError(f"The key {twice!r} stands twice in one object; only one of the two could be kept.")
    return found


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parts(text: str) -> Iterator[str]:
    return (_readable(match[0]) for match in _PART.finditer(text))


def _readable(part: str) -> str:
    if "\\" not in part:
        return part
    written = json.dumps(json.loads(part), ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:  # half of a pair: only its escape can be sent
        return part
    return written


def _keys(text: str) -> Iterator[tuple[str, int]]:
    """Keys of the outermost object, and where they stand."""
    depth, at = 0, ("", 0)
    for match in _PART.finditer(text):
        if match[0] == ":" and depth == 1:
            yield json.loads(at[0]), at[1]
        depth += (match[0] in "{[") - (match[0] in "}]")
        at = match[0], match.start()


def _finite(number: str) -> float:
    if not math.isfinite(float(number)):
        raise StateTextError(f"{number} is too large a number.")
    return float(number)


def _no_constant(name: str) -> Any:
    raise StateTextError(f"{name} is no value of JSON; null would be one.")


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a number")
