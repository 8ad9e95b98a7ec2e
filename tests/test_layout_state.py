from __future__ import annotations

import copy
from typing import Any

import dash_mantine_components as dmc
import pytest
from dash import dcc, html
from dash._utils import to_json

from django_plotly_dash.layout_state import (
    applied,
    as_json,
    components_of,
    holds_components,
    key_in,
    key_of,
    values_of,
)

CELL = {"row": 2, "kind": "cell"}
CELL_KEY = '{"kind":"cell","row":2}'
JSON_INPUT = {"props": {"id": "json", "value": 1}, "type": "Input", "namespace": "dash_core_components"}


def layout() -> Any:
    return html.Div(
        [
            dcc.Input(id="text", value="hello"),
            [html.Div([html.B("bold", id=CELL)], id="outer", style={"color": "red"})],
            dcc.Tabs([dcc.Tab("inside", label="label", id="tab")]),
            dcc.Checklist(id="list", options=[{"label": html.Span("rich", id="in-options"), "value": 1}]),
            dmc.TextInput(id="mantine", leftSection=html.I("icon", id="in-property"), value="v"),
            html.Div(children={"not": "a component", "but": html.P("odd", id="in-dict")}, id="dict"),
            JSON_INPUT,
        ],
        id="root",
    )


@pytest.mark.parametrize(
    ("component_id", "key"),
    [
        ("text", "text"),
        (CELL, CELL_KEY),
        ({"b": True, "a": 1.5}, '{"a":1.5,"b":true}'),
        ({"name": "é"}, '{"name":"\\u00e9"}'),
    ],
)
def test_keys_are_ids_as_dash_writes_them(component_id: Any, key: str) -> None:
    assert key_of(component_id) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("text", "text"),
        ('{"row": 1, "kind":"cell"}', '{"kind":"cell","row":1}'),
        ('{"kind":"größe"}', '{"kind":"gr\\u00f6\\u00dfe"}'),
        ('{"n":1.0}', '{"n":1}'),
        ("{no id", "{no id"),
    ],
)
def test_keys_are_the_same_however_an_id_is_spelled(text: str, key: str) -> None:
    assert key_in(text) == key_in(key) == key


def test_components_are_found_anywhere() -> None:
    found = dict(components_of(layout()))
    assert set(found) == {
        "root",
        "text",
        "outer",
        CELL_KEY,
        "tab",
        "list",
        "in-options",
        "mantine",
        "in-property",
        "dict",
        "in-dict",
        "json",
    }
    assert found["text"] == {"value": "hello"}


def test_values_are_those_that_hold_no_components() -> None:
    assert values_of(layout()) == {
        "root": {},
        "text": {"value": "hello"},
        "outer": {"style": {"color": "red"}},
        CELL_KEY: {"children": "bold"},
        "tab": {"children": "inside", "label": "label"},
        "list": {},
        "in-options": {"children": "rich"},
        "mantine": {"value": "v"},
        "in-property": {"children": "icon"},
        "dict": {},
        "in-dict": {"children": "odd"},
        "json": {"value": 1},
    }


def test_values_are_as_json_has_them() -> None:
    figure = {"data": [{"y": (1, 2)}]}
    assert values_of([dcc.Graph(id="graph", figure=figure)])["graph"]["figure"] == {"data": [{"y": [1, 2]}]}
    assert as_json(float("nan")) is None
    with pytest.raises(TypeError):
        values_of(dcc.Store(id="store", data=object()))


KEYS = ["text", CELL_KEY, "tab", "in-options", "in-property", "in-dict", "json"]


@pytest.mark.parametrize("key", KEYS)
def test_values_are_laid_over_components_anywhere(key: str) -> None:
    assert values_of(applied(layout(), {key: {"className": "new"}}))[key]["className"] == "new"


def test_a_layout_stays_as_it_was() -> None:
    before = layout()
    written, parts = to_json(before), copy.copy(before.children)
    overrides = {key: {"className": "new", "children": None} for key in dict(components_of(before))}
    after = applied(before, overrides)
    assert to_json(before) == written
    assert all(now is then for now, then in zip(before.children, parts, strict=True))
    assert to_json(after) != written


def test_what_is_not_concerned_is_the_same_object() -> None:
    before = layout()
    assert applied(before, {}) is before
    assert applied(before, {"elsewhere": {"value": 1}}) is before
    after = applied(before, {"text": {"value": "new"}})
    assert after is not before
    assert after.children[0].value == "new"
    assert all(now is then for now, then in zip(after.children[1:], before.children[1:], strict=True))


def test_lists_and_properties_that_were_not_there() -> None:
    one, two = applied([dcc.Input(id="one", value=1), dcc.Input(id="two", value=2)], {"one": {"value": None, "min": 3}})
    assert one.to_plotly_json()["props"] == {"id": "one", "value": None, "min": 3}
    assert two.value == 2


def test_an_id_is_not_changed() -> None:
    assert applied(dcc.Input(id="one"), {"one": {"id": "two", "value": 1}}).to_plotly_json()["props"] == {
        "id": "one",
        "value": 1,
    }


def test_components_among_the_new_values_are_laid_over_too_but_not_for_ever() -> None:
    inner = {"props": {"id": "box", "children": JSON_INPUT}, "type": "Div", "namespace": "dash_html_components"}
    after = applied(html.Div(id="box"), {"box": {"children": [inner]}, "json": {"value": 2}})
    assert after.children[0]["props"]["children"]["props"] == {"id": "json", "value": 2}
    assert JSON_INPUT["props"] == {"id": "json", "value": 1}


def test_tables_and_texts_hold_no_components() -> None:
    assert holds_components({"a": [html.B("x")]})
    assert holds_components([JSON_INPUT])
    assert not holds_components({"props": {}, "type": "only two"})
    assert values_of(dcc.Store(id="rows", data=[{"props": 1}])) == {"rows": {"data": [{"props": 1}]}}
