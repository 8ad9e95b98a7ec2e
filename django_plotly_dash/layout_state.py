"""What a layout shows, as values; and a layout with other values laid over it. Pure functions, without Django.

A component stands in a layout as Dash's object, or as the JSON that Dash writes for one (a dict with ``props``,
``type`` and ``namespace``), which is how components in saved values come back. Both are understood, wherever they
stand: in children, in any other property, in lists and in dicts.
"""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from dash._utils import clean_property_name, stringify_id, to_json
from dash.development.base_component import Component

Values = Mapping[str, Mapping[str, Any]]
_NULL: Final = object()
_JSON_COMPONENT = frozenset({"props", "type", "namespace"})


def key_of(component_id: str | Mapping[str, Any]) -> str:
    """A component's id as Dash writes it: a string as it is, a dict as compact JSON with sorted keys."""
    if isinstance(component_id, Mapping):  # to a browser 1.0 is 1, and it sends the latter
        component_id = {name: _whole(value) for name, value in component_id.items()}
    key: str = stringify_id(component_id)
    return key


@lru_cache(maxsize=4096)
def key_in(text: str) -> str:
    """The same for an id in a text: that of a dict may be spelled in other ways, with other letters escaped for one."""
    if not text.startswith("{"):
        return text
    try:
        found = json.loads(text)
        return key_of(found) if isinstance(found, dict) else text
    except (ValueError, RecursionError):  # an id that only begins like one
        return text


def property_of(name: str) -> str:
    """The property, without the mark that Dash appends to outputs which allow duplicates."""
    cleaned: str = clean_property_name(name)
    return cleaned


def components_of(layout: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every component in a layout that has an id: its key and its properties as they are, ``id`` not among them."""
    for key, component in keyed_components(layout):
        yield key, {name: value for name, value in _props(component).items() if name != "id"}


def keyed_components(layout: Any) -> Iterator[tuple[str, Any]]:
    """Every component in a layout that has an id: its key, and itself as it stands there."""
    for component in _components(layout):
        props = _props(component)
        if props.get("id") is not None:
            yield key_of(props["id"]), component


def values_of(layout: Any) -> dict[str, dict[str, Any]]:
    """The values that a layout shows: component key -> property -> value as JSON has it.

    Properties that hold components are left out: the components in them have entries of their own.

    Raises:
        TypeError: a value cannot be written as JSON.
    """
    return {
        key: {name: as_json(value) for name, value in props.items() if not holds_components(value)}
        for key, props in components_of(layout)
    }


def as_json(value: Any) -> Any:
    """The value as the browser gets it.

    Raises:
        TypeError: it cannot be written as JSON.
    """
    return json.loads(to_json(value))


def holds_components(value: Any) -> bool:
    """Whether there is a component in the value, at any depth."""
    return next(_components(value), None) is not None


def applied(layout: Any, overrides: Values) -> Any:
    """The layout with other values in it. What is changed is a copy, since layouts are shared by requests.

    Args:
        layout: a component, or any list or dict with components in it.
        overrides: component key -> property -> value. Keys that the layout does not have are passed over.
    """
    return _applied(layout, overrides) if overrides else layout


def of_saved(values: Values) -> dict[str, dict[str, Any]]:
    """Saved values as they are laid over a layout: null only where the layout has a value. A property that has none is
    tracked as null until it gets one, and components take null for something else than nothing.

    Args:
        values: component key -> property -> value.
    """
    return {
        key: {name: _NULL if value is None else value for name, value in properties.items()}
        for key, properties in values.items()
    }


def accepts(component: Any, name: str) -> bool:
    """Whether a component takes a property of that name.

    Args:
        component: Dash's object, or the JSON of one.
    """
    properties = accepted(component)
    if name == "id":
        return False
    if properties is None:
        return True
    wildcards = tuple(getattr(component, "_valid_wildcard_attributes", ("data-", "aria-")))
    return name in properties or (bool(wildcards) and name.startswith(wildcards))


def accepted(component: Any) -> set[str] | None:
    """Names of the properties that a component takes; None if that is not known."""
    if isinstance(component, Component):
        return set(component._prop_names)
    # The JSON of a component, as a saved value or Dash's own validation layout has it.
    for kind in _subclasses(Component):
        if (getattr(kind, "_namespace", None), kind.__name__) == (component["namespace"], component["type"]):
            return set(inspect.signature(kind).parameters)
    return None


def properties_in(component: Any) -> dict[str, Any]:
    """The properties that a component was given, its ``id`` among them.

    Args:
        component: Dash's object, or the JSON of one.
    """
    return _props(component)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from _subclasses(derived)


def _applied(node: Any, overrides: Values) -> Any:
    if isinstance(node, Component):
        before = vars(node)
        after = _overridden(before, overrides)
        if after is before:
            return node
        changed = copy.copy(node)
        vars(changed).update(after)
        return changed
    if _is_json_component(node):
        props = _overridden(node["props"], overrides)
        return node if props is node["props"] else {**node, "props": props}
    if isinstance(node, Mapping):
        return _same_or(node, {name: _applied(value, overrides) for name, value in node.items()})
    if isinstance(node, (list, tuple)):
        items = [_applied(item, overrides) for item in node]
        return node if all(new is old for new, old in zip(items, node, strict=True)) else items
    return node


def _overridden(props: dict[str, Any], overrides: Values) -> dict[str, Any]:
    key = key_of(props["id"]) if props.get("id") is not None else None
    own = overrides.get(key, {}) if key is not None else {}
    own = {name: None if v is _NULL else v for name, v in own.items() if v is not _NULL or name in props}
    after = {name: _applied(value, overrides) for name, value in props.items() if name not in own or name == "id"}
    if not own:
        unchanged: dict[str, Any] = _same_or(props, after)
        return unchanged
    # Should there be a component of the same id in the new values, it is not laid over again, and so on for ever.
    others = {other: values for other, values in overrides.items() if other != key}
    return {**after, **{name: _applied(value, others) for name, value in own.items() if name != "id"}}


def _same_or(before: Any, after: dict[str, Any]) -> Any:
    return before if all(after[name] is value for name, value in before.items()) else after


def _components(node: Any) -> Iterator[Any]:
    if isinstance(node, Component) or _is_json_component(node):
        yield node
        node = _props(node)
    if isinstance(node, Mapping):
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from _components(item)


def _props(component: Any) -> dict[str, Any]:
    props: dict[str, Any] = component.to_plotly_json() if isinstance(component, Component) else component
    found: dict[str, Any] = props["props"]
    return found


def _is_json_component(node: Any) -> bool:
    return isinstance(node, dict) and node.keys() >= _JSON_COMPONENT and isinstance(node["props"], dict)
