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
import math
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from dash import NoUpdate
from dash._utils import to_json
from dash.development.base_component import Component
from django.utils.duration import duration_iso_string
from django.utils.functional import LazyObject, Promise, empty
from plotly.io.json import config as plotly_json  # type: ignore[attr-defined]

from .faults import Fault, fault_in, step_of_key, step_of_property

Convert = Callable[[Any], Any]

_PLAIN: Final = frozenset(
    {str, int, float, bool, type(None), datetime.datetime, datetime.date, datetime.time, NoUpdate}
)
_PLAIN_KEYS: Final = frozenset({str, int, float, bool, type(None)})
_ONLY_STR: Final = frozenset({str})
# Kinds of numpy's data types that plotly's encoder writes in one go: truth values, integers and real numbers.
_NUMERIC: Final = "biuf"


def plain(value: Any, where: str = "") -> Any:
    """The value, or a copy of it in which everything can be written as JSON.

    Args:
        where: what the value is, to begin the path with that an error names.

    Raises:
        SerializationError: something in it cannot be written; the message has its path, its type and what to do.
    """
    try:
        return converted(value)
    except (Fault, RecursionError) as error:
        raise fault_of(error, value).error(where) from None


def written(value: Any, where: str = "") -> str:
    """The value as Dash writes it.

    Args:
        where: as for ``plain``.

    Raises:
        SerializationError: as ``plain``.
    """
    try:
        return str(to_json(value))
    except (TypeError, ValueError, RecursionError) as error:
        fault = fault_in(value)
        if fault is None:
            raise
        raise fault.error(where) from error


def sendable(value: Any, where: str = "") -> Any:
    """The same as ``plain``, and tried: for what another process will write, where the path would be lost."""
    value = plain(value, where)
    written(value, where)
    return value


def fault_of(error: Exception, value: Any) -> Fault:
    """What is wrong with the value that was to be made plain; raises the error again if that cannot be found."""
    fault = error if isinstance(error, Fault) else fault_in(value, converted)
    if fault is None:
        raise error
    return fault


# --- by type ----------------------------------------------------------------------------------------------------


def converted(value: Any) -> Any:
    """The value as ``plain`` gives it.

    Raises:
        Fault: it cannot be written.
        RecursionError: it contains itself, or is too deep.
    """
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
        return lambda value: converted(value.to_plotly_json())
    if dataclasses.is_dataclass(kind):
        return lambda value: _dict({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if hasattr(kind, "tolist"):
        return lambda value: converted(value.tolist())
    return _left_to_plotly


def _same(value: Any) -> Any:
    return value


def _list(values: Any) -> Any:
    if _PLAIN.issuperset(map(type, values)) or _is_table_for_orjson(values):
        return values
    result, changed = [], False
    for index, value in enumerate(values):
        try:
            new = converted(value)
        except Fault as fault:
            fault.path.append(f"[{index}]")
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
            new = converted(value)
        except Fault as fault:
            fault.path.append(step_of_key(key))
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
        new = converted(new)
    if type(new) not in _PLAIN_KEYS:
        raise Fault(key, "A key of a dict has to be a text or a number.")
    return new


def _component(component: Component) -> Component:
    changed = {}
    for name, value in vars(component).items():
        if type(value) in _PLAIN:
            continue
        try:
            new = converted(value)
        except Fault as fault:
            fault.path.append(step_of_property(component, name))
            raise
        if new is not value:
            changed[name] = new
    if not changed:
        return component
    result = copy.copy(component)
    vars(result).update(changed)
    return result


def _decimal(value: Decimal) -> float:
    return math.nan if value.is_snan() else float(value)


def _unwrapped(value: LazyObject[Any]) -> Any:
    if value._wrapped is empty:
        value._setup()
    return converted(value._wrapped)


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
            return None if numpy.isnat(value) else converted(value.astype("timedelta64[us]").item())
        if kind in _NUMERIC:
            return _portable(value)
    elif isinstance(value, numpy.ndarray):
        if kind in _NUMERIC and not isinstance(value, numpy.ma.MaskedArray):
            return _portable(value)
        if kind == "M":
            return converted(value.astype("datetime64[us]").tolist())
        if kind == "m":
            return converted(value.astype("timedelta64[us]").tolist())
        return converted(value.tolist())
    raise Fault(value)


def _portable(numbers: Any) -> Any:
    """The same numbers in the byte order and the width that each of plotly's encoders knows."""
    dtype = numbers.dtype
    if dtype.itemsize > 8:
        return numbers.astype("float64")
    return numbers if dtype.isnative else numbers.astype(dtype.newbyteorder("="))


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
        return _portable(value)
    return converted(value.tolist())


def _left_to_plotly(value: Any) -> Any:
    if value is NoUpdate:
        return value
    try:
        to_json(value)
    except (TypeError, ValueError):
        raise Fault(value) from None
    return value


_CONVERTERS: Final[tuple[tuple[Any, Convert], ...]] = (
    (NoUpdate, _same),
    (Component, _component),
    (Enum, lambda value: converted(value.value)),
    (dict, _dict),
    ((list, tuple), _list),
    ((str, int, float), _same),
    ((Promise, UUID), str),
    (LazyObject, _unwrapped),
    (Decimal, _decimal),
    (datetime.timedelta, duration_iso_string),
)
