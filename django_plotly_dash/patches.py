"""What the browser makes of a ``dash.Patch``, made here too: the value that a property has after it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

_MARK: Final = "__dash_patch_update"


class PatchError(ValueError):
    """A patch does not fit the value that it is for."""


def is_patch(value: Any) -> bool:
    """Whether this is a ``Patch`` as Dash writes it."""
    return isinstance(value, dict) and _MARK in value


def patched(value: Any, patch: Mapping[str, Any]) -> Any:
    """The value after a patch; the one that was given stays as it is.

    Args:
        value: what the property has now, as JSON has it.
        patch: a ``Patch`` as Dash writes it.

    Raises:
        PatchError: the value has no such place, or is of another kind than the operation is for.
    """
    result = [copy.deepcopy(value)]
    for operation in patch["operations"]:
        try:
            _apply(result, operation["operation"], [0, *operation["location"]], operation["params"])
        except (KeyError, IndexError, TypeError, AttributeError, ValueError, ZeroDivisionError) as error:
            where = ".".join(map(str, operation["location"])) or "the value"
            raise PatchError(f"{operation['operation']} at {where}: {type(error).__name__}: {error}") from None
    return result[0]


def _apply(root: list[Any], name: str, location: Sequence[Any], params: Mapping[str, Any]) -> None:
    holder: Any = root
    for step, following in pairwise(location):
        if name == "Assign" and _is_free(holder, step):
            # As in the browser, a place that is not there yet is made on the way.
            _set(holder, step, [] if isinstance(following, int) else {})
        holder = holder[step]
    last = location[-1]
    if name == "Assign":
        _set(holder, last, params["value"])
    elif name == "Delete":
        if isinstance(holder, dict):
            holder.pop(last, None)
        else:
            del holder[last]
    else:
        holder[last] = _CHANGES[name](holder[last], params)


def _is_free(holder: Any, step: Any) -> bool:
    if isinstance(holder, dict):
        return holder.get(step) is None
    return step == len(holder) or holder[step] is None


def _set(holder: Any, step: Any, value: Any) -> None:
    if isinstance(holder, list) and step == len(holder):
        holder.append(value)
    else:
        holder[step] = value


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"it is for lists, and this is {type(value).__name__}")
    return value


def _inserted(before: Any, params: Mapping[str, Any]) -> Any:
    items = list(_listed(before))
    items.insert(params["index"], params["value"])
    return items


def _as_in_json(number: Any) -> Any:
    return int(number) if isinstance(number, float) and number.is_integer() else number


_CHANGES: Final[dict[str, Callable[[Any, Mapping[str, Any]], Any]]] = {
    "Merge": lambda before, params: {**(before or {}), **params["value"]},
    "Extend": lambda before, params: [*_listed(before), *_listed(params["value"])],
    "Append": lambda before, params: [*_listed(before), params["value"]],
    "Prepend": lambda before, params: [params["value"], *_listed(before)],
    "Insert": _inserted,
    "Remove": lambda before, params: [item for item in _listed(before) if item != params["value"]],
    "Clear": lambda before, params: type(before)(),
    "Reverse": lambda before, params: before[::-1],
    "Add": lambda before, params: before + params["value"],
    "Sub": lambda before, params: before - params["value"],
    "Mul": lambda before, params: before * params["value"],
    "Div": lambda before, params: _as_in_json(before / params["value"]),
}
