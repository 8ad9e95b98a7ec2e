"""``initial_arguments``: values for components of an app, ``{component id: {property: value}}``.

They are read where a page hands them over, and compared with the app's components where the layout is made, since a
layout may depend on the request.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from dash._utils import to_json
from dash.development.base_component import Component
from django.conf import settings

from .conf import app_settings
from .exceptions import HandedOverError, SerializationError, UnknownArgumentsError
from .json_values import plain
from .layout_state import accepted, accepts, key_in, keyed_components

_SHAPE: Final = "It has to be {component id: {property: value}}, as a dict or as JSON."
logger = logging.getLogger("django_plotly_dash")

Arguments = Mapping[str, Mapping[str, Any]]


def checked(given: Any) -> str | None:
    """What was given as ``initial_arguments``, as JSON with ids as Dash writes them; None if there is nothing in it.

    Args:
        given: a dict, its JSON text, or None. A variable that a template does not have is an empty text. An id that is
            a dict is given as its JSON.

    Raises:
        HandedOverError: it is neither, or a value cannot be written as JSON.
    """
    if given is None or given == "":
        return None
    try:
        values = _normalised(_read(given) if isinstance(given, (str, bytes)) else given)
        return str(to_json(plain(values, "initial_arguments"))) if values else None
    except RecursionError:
        raise HandedOverError("initial_arguments is nested too deeply, or holds itself.") from None
    except SerializationError as error:
        raise HandedOverError(str(error)) from None


def settle(arguments: Arguments, layout: Any, others: Iterable[Callable[[], Any]]) -> None:
    """Say what of the arguments is for no component, as the settings want it: by raising or by logging.

    Args:
        layout: of this request.
        others: functions that give more layouts of the app, those of its pages for instance. They are called only as
            long as something has not been found.

    Raises:
        UnknownArgumentsError: a component or a property is not known; the nearest ones are listed.
    """
    problems = _problems(arguments, layout, others)
    if not problems:
        return
    message = "initial_arguments cannot be used. " + " ".join(problems)
    if raises_unknown():
        raise UnknownArgumentsError(message)
    logger.warning("%s The rest of them is.", message)


def raises_unknown() -> bool:
    """Whether an unknown id or property is an error, rather than a line in the log."""
    return (app_settings().unknown_initial_arguments or ("raise" if settings.DEBUG else "log")) == "raise"


# --- reading ----------------------------------------------------------------------------------------------------


def _read(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise HandedOverError(f"initial_arguments is {_shown(text)}, which is not JSON: {error}. {_SHAPE}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _normalised(given: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(given, Mapping):
        raise HandedOverError(f"initial_arguments is {_shown(given)}, a {type(given).__name__}. {_SHAPE}")
    found: dict[str, dict[str, Any]] = {}
    for ident, properties in given.items():
        if not isinstance(ident, str) or not ident:
            raise HandedOverError(
                f"initial_arguments has the key {ident!r}, which is no id of a component. An id is a text; one that is "
                'a dict is given as JSON, such as \'{"index": 1, "type": "city"}\'.'
            )
        if not isinstance(properties, Mapping) or not all(name and isinstance(name, str) for name in properties):
            raise HandedOverError(
                f"initial_arguments[{ident!r}] is {_shown(properties)}; it has to be a dict of properties, such as "
                f"{{{ident!r}: {{'value': 1}}}}."
            )
        found.setdefault(key_in(ident), {}).update(properties)
    return found


# --- comparing with layouts -------------------------------------------------------------------------------------


def _problems(arguments: Arguments, layout: Any, others: Iterable[Callable[[], Any]]) -> list[str]:
    known: dict[str, list[Any]] = {}
    _learn(known, layout)
    found = _unknown(arguments, known)
    for make in others:
        if not found:
            break
        try:
            _learn(known, make())
        except Exception:  # the user's own layout function; it may want a page's path, and that page has the component
            logger.debug("A page's layout could not be asked for its components", exc_info=True)
            arguments = {key: values for key, values in arguments.items() if key in known}
        found = _unknown(arguments, known)
    return found


def _learn(known: dict[str, list[Any]], layout: Any) -> None:
    for key, component in keyed_components(layout):
        known.setdefault(key, []).append(component)


def _unknown(arguments: Arguments, known: Mapping[str, list[Any]]) -> list[str]:
    found: list[str] = []
    for key, properties in arguments.items():
        if key not in known:
            found.append(f"There is no component {key!r}.{_nearest(key, known)}")
            continue
        for name in properties:
            if not any(accepts(component, name) for component in known[key]):
                component = known[key][0]
                of_its_kind = accepted(component) or set()
                found.append(
                    f"The component {key!r} ({_kind(component)}) has no property {name!r}."
                    f"{_nearest(name, of_its_kind - {'id'})}"
                )
    return found


def _kind(component: Any) -> str:
    return type(component).__name__ if isinstance(component, Component) else str(component["type"])


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f" The nearest: {', '.join(map(repr, near))}."
    return f" There are: {', '.join(map(repr, names[:8]))}{' and others' if len(names) > 8 else ''}." if names else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
