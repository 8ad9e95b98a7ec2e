"""Which properties of components the callbacks of an app read and write, pattern ids among them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from .layout_state import property_of

if TYPE_CHECKING:
    from .djangodash import DjangoDash

_PRESSES: Final = frozenset({"n_clicks", "n_submit", "submit_n_clicks"})
# What visitors change by themselves; the rest, as children and figure, is what the app shows them.
_BY_HAND: Final = frozenset({"checked", "date", "end_date", "on", "start_date", "value"})


def named(app: DjangoDash, key: str) -> set[str]:
    """Properties of a component that any callback has as input, state or output, in the browser or on the server.

    Args:
        key: the component's id as Dash writes it.
    """
    parts = (
        part for spec in app.known_callbacks().values() for part in (*spec["inputs"], *spec["state"], *_outputs(spec))
    )
    return {property_of(part["property"]) for part in parts if fits(part["id"], key)}


def is_told(callbacks: Mapping[str, Any], key: str, name: str, *, by_press: bool = False) -> bool:
    """Whether the server is told of each change of a property by a callback of its own: one that has the property as
    input, or that has set it.

    Args:
        callbacks: those of the app, as in Dash's ``callback_map``.
        key: the component's id as Dash writes it.
        name: the property.
        by_press: the visitor has pressed a button that reads the property. Then, if it is one that visitors type or
            choose, others that only buttons call, such as one that clears a form, do not count: what they have set may
            have been typed over. One that reads what it sets, such as one that counts, does.
    """
    by_hand = by_press and name in _BY_HAND
    return any(
        _has(spec["inputs"], key, name)
        or (
            _has(_outputs(spec), key, name)
            and not (by_hand and _is_of_buttons(spec) and not _has(spec["state"], key, name))
        )
        for spec in callbacks.values()
        if "callback" in spec
    )


def is_press(name: str) -> bool:
    """Whether a property changes only when a visitor presses a button or a key."""
    return name in _PRESSES


def _is_of_buttons(spec: dict[str, Any]) -> bool:
    return bool(spec["inputs"]) and all(is_press(part["property"]) for part in spec["inputs"])


def _has(parts: Iterable[Mapping[str, str]], key: str, name: str) -> bool:
    return any(property_of(part["property"]) == name and fits(part["id"], key) for part in parts)


def fits(pattern: str, key: str) -> bool:
    """Whether an id that a callback was defined with, wildcards written as lists, stands for a component.

    Args:
        pattern: such as ``text``, or ``{"index":["ALL"],"type":"row"}``.
        key: the component's id as Dash writes it.
    """
    if pattern == key:
        return True
    if not (pattern.startswith("{") and key.startswith("{")):
        return False
    wanted, given = _read(pattern), _read(key)
    return wanted.keys() == given.keys() and all(
        isinstance(value, list) or value == given[part] for part, value in wanted.items()
    )


def _outputs(spec: dict[str, Any]) -> Iterator[dict[str, str]]:
    if spec.get("no_output"):
        return
    output = spec["output"]
    for one in output if isinstance(output, (list, tuple)) else [output]:
        yield {"id": one.component_id_str(), "property": one.component_property}


@lru_cache(maxsize=4096)
def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:  # an id that only begins like one
        return {}
    return found if isinstance(found, dict) else {}
