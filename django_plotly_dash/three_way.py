"""What two have made of one state, brought together property by property.

Of the state that both began with only digests are kept, which is little beside a state with figures in it.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final

from .state_store import Changes, State, flat

# Stands for a value of which it was decided that mine is to stay, whatever theirs is.
DECIDED: Final = "*"
_NOTHING: Final[dict[str, Any]] = {}


def digests(state: Changes) -> dict[str, str]:
    """A digest of the place of each value -> one of place and value."""
    return {place(key, name): _digest(key, name, value) for key, name, value in flat(state)}


def place(key: str, name: str) -> str:
    """What stands for a property among digests."""
    return _digest(key, name)


def merged(mine: State, theirs: State, before: dict[str, str]) -> tuple[State, State, list[tuple[str, str]]]:
    """Mine, with what they have changed and I have not. Of what both have changed, each in another way: their values,
    and what they have removed, component key and property. To add and to remove a property is to change it.

    Args:
        mine: with values that stay where both have changed one.
        theirs: the other state.
        before: digests of the state that both began with.
    """
    state: State = {}
    conflicts: State = {}
    removed: list[tuple[str, str]] = []
    for key in _either(mine, theirs):
        ours, others = mine.get(key, _NOTHING), theirs.get(key, _NOTHING)
        if key in mine and not ours:
            state[key] = {}
        for name in _either(ours, others):
            was = before.get(place(key, name))
            here, there = (_digest(key, name, values[name]) if name in values else None for values in (ours, others))
            keeps_mine = here == there or there == was or was == DECIDED
            if not keeps_mine and here != was:
                if name in others:
                    conflicts.setdefault(key, {})[name] = others[name]
                else:
                    removed.append((key, name))
            chosen = others if not keeps_mine and here == was else ours
            if name in chosen:
                state.setdefault(key, {})[name] = chosen[name]
    return state, conflicts, removed


def _either(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [*one, *(name for name in other if name not in one)]


def _digest(*parts: Any) -> str:
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
