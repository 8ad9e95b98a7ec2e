"""What a callback has received and returned, and what of it is saved with the instance.

One recorder belongs to one request, whether it came over HTTP or a websocket: it is told of the body and of the
response, and asked to save when the callback has ended well. It touches the database only if something tracked has
changed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from dash import NoUpdate
from django.db import router, transaction

from . import callback_properties, prefix, signals, state_store, state_text, write_policy
from .exceptions import StateError
from .layout_state import as_json, holds_components, key_in, key_of, property_of
from .patches import PatchError, is_patch, patched
from .state_store import Changes, State

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .djangodash import DjangoDash
    from .models import DashApp

logger = logging.getLogger("django_plotly_dash")
_ABSENT: Final = object()


class Recorder:
    """Learns what may have to be saved of one request to one saved instance.

    Args:
        instance: the row, as it was loaded for the request.
        app: its app.
        request: Django's request, which the write policy is asked about.
        has_own_values: the page was opened with values of its own, from another page. What it shows when it opens is
            for this visitor; only what is changed in it is saved.

    Raises:
        BrokenStateError: the state of the row cannot be read.
    """

    def __init__(
        self, instance: DashApp, app: DjangoDash, request: HttpRequest, *, has_own_values: bool = False
    ) -> None:
        self._instance, self._app, self._request = instance, app, request
        self._text = instance.base_state
        self._follows = instance.save_on_change and bool(instance.current_state())
        self._has_own_values = has_own_values
        self._body: Mapping[str, Any] = {}
        self._returned: State = {}
        # Threads of the user's may stream longer than their callback runs.
        self._lock = Lock()

    @cached_property
    def _loaded(self) -> State:
        """The state as it was loaded; the row's own copy changes when the user's code changes it."""
        return state_store.read(self._text, self._instance.instance_name)

    def received(self, body: Mapping[str, Any]) -> None:
        """Take note of the inputs and states in the body of a callback request.

        Only what was changed in this page: what the page merely still has may be older than what others have saved
        since. Inputs that have changed are named in the body. A state may have been changed by the visitor, unless a
        callback is told of each change of it: then that one saves it. Before the visitor has done anything, when
        nothing is named, there is nothing to save.

        Of a state that a callback has set, nothing in the body tells whether the visitor has typed it since, or the
        page has not heard of a newer one. Where all that concern it are called by buttons, a press means what is shown,
        if that is something that visitors can type or choose.

        A browser's values are data. What looks like a component or a ``Patch`` is passed over: it would be shown to
        others, or change what they see, as if the app had made it. So is what could not be sent to others.
        """
        self._body = body
        self._follows = self._follows and bool(body.get("changedPropIds") or not self._has_own_values)
        if self._follows:
            self._received  # noqa: B018 - now: the user's function is given the same lists and dicts

    @cached_property
    def row(self) -> DashApp:
        """The row as the user's function finds it: as in the older package, with what was received in it."""
        for key, name, value in state_store.flat(self._received):
            self._instance.current_state()[key][name] = deepcopy(value)
        return self._instance

    @cached_property
    def _received(self) -> State:
        found: State = {}
        changed = {_as_key(text) for text in self._body.get("changedPropIds") or ()}
        if not changed:
            return found
        by_press = all(callback_properties.is_press(name) for _, name in changed)
        tracked = self._instance.current_state()
        for part in ("inputs", "state"):
            for item in _items(self._body.get(part) or ()):
                key, name, value = key_of(item["id"]), property_of(item["property"]), item.get("value", _ABSENT)
                if value is _ABSENT or name not in tracked.get(key, {}):
                    continue
                # A callback is answered, so all that the app has are in the map.
                if (key, name) not in changed and (
                    part == "inputs"
                    or callback_properties.is_told(self._app.callback_map, key, name, by_press=by_press)
                ):
                    continue
                value = _finite(value)
                if _is_data(value):
                    found.setdefault(key, {})[name] = prefix.marked(value)
        return found

    def returned(self, response: str | Mapping[str, Any]) -> None:
        """Take note of what Dash answers: outputs, and what ``set_props`` has set.

        Args:
            response: Dash's response, or the JSON of it.
        """
        if not self._follows:
            return
        answer = json.loads(response) if isinstance(response, str) else as_json(response)
        for part in ("sideUpdate", "response"):
            for ident, name, value in state_store.flat(answer.get(part) or {}):
                key = key_in(ident)
                if name in self._loaded.get(key, {}) and not NoUpdate.is_no_update(value):
                    self._note(key, name, value)

    def streamed(self, key: str, name: str, value: Any) -> None:
        """Take note of a property that ``set_props`` has sent to the page while the callback runs.

        Args:
            key: the component's id as Dash writes it.
            name: the property.
            value: as it was set. Any thread may do so.
        """
        key = key_in(key)
        if self._follows and name in self._loaded.get(key, {}) and not NoUpdate.is_no_update(value):
            value = as_json(value)
            with self._lock:
                self._note(key, name, value)

    def changes(self) -> State:
        """What is to be saved: what differs from the row as it was loaded, patches as they are."""
        changed: State = {}
        with self._lock:
            # In the order of time: what came, what the user's code has set, what went back.
            received = self._received if self._follows else {}
            for part in (received, self._instance.pending_changes(), self._returned):
                for key, name, value in state_store.flat(part):
                    changed.setdefault(key, {})[name] = value
        return _without_empty(
            {
                key: {name: value for name, value in properties.items() if self._differs(key, name, value)}
                for key, properties in changed.items()
            }
        )

    def save(self) -> None:
        """Save the changes, if there are any and the policy allows it. A denied save is logged and announced by
        ``state_denied``; it disturbs nobody.

        Raises:
            ConfigurationError: there is no such write policy.
            DatabaseError: the database fails.
        """
        changes = self.changes()
        if not changes:
            return
        instance = self._instance
        if not write_policy.may_save(instance, self._app, self._request):
            message = f"The write policy does not let this user save the state of {instance.instance_name!r}."
            self._deny(changes, "policy", message, logging.INFO)
            return
        using = router.db_for_write(type(instance), instance=instance)
        if state_store.loses_its_snapshot(
            using
        ):  # after it there is a transaction of our own, which can be tried again
            transaction.on_commit(partial(self._merge, changes), using=using)
        else:
            self._merge(changes)

    def _merge(self, changes: State) -> None:
        try:
            state_store.merge(self._instance, changes, self._request)
        except StateError as error:
            self._deny(changes, error.reason, str(error), logging.ERROR)

    def _note(self, key: str, name: str, value: Any) -> None:
        value = prefix.marked(value)
        if is_patch(value):
            value = self._on_top(key, name, value)
        self._returned.setdefault(key, {})[name] = value

    def _on_top(self, key: str, name: str, patch: dict[str, Any]) -> Any:
        """A patch on what this request has changed already; on the rest it waits for what is stored by then."""
        for part in (self._returned, self._instance.pending_changes(), self._received):
            before = part.get(key, {}).get(name, _ABSENT)
            if is_patch(before):
                return {**before, "operations": [*before["operations"], *patch["operations"]]}
            if before is not _ABSENT and self._differs(key, name, before):
                try:
                    return patched(before, patch)
                except PatchError as error:
                    logger.warning("A Patch of %s.%s does not fit what the browser has: %s", key, name, error)
                    return before
        return patch

    def _differs(self, key: str, name: str, value: Any) -> bool:
        before = self._loaded[key][name]
        if not is_patch(value):
            return not state_store.same(value, before)
        try:
            return not state_store.same(patched(before, value), before)
        except PatchError:
            return True  # it may fit what is stored by now

    def _deny(self, changes: Changes, reason: str, message: str, level: int) -> None:
        logger.log(level, "%s", message)
        row = self._instance
        signals.state_denied.send_robust(
            type(row), instance=row, changes=changes, reason=reason, message=message, request=self._request
        )


def _as_key(changed: str) -> tuple[str, str]:
    """Component key and property, of what the browser has written in its own spelling."""
    ident, _, name = changed.rpartition(".")
    return key_in(ident), property_of(name)


def _without_empty(changes: State) -> State:
    return {key: properties for key, properties in changes.items() if properties}


def _is_data(value: Any) -> bool:
    """Whether a value of a browser can be shown to others."""
    if is_patch(value) or NoUpdate.is_no_update(value) or state_text.unwritable(value):
        return False
    return not holds_components(value)


def _finite(value: Any) -> Any:
    """The value without numbers that JSON does not have; Python reads them if somebody sends them."""
    try:
        return json.loads(json.dumps(value), parse_constant=lambda _: None)
    except RecursionError:  # too deep to be saved, as is found out in a moment
        return value


def _items(values: Any) -> Iterator[dict[str, Any]]:
    """The inputs of a request one by one; a pattern has a list of them."""
    for value in values:
        if isinstance(value, list):
            yield from _items(value)
        elif isinstance(value, dict) and "id" in value:
            yield value
