"""What a browser asks, compared with what the callback was defined with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dash._utils import clean_property_name

from ..exceptions import RequestError


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
    matched: dict[str, Any] = {}
    for part in ("inputs", "state"):
        _check_items(part, body.get(part, []), spec[part], matched)
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(item, str) for item in changed):
        raise RequestError("'changedPropIds' has to be a list of strings.")
    if not spec["no_output"]:
        given, wanted = body.get("outputs"), spec["output"]
        several = isinstance(wanted, (list, tuple))
        outputs = [output.to_dict() for output in (wanted if several else [wanted])]
        _check_items("outputs", given if several else [given], outputs, matched)
    return body


def _check_items(part: str, given: Any, wanted: Sequence[dict[str, Any]], matched: dict[str, Any]) -> None:
    if not isinstance(given, list) or len(given) != len(wanted):
        raise RequestError(f"'{part}' has to be a list of {len(wanted)} items, as the callback was defined.")
    for item, spec in zip(given, wanted, strict=True):
        pattern, of_many = _pattern(spec["id"])
        if isinstance(item, list) is not of_many or not all(
            _fits(value, pattern, spec["property"], matched) for value in (item if of_many else [item])
        ):
            raise RequestError(f"An item of '{part}' does not have the id and property of the callback.")


def _fits(item: Any, pattern: Any, name: str, matched: dict[str, Any]) -> bool:
    """Whether an item stands where the callback has this id and property; ``MATCH`` stands for the same everywhere."""
    if not isinstance(item, dict) or clean_property_name(str(item.get("property"))) != name:
        return False
    given = item.get("id")
    if not isinstance(pattern, dict) or not isinstance(given, dict):
        return bool(given == pattern)
    return given.keys() == pattern.keys() and all(
        (value != ["MATCH"] or matched.setdefault(key, given[key]) == given[key])
        if isinstance(value, list)
        else value == given[key]
        for key, value in pattern.items()
    )


@lru_cache(maxsize=4096)
def _pattern(component_id: str) -> tuple[Any, bool]:
    """An id as a callback was defined with it, and whether it stands for a list of components. A wildcard is written
    as a list: ``["ALL"]``."""
    if not component_id.startswith("{"):
        return component_id, False
    pattern = json.loads(component_id)
    return pattern, any(value in (["ALL"], ["ALLSMALLER"]) for value in pattern.values())
