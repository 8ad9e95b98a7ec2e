"""The state of a saved instance as one object has it: what was read, what was changed since, and what of that is saved.

Others save the same row meanwhile. So what was merely read is not written again, and what was changed is merged into
what is stored by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from weakref import ref

from asgiref.sync import sync_to_async
from django.db import connections, models, router, transaction

from . import context, prefix, state_store, state_text
from .exceptions import BrokenStateError
from .layout_state import as_json, key_of
from .state_store import Changes, State


class _Written:
    """Something that was written, maybe in a transaction that is rolled back yet.

    Args:
        using: alias of the database.
        changes: what was merged; None if the whole text was written.
    """

    def __init__(self, using: str, changes: Changes | None) -> None:
        self.changes = changes
        self.is_kept = False
        self._block = _block_of(using)

        def keep() -> None:
            self.is_kept = True

        # Django alone holds on to it, until it is called at the commit or dropped by a rollback.
        self._waiting = ref(keep)
        if self._block:
            transaction.on_commit(keep, using=using)
        else:
            keep()

    def is_lost(self) -> bool:
        """Whether it was rolled back."""
        return not self.is_kept and self._waiting() is None

    def takes(self, using: str, changes: Changes) -> bool:
        """Whether further changes share its lot; they are then part of it."""
        if self.changes is None or self.is_kept or self._block != _block_of(using):
            return False
        self.changes = _together(self.changes, changes)
        return True


class StateOfRow(models.Model):
    """A row with a ``base_state``."""

    base_state: Any
    instance_name: Any
    update: Any
    # The state, and what has been changed in it since it was read
    _hydrated: tuple[State, State] | None = None
    # Of which row in which database the text was read; None once it was assigned
    _read: tuple[Any, str | None] | None = None
    _written: tuple[_Written, ...] = ()

    class Meta:
        abstract = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "base_state":
            self._hydrated = self._read = None
            self._written = ()  # what was rolled back is older than what is assigned
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_written": ()}  # which belong to a connection of this process

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As in Django. The state of a row that was read is written only if ``base_state`` was assigned: callbacks may
        have saved a newer one since. What ``update_current_state`` has set is merged into that one; in a callback that
        is left to its end. With ``update_fields`` that do not name ``base_state``, the state is left alone.

        Raises:
            DatabaseError: a row that was read has been deleted since; it is not made anew.
            StateError: what was set cannot be saved; see ``state_store.merge``.
        """
        named = kwargs.get("update_fields")
        if named is not None:
            named = kwargs["update_fields"] = frozenset(named)  # they may come from a generator
            if "base_state" not in named:
                super().save(*args, **kwargs)
                return
        self._take_back()
        if not args and named is None and not kwargs.get("force_insert") and self._is_read(kwargs.get("using")):
            kwargs["update_fields"] = self._own_fields() - {"base_state"}
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        super().save(*args, **kwargs)
        written = kwargs.get("update_fields")
        if (written is None or "base_state" in written) and "base_state" in self.__dict__:
            self._remember()
            if written is None:  # fields that are named are written again anyhow
                self._note_written(using, None)
        if self.pending_changes() and not self._is_visited():
            self._merge_pending(using)

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> Any:
        """As in Django; remembers that the state was read."""
        row = super().from_db(db, field_names, values, **kwargs)
        row._remember()
        return row

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """As in Django; what ``update_current_state`` has set and nobody has saved is forgotten with the old state."""
        super().refresh_from_db(*args, **kwargs)
        fields = kwargs.get("fields") or (args[1] if len(args) > 1 else None)
        if fields is None or "base_state" in fields:
            self._remember()

    @property
    def state_error(self) -> str | None:
        """What is wrong with ``base_state``, in a sentence; None as it should be."""
        try:
            state_store.read(self.base_state, self.instance_name)
        except BrokenStateError as error:
            return error.trouble
        return None

    def current_state(self) -> State:
        """The state as this object has it: what was loaded, with what ``update_current_state`` has put in.

        Raises:
            BrokenStateError: ``base_state`` cannot be read.
        """
        if self._hydrated is None:
            self._hydrated = state_store.read(self.base_state, self.instance_name), {}
        return self._hydrated[0]

    def have_current_state_entry(self, wid: str | Mapping[str, Any], key: str) -> bool:
        """Whether a property is tracked.

        Args:
            wid: the component's id.
            key: the property.
        """
        return key in self.current_state().get(key_of(wid), {})

    def update_current_state(self, wid: str | Mapping[str, Any], key: str, value: Any) -> bool:
        """Set a tracked property; gives False, and does nothing, if it is not tracked.

        Inside a callback it is saved when the callback has ended well, elsewhere by ``handle_current_state``.

        Args:
            wid: the component's id.
            key: the property.
            value: anything that Dash can send to the browser.

        Raises:
            TypeError: the value cannot be written as JSON.
        """
        if not self.have_current_state_entry(wid, key):
            return False
        value = prefix.marked(as_json(value))
        wrong = state_text.unwritable(value)
        if wrong:
            raise TypeError(f"The value for {key_of(wid)}.{key} cannot be saved. {wrong}")
        return self._set(key_of(wid), key, value)

    def handle_current_state(self) -> None:
        """Save what ``update_current_state`` has changed, and nothing else, under the row's lock.

        Raises:
            StateError: it cannot be saved; see ``state_store.merge``.
        """
        self._take_back()
        if self._state.adding:
            changes = deepcopy(self.pending_changes())
            self._edit(lambda state: changes)
        else:
            self._merge_pending(router.db_for_write(type(self), instance=self))

    async def ahandle_current_state(self) -> None:
        """``handle_current_state`` for coroutines."""
        await sync_to_async(self.handle_current_state)()

    def pending_changes(self) -> State:
        """What ``update_current_state`` has changed since the state was loaded: component key -> property -> value."""
        return self._hydrated[1] if self._hydrated is not None else {}

    def take_over(self, stored: StateOfRow) -> None:
        """Have the state that is in the database now; what was changed here and not saved is forgotten."""
        waiting = tuple(written for written in self._written if not written.is_lost())
        self.base_state, self.update = stored.base_state, stored.update
        self._written = waiting
        self._remember()

    def _edit(self, change: Any, *, keeps_pending: bool = False) -> None:
        if self.pk is None or self._state.adding:
            state = self.current_state()
            change(state)
            text = state_store.written(state)
            state_store.refuse_growth(self.instance_name, text, self.base_state)
            self.base_state = text
            return
        if keeps_pending:
            self._take_back()
        pending = self.pending_changes() if keeps_pending else {}
        state_store.edit(self, change)  # type: ignore[arg-type]
        for key, name, value in state_store.flat(pending):
            self._set(key, name, value)

    def _set(self, key: str, name: str, value: Any) -> bool:
        if name not in self.current_state().get(key, {}):
            return False
        self.current_state()[key][name] = self.pending_changes().setdefault(key, {})[name] = value
        return True

    def _merge_pending(self, using: str) -> None:
        changes = deepcopy(self.pending_changes())
        if changes:
            state_store.merge(self, changes, using=using)  # type: ignore[arg-type]
            self._note_written(using, changes)

    def _is_read(self, using: str | None) -> bool:
        """Whether the text is that of this row, and of this database if one is given: a replica has the same rows."""
        return self._read is not None and self._read[0] == self.pk and using in (None, self._read[1])

    def _own_fields(self) -> set[str]:
        left_out = self.get_deferred_fields()
        fields = (field for field in self._meta.concrete_fields if not field.primary_key)
        return {field.name for field in fields if field.attname not in left_out}

    def _remember(self) -> None:
        # It may have been left out of the query.
        self._read = (self.pk, self._state.db) if "base_state" in self.__dict__ else None

    def _note_written(self, using: str, changes: Changes | None) -> None:
        if changes is None or not (self._written and self._written[-1].takes(using, changes)):
            self._written = (*self._written, _Written(using, changes))

    def _take_back(self) -> None:
        """What was rolled back since it was written is to be written again."""
        lost = [written for written in self._written if written.is_lost()]
        self._written = tuple(written for written in self._written if not written.is_kept and written not in lost)
        merged = [written.changes for written in lost if written.changes is not None]
        if len(merged) < len(lost):
            self._read = None
        if merged:
            self.current_state()
            self.pending_changes().update(_together(*merged, self.pending_changes()))

    def _is_visited(self) -> bool:
        """Whether a callback is running whose ``dash_app`` this is. What it changes is saved when it has ended well, if
        the write policy allows it."""
        current = context.current()
        return current is not None and current.recorder is not None and current.instance is self


def _block_of(using: str) -> tuple[Any, ...]:
    """What is rolled back as one, of what is going on in a database; nothing outside of transactions."""
    connection = connections[using]
    return (*connection.savepoint_ids, connection.atomic_blocks[-1]) if connection.in_atomic_block else ()


def _together(*several: Changes) -> State:
    state: State = {}
    for changes in several:
        for key, name, value in state_store.flat(changes):
            state.setdefault(key, {})[name] = value
    return state
