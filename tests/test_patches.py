from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from dash import Patch

from django_plotly_dash.patches import PatchError, is_patch, patched

VALUE = {"list": [1, 2, 3], "dict": {"a": {"b": 1}}, "number": 6, "text": "x", "none": None}


def changed(change: Callable[[Any], Any], value: Any = VALUE) -> Any:
    patch = Patch()
    change(patch)
    before = copy.deepcopy(value)
    after = patched(value, patch.to_plotly_json())
    assert value == before
    return after


def set_at(*path: Any, value: Any) -> Callable[[Any], None]:
    def change(patch: Any) -> None:
        for step in path[:-1]:
            patch = patch[step]
        patch[path[-1]] = value

    return change


def delete(patch: Any) -> None:
    del patch["dict"]["a"]
    del patch["list"][0]
    del patch["not there"]


def arithmetic(patch: Any) -> None:
    patch["number"] += 4
    patch["number"] *= 3
    patch["number"] -= 6
    patch["number"] /= 4


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (set_at("number", value=1), {"number": 1}),
        (set_at("list", 1, value="x"), {"list": [1, "x", 3]}),
        (set_at("list", 3, value="x"), {"list": [1, 2, 3, "x"]}),
        (set_at("list", -1, value="x"), {"list": [1, 2, "x"]}),
        (set_at("new", "deep", value=1), {"new": {"deep": 1}}),
        (set_at("none", 0, "a", value=1), {"none": [{"a": 1}]}),
        (delete, {"dict": {}, "list": [2, 3]}),
        (arithmetic, {"number": 6}),
        (lambda patch: patch["list"].append([4]), {"list": [1, 2, 3, [4]]}),
        (lambda patch: patch["list"].prepend(0), {"list": [0, 1, 2, 3]}),
        (lambda patch: patch["list"].insert(1, 9), {"list": [1, 9, 2, 3]}),
        (lambda patch: patch["list"].extend([4, 5]), {"list": [1, 2, 3, 4, 5]}),
        (lambda patch: patch["list"].remove(2), {"list": [1, 3]}),
        (lambda patch: patch["list"].reverse(), {"list": [3, 2, 1]}),
        (lambda patch: patch["list"].clear(), {"list": []}),
        (lambda patch: patch["dict"].update({"c": 1}), {"dict": {"a": {"b": 1}, "c": 1}}),
        (lambda patch: patch["none"].update({"c": 1}), {"none": {"c": 1}}),
        (lambda patch: patch.update({"text": "y"}), {"text": "y"}),
    ],
)
def test_a_patch_does_what_it_does_in_the_browser(change: Callable[[Any], Any], expected: dict[str, Any]) -> None:
    assert changed(change) == {**VALUE, **expected}


def test_a_patch_of_the_whole_value() -> None:
    assert changed(lambda patch: patch.append(3), [1, 2]) == [1, 2, 3]
    assert changed(set_at("a", value=1), None) == {"a": 1}


@pytest.mark.parametrize(
    "change",
    [
        set_at("list", 7, value="x"),
        set_at("text", "a", value="x"),
        lambda patch: patch["number"].append(1),
        lambda patch: patch["nothing"].append(1),
    ],
)
def test_a_patch_that_does_not_fit_says_where(change: Callable[[Any], Any]) -> None:
    with pytest.raises(PatchError, match=r"^(Assign|Append) at (list\.7|text\.a|number|nothing): "):
        changed(change)


def test_patches_are_known_by_their_mark() -> None:
    assert is_patch(Patch().to_plotly_json())
    assert not is_patch({"operations": []})
    assert not is_patch([1])
