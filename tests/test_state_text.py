from __future__ import annotations

import json

import pytest

from django_plotly_dash.exceptions import StateTextError
from django_plotly_dash.state_text import compact, indented, parse

BIG = '{"Größe":{"value":123456789012345678901234567890,"other":0.10000000000000000001,"end":1e400,"list":[],"e":{}}}'


def test_a_state_is_read() -> None:
    text = '{"slider": {"value": 3, "disabled": null}, "{\\"index\\":1}": {"children": ["ü", true, 1.5]}}'
    assert parse(text) == {"slider": {"value": 3, "disabled": None}, '{"index":1}': {"children": ["ü", True, 1.5]}}


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "Line 1, column 1: This is not JSON: Expecting value"),
        ('{"a": {\n  "b": 1,\n  x: 2}}', 3, 3, "Line 3, column 3: This is not JSON: Expecting property name"),
        ('{"a": {}}\n}', 2, 1, "Line 2, column 1: This is not JSON: Extra data"),
        ("[]", 0, 0, "This is a list. It has to be an object of components,"),
        ("null", 0, 0, "This is null. It has to be"),
        ('"text"', 0, 0, "This is a string. It has to be"),
        ('{"a": {"x": {"b": 1}},\n "b": 7}', 2, 2, "Line 2, column 2: What stands for 'b' is a number. It has to be"),
        ('{"a": {}, "b": [{}]}', 1, 11, "Line 1, column 11: What stands for 'b' is a list."),
        ('{"a": {"b": true}, "a": {}}', 0, 0, "The key 'a' stands twice in one object"),
        ('{"a": {},\n "b": {"c": [18446744073709551616]}}', 2, 2, "Line 2, column 2: 'b', 'c': A number has 65 bits"),
        ('{"a": {"b": "\\ud800"}}', 1, 2, r"Line 1, column 2: 'a', 'b': The text '\ud800' has half of a pair"),
        ('{"a": {"\\ud800": 1}}', 1, 2, r"Line 1, column 2: 'a', '\ud800': The text '\ud800' has half of a pair"),
        ('{"a": {"b": ' + "[" * 101 + "]" * 101 + "}}", 1, 2, "Line 1, column 2: 'a', 'b': This is nested in more"),
        ('{"a": {"b": NaN}}', 0, 0, "NaN is no value of JSON; null would be one."),
        ('{"a": {"b": -Infinity}}', 0, 0, "-Infinity is no value of JSON"),
        ('{"a": {"b": 1e999}}', 0, 0, "1e999 is too large a number."),
        (f'{{"a": {{"b": {"7" * 5000}}}}}', 0, 0, "This cannot be read: Exceeds the limit"),
        (f'{{"a": {"[" * 100_000}', 0, 0, "This is nested too deeply to be read."),
    ],
)
def test_a_state_that_cannot_be_is_refused_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(StateTextError) as error:
        parse(text)
    assert str(error.value).startswith(message)
    assert (error.value.line, error.value.column) == (line, column)


def test_laying_out_changes_no_value() -> None:
    shown = indented(BIG)
    assert shown.splitlines() == [
        "{",
        '  "Größe": {',
        '    "value": 123456789012345678901234567890,',
        '    "other": 0.10000000000000000001,',
        '    "end": 1e400,',
        '    "list": [],',
        '    "e": {}',
        "  }",
        "}",
    ]
    assert compact(shown) == BIG
    assert compact(shown.replace("\n", "\r\n")) == BIG  # as a browser sends it


def test_letters_stand_as_themselves_where_they_can() -> None:
    text = r'{"a": {"b": "\u00fc \ud83d\ude00 \ud800 {\"x\": [1,2]} \\ \u0000"}, "c": {}}'
    shown = indented(text)
    assert r"\ud800" in shown  # half a pair cannot be sent, so all of this string stays as it was
    assert json.loads(shown) == json.loads(text)
    other = indented(r'{"a": {"b": "\u00fc \ud83d\ude00 \u0000 \u2028 \" \\"}}')
    assert '"ü 😀 \\u0000 \u2028 \\" \\\\"' in other


@pytest.mark.parametrize("text", ["", "{", "not json", '{"a": {},}', "[" * 100_000])
def test_what_is_not_json_stays_as_it_is(text: str) -> None:
    assert indented(text) == compact(text) == text


def test_keys_keep_their_order_and_doubles_stay() -> None:
    text = '{"z":{"b":1,"a":2},"a":{"b":1,"b":2}}'
    assert compact(indented(text)) == text
