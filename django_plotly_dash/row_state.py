"""The state of a saved instance as one object has it: what was read, what was changed since, and what of that is saved.

Others save the same row meanwhile. So what was merely read is not written again, and what was changed is merged into
what is stored by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

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
        self._connection = connections[using]
        self.is_kept = not self._connection.in_atomic_block
        if not self.is_kept:
            transaction.on_commit(self._keep, using=using)

    def is_lost(self) -> bool:
        """Whether it was rolled back; Django then drops what waits for the commit."""
        waiting = (entry[1] for entry in self._connection.run_on_commit)
        return not self.is_kept and all(function != self._keep for function in waiting)

    def _keep(self) -> None:
        self.is_kept = True


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
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_written": ()}  # which belong to a connection of this process

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As in Django. The state of a row that was read is written only if ``base_state`` was assigned: callbacks may
        have saved a newer one since. What ``update_current_state`` has set is merged into that one; in a callback that
        is left to its end.

        Raises:
            StateError: what was set cannot be saved; see ``state_store.merge``.
        """
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        self._take_back()
        if not args and not kwargs.keys() & {"update_fields", "force_insert"} and self._read == (self.pk, using):
            kwargs["update_fields"] = self._own_fields() - {"base_state"}
        super().save(*args, **kwargs)
        written = kwargs.get("update_fields")
        if (written is None or "base_state" in written) and "base_state" in self.__dict__:
            self._remember()
            if written is None:  # fields that are named are written again anyhow
                self._note_written(using, None)
        if self._hydrated is not None and self._hydrated[1] and not self._is_visited():
            self.handle_current_state()

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
            self._written = ()
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
        self.current_state()[key_of(wid)][key] = self.pending_changes().setdefault(key_of(wid), {})[key] = value
        return True

    def handle_current_state(self) -> None:
        """Save what ``update_current_state`` has changed, and nothing else, under the row's lock.

        Raises:
            StateError: it cannot be saved; see ``state_store.merge``.
        """
        self._take_back()
        changes = deepcopy(self.pending_changes())
        if self._state.adding:
            self._edit(lambda state: changes)
        elif changes:
            state_store.merge(self, changes)  # type: ignore[arg-type]
            self._note_written(router.db_for_write(type(self), instance=self), changes)

    async def ahandle_current_state(self) -> None:
        """``handle_current_state`` for coroutines."""
        await sync_to_async(self.handle_current_state)()

    def pending_changes(self) -> State:
        """What ``update_current_state`` has changed since the state was loaded: component key -> property -> value."""
        self.current_state()
        return self._hydrated[1] if self._hydrated is not None else {}

    def take_over(self, stored: StateOfRow) -> None:
        """Have the state that is in the database now; what was changed here and not saved is forgotten."""
        self.base_state, self.update = stored.base_state, stored.update
        self._written = tuple(written for written in self._written if not written.is_lost())
        self._remember()

    def _edit(self, change: Any) -> None:
        if self.pk is not None and not self._state.adding:
            state_store.edit(self, change)  # type: ignore[arg-type]
            return
        state = self.current_state()
        change(state)
        text = state_store.written(state)
        state_store.refuse_growth(self.instance_name, text, self.base_state)
        self.base_state = text

    def _own_fields(self) -> set[str]:
        left_out = self.get_deferred_fields()
        fields = (field for field in self._meta.concrete_fields if not field.primary_key)
        return {field.name for field in fields if field.attname not in left_out}

    def _remember(self) -> None:
        # It may have been left out of the query.
        self._read = (self.pk, self._state.db) if "base_state" in self.__dict__ else None

    def _note_written(self, using: str, changes: Changes | None) -> None:
        both = (*self._written, _Written(using, changes))
        self._written = tuple(written for written in both if not written.is_kept)

    def _take_back(self) -> None:
        """What was rolled back since it was written is to be written again."""
        lost = [written for written in self._written if written.is_lost()]
        self._written = tuple(written for written in self._written if not written.is_kept and written not in lost)
        merged = [written.changes for written in lost if written.changes is not None]
        if len(merged) < len(lost):
            self._read = None
        if merged:
            again: State = {}
            for changes in (*merged, self.pending_changes()):
                for key, name, value in state_store.flat(changes):
                    again.setdefault(key, {})[name] = value
            self.pending_changes().update(again)

    def _is_visited(self) -> bool:
        """Whether a callback is running whose ``dash_app`` this is. What it changes is saved when it has ended well, if
        the write policy allows it."""
        current = context.current()
        return current is not None and current.recorder is not None and current.instance is self
