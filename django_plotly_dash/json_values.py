"""Values that Dash's JSON writer does not know, or knows only with orjson, made plain before Dash writes them.

Dash writes JSON with plotly's encoder: with orjson if that is installed, else with Python's ``json``. What either
knows differs. Here callbacks' results and layouts are made of values that both know: lazy translations in the
request's language, UUIDs, enums, Decimals, durations, and pandas and numpy containers of such. A value that is
plain already, which is the rule, is given back as it is; a changed one is a copy, since layouts are shared by requests.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from dash import NoUpdate
from dash import callback_context as dash_callback_context
from dash._utils import clean_property_name, stringify_id, to_json
from dash.development.base_component import Component
from django.utils.duration import duration_iso_string
from django.utils.functional import LazyObject, Promise, empty
from plotly.io.json import config as plotly_json  # type: ignore[attr-defined]

from .exceptions import SerializationError

Convert = Callable[[Any], Any]

_PLAIN: Final = frozenset(
    {str, int, float, bool, type(None), datetime.datetime, datetime.date, datetime.time, NoUpdate}
)
_PLAIN_KEYS: Final = frozenset({str, int, float, bool, type(None)})
_ONLY_STR: Final = frozenset({str})
# Kinds of numpy's data types that plotly's encoder writes in one go: truth values, integers and real numbers.
_NUMERIC: Final = "biuf"


class _UnknownError(Exception):
    """A value that nobody knows; the way to it is put together on the way out."""

    def __init__(self, value: Any, reason: str = "") -> None:
        self.value, self.reason = value, reason
        self.path: list[str] = []


def plain(value: Any, where: str = "") -> Any:
    """The value, or a copy of it in which everything can be written as JSON.

    Args:
        where: what the value is, to begin the path with that an error names.

    Raises:
        SerializationError: something in it cannot be written; the message has its path, its type and what to do.
    """
    try:
        return _plain(value)
    except _UnknownError as unknown:
        raise _error(unknown, where) from None


def returning_plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a callback so that what it returns is plain; sync stays sync, async stays async."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def with_plain_result_async(*args: Any, **kwargs: Any) -> Any:
            result = await function(*args, **kwargs)
            try:
                return _plain(result)
            except _UnknownError as unknown:
                raise _error_of_callback(unknown, function, result) from None

        return with_plain_result_async

    @functools.wraps(function)
    def with_plain_result(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        try:
            return _plain(result)
        except _UnknownError as unknown:
            raise _error_of_callback(unknown, function, result) from None

    return with_plain_result


class PlainProperties(dict[str, Any]):
    """What ``dash.set_props`` fills: component id -> properties. They are made plain as they come."""

    def __setitem__(self, component_id: str, properties: dict[str, Any]) -> None:
        super().__setitem__(component_id, plain(properties, f"set_props of {component_id}"))


# --- by type ----------------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    kind = type(value)
    return value if kind in _PLAIN else _converter(kind)(value)  # type: ignore[arg-type]


@functools.lru_cache(maxsize=1024)
def _converter(kind: type) -> Convert:
    for types, convert in _CONVERTERS:
        if issubclass(kind, types):
            return convert
    package = kind.__module__.partition(".")[0]
    if package == "numpy":
        return _of_numpy
    if package == "pandas":
        return _of_pandas
    if issubclass(kind, (datetime.date, datetime.time)):
        return lambda value: value.isoformat()
    if hasattr(kind, "to_plotly_json"):
        return lambda value: _plain(value.to_plotly_json())
    if dataclasses.is_dataclass(kind):
        return lambda value: _dict({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if hasattr(kind, "tolist"):
        return lambda value: _plain(value.tolist())
    return _left_to_plotly


def _same(value: Any) -> Any:
    return value


def _list(values: Any) -> Any:
    if _PLAIN.issuperset(map(type, values)) or _is_table_for_orjson(values):
        return values
    result, changed = [], False
    for index, value in enumerate(values):
        try:
            new = _plain(value)
        except _UnknownError as unknown:
            unknown.path.append(f"[{index}]")
            raise
        changed = changed or new is not value
        result.append(new)
    return result if changed else values


def _is_table_for_orjson(values: Any) -> bool:
    """Whether these are many rows, and all of them plain; orjson finds that out faster than Python code does."""
    if len(values) < 20 or type(values[0]) not in (dict, list) or plotly_json.default_engine == "json":
        return False
    try:
        import orjson

        orjson.dumps(values, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    except (ImportError, TypeError):
        return False
    return True


def _dict(values: Mapping[Any, Any]) -> Any:
    if _ONLY_STR.issuperset(map(type, values)) and _PLAIN.issuperset(map(type, values.values())):
        return values
    result, changed = {}, False
    for key, value in values.items():
        try:
            new_key = key if type(key) is str else _key(key)
            new = _plain(value)
        except _UnknownError as unknown:
            unknown.path.append(f"[{key!r}]" if not isinstance(key, str) else f".{key}")
            raise
        changed = changed or new is not value or new_key is not key
        result[new_key] = new
    return result if changed else values


def _key(key: Any) -> Any:
    if type(key) in _PLAIN_KEYS:
        return key
    new = key.item() if _is_numpy_scalar(key) else key
    if isinstance(new, str) and not isinstance(new, Enum):
        return str.__str__(new)
    if isinstance(new, (datetime.date, datetime.time)):
        return new.isoformat()
    if isinstance(new, Decimal):
        return str(new)
    if type(new) not in _PLAIN_KEYS and isinstance(new, (Enum, Promise, UUID, LazyObject)):
        new = _plain(new)
    if type(new) not in _PLAIN_KEYS:
        raise _UnknownError(key, "A key of a dict has to be a text or a number.")
    return new


def _component(component: Component) -> Component:
    changed = {}
    for name, value in vars(component).items():
        if type(value) in _PLAIN:
            continue
        try:
            new = _plain(value)
        except _UnknownError as unknown:
            ident = getattr(component, "id", None)
            shown = f"(id={ident!r})" if ident is not None else ""
            unknown.path.append(f" > {type(component).__name__}{shown}.{name}")
            raise
        if new is not value:
            changed[name] = new
    if not changed:
        return component
    result = copy.copy(component)
    vars(result).update(changed)
    return result


def _unwrapped(value: LazyObject[Any]) -> Any:
    if value._wrapped is empty:
        value._setup()
    return _plain(value._wrapped)


def _is_numpy_scalar(value: Any) -> bool:
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.generic)


def _of_numpy(value: Any) -> Any:
    numpy: Any = sys.modules["numpy"]
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if isinstance(value, numpy.generic):
        if kind == "M":  # Python's json engine would write a number of nanoseconds
            return None if numpy.isnat(value) else str(value)
        if kind == "m":
            return None if numpy.isnat(value) else _plain(value.astype("timedelta64[us]").item())
        if kind in _NUMERIC:
            return value
    elif isinstance(value, numpy.ndarray):
        if kind in _NUMERIC and not isinstance(value, numpy.ma.MaskedArray):
            return value
        if kind == "M":
            return _plain(value.astype("datetime64[us]").tolist())
        if kind == "m":
            return _plain(value.astype("timedelta64[us]").tolist())
        return _plain(value.tolist())
    raise _UnknownError(value)


def _of_pandas(value: Any) -> Any:
    pandas: Any = sys.modules["pandas"]
    if value is pandas.NaT or value is pandas.NA:
        return None
    if isinstance(value, pandas.Timestamp):
        return value.isoformat()
    dtype = getattr(value, "dtype", None)
    if dtype is None or not hasattr(value, "tolist"):
        return _left_to_plotly(value)
    if type(dtype).__module__.startswith("numpy") and dtype.kind in _NUMERIC:
        return value
    return _plain(value.tolist())


def _left_to_plotly(value: Any) -> Any:
    if value is NoUpdate:
        return value
    try:
        to_json(value)
    except (TypeError, ValueError):
        raise _UnknownError(value) from None
    return value


_CONVERTERS: Final[tuple[tuple[Any, Convert], ...]] = (
    (NoUpdate, _same),
    (Component, _component),
    (Enum, lambda value: _plain(value.value)),
    (dict, _dict),
    ((list, tuple), _list),
    ((str, int, float), _same),
    ((Promise, UUID), str),
    (LazyObject, _unwrapped),
    (Decimal, float),
    (datetime.timedelta, duration_iso_string),
)


# --- the error --------------------------------------------------------------------------------------------------


def _error_of_callback(unknown: _UnknownError, function: Callable[..., Any], result: Any) -> SerializationError:
    inner = inspect.unwrap(function)
    name = getattr(inner, "__qualname__", type(inner).__name__)
    where = f"The result of {getattr(inner, '__module__', '')}.{name}"
    outputs = getattr(dash_callback_context, "outputs_list", None)
    if isinstance(outputs, dict):
        return _error(unknown, f"{where}, for {_name_of(outputs)}")
    first = unknown.path[-1] if unknown.path else ""
    if isinstance(outputs, list) and isinstance(result, (list, tuple)) and first.startswith("["):
        index = int(first[1:-1])
        if index < len(outputs) and isinstance(outputs[index], dict):
            unknown.path.pop()
            return _error(unknown, f"{where}, for {_name_of(outputs[index])}")
    return _error(unknown, where)


def _name_of(output: dict[str, Any]) -> str:
    return f"{stringify_id(output['id'])}.{clean_property_name(output['property'])}"


def _error(unknown: _UnknownError, where: str) -> SerializationError:
    path = "".join(reversed(unknown.path)).removeprefix(" > ")
    place = f"{where or 'The value'}: at {path}" if path else f"{where or 'The value'}"
    kind = type(unknown.value)
    shown = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    advice = unknown.reason or _advice(unknown.value)
    return SerializationError(f"{place} is a {shown}, which cannot be written as JSON. {advice}")


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
    if hasattr(kind, "to_dict") and hasattr(kind, "columns"):
        return 'Give its rows: df.to_dict("records").'
    if inspect.isgenerator(value) or hasattr(kind, "__next__"):
        return "Give list(...) of it."
    return "Properties take texts, numbers, dates, None, components, and lists and dicts of those."
