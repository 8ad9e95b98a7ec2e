"""``params``: what a template or a view hands to an app's functions, as a dict that they can read and not change."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from .exceptions import HandedOverError


class Params(dict[str, Any]):
    """A dict that cannot be changed; dicts inside it are of the same kind. ``copy()`` gives an ordinary dict."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        super().__init__({name: _frozen(value) for name, value in (values or {}).items()})

    def copy(self) -> dict[str, Any]:
        """An ordinary dict with the same values, which can be changed."""
        return {name: _thawed(value) for name, value in self.items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return Params, (dict(self),)

    def __copy__(self) -> Params:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Params:
        return Params({name: copy.deepcopy(value, memo) for name, value in self.items()})

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("params cannot be changed: other requests of the page get what the page was given. Use a copy.")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


def checked(params: Any) -> dict[str, Any] | None:
    """What was given as ``params``, if it is JSON; None if there is nothing in it.

    Args:
        params: a dict with texts as keys, or None. A variable that a template does not have is an empty text.

    Raises:
        HandedOverError: it is not a dict, or holds something that is not a JSON value; the message has the path.
    """
    if params is None or params == "":
        return None
    if not isinstance(params, Mapping):
        raise HandedOverError(
            f"params is {_shown(params)}, a {type(params).__name__}; it has to be a dict, such as {{'year': 2007}}."
        )
    try:
        return _json(params, "params") or None
    except RecursionError:
        raise HandedOverError("params is nested too deeply, or holds itself.") from None


def _json(value: Any, path: str) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        # As the type itself: a subclass, such as a text that is marked as safe, would not come back from JSON.
        return (
            value if value is None or isinstance(value, bool) else int(value) if isinstance(value, int) else value + ""
        )
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        raise HandedOverError(f"{path} is {value!r}, which JSON does not have. Give None in its place.")
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise HandedOverError(f"{path} has the key {name!r}, a {type(name).__name__}; keys have to be texts.")
        return {name + "": _json(item, f"{path}[{name!r}]") for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item, f"{path}[{number}]") for number, item in enumerate(value)]
    raise HandedOverError(
        f"{path} is {_shown(value)}, a {type(value).__name__}; params take texts, numbers, True, False, None, and "
        "lists and dicts of those."
    )


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return Params(value)
    return [_frozen(item) for item in value] if isinstance(value, list) else value


def _thawed(value: Any) -> Any:
    if isinstance(value, Params):
        return value.copy()
    return [_thawed(item) for item in value] if isinstance(value, list) else value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
