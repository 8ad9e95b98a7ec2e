"""The state of a saved instance in its row: read, and changed under the row's lock.

What is written was read under the lock in the same transaction, so parallel changes follow each other and none undoes
another. A state that cannot be read is never written over.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.db import OperationalError, connections, router, transaction
from django.db.models import F

from . import signals, state_text
from .conf import app_settings
from .exceptions import BrokenStateError, InstanceGoneError, StateTextError, StateTooLargeError
from .layout_state import key_in
from .patches import PatchError, is_patch, patched

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .models import DashApp

logger = logging.getLogger("django_plotly_dash")
State = dict[str, dict[str, Any]]
Changes = Mapping[str, Mapping[str, Any]]
# A deadlock, or a lock that was waited for too long, ends a transaction; it can be begun anew.
_ATTEMPTS: Final = 5


# --- the text of a state ----------------------------------------------------------------------------------------


def read(text: str, name: str) -> State:
    """The state in the text of a row.

    Args:
        name: of the instance, for the error.

    Raises:
        BrokenStateError: somebody or something has put another thing there.
    """
    try:
        # The older package wrote what JSON has no word for; it meant what null means to the browser.
        state = json.loads(text or "{}", parse_constant=lambda _: None, object_pairs_hook=state_text.once)
    except (ValueError, RecursionError):
        raise BrokenStateError(name, _reason(text)) from None
    wrong = misshapen(state)
    if wrong:
        raise BrokenStateError(name, wrong)
    return {key_in(key): properties for key, properties in state.items()}


def written(state: Changes) -> str:
    """The text of a state. Only ASCII: tables of the older package may have any character set."""
    return json.dumps(state, allow_nan=False)


def misshapen(state: object) -> str:
    """What is wrong with a value that is to be a state; empty if nothing is.

    Ids that are dicts may be spelled in any way, but only once each.
    """
    wrong = state_text.misshapen(state)
    if wrong or not isinstance(state, dict):
        return wrong
    spelled: dict[str, str] = {}
    for key in state:
        if spelled.setdefault(key_in(key), key) != key:
            return f"The keys {spelled[key_in(key)]!r} and {key!r} are the same id; only one of the two could be kept."
    return ""


def parse(text: str) -> State:
    """The state that a text stands for.

    Raises:
        StateTextError: it cannot be a state; says why and, if it can be told, where.
    """
    state = state_text.parse(text)
    wrong = misshapen(state)
    if wrong:
        raise StateTextError(wrong)
    return state


def checked_state(state: Any) -> State:
    """A copy of a state that was given by a program.

    Raises:
        ValueError: it has another shape, or something that cannot be written as JSON.
    """
    wrong = misshapen(state)
    if wrong:
        raise ValueError(f"The state of an instance is {state!r:.200}. {wrong}")
    try:
        return json.loads(written({key_in(key): properties for key, properties in state.items()}))  # type: ignore[no-any-return]
    except (TypeError, ValueError) as error:
        raise ValueError(f"The state of an instance cannot be written as JSON: {error}") from None


def validate_state_text(text: str) -> None:
    """A validator for forms.

    Raises:
        ValidationError: the text is not JSON of the right shape; the message says where.
    """
    try:
        parse(text)
    except StateTextError as error:
        raise ValidationError(str(error), code="invalid") from None


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where true is not 1."""
    return bool(one == other) and written({"": {"": one}}) == written({"": {"": other}})


def _reason(text: str) -> str:
    try:
        state_text.read(text)
    except StateTextError as error:
        return str(error)
    return "This cannot be read."


# --- changing it ------------------------------------------------------------------------------------------------


def merge(row: DashApp, changes: Changes, request: HttpRequest | None = None, using: str | None = None) -> State:
    """Put new values of tracked properties into the state as it is now; gives those that were other ones before.

    Args:
        row: the instance; it has the new state afterwards.
        changes: component key -> property -> value, or a ``Patch`` as Dash writes it.
        request: whose callback it is, for listeners of ``state_saved``.
        using: alias of the database, if it is not the one that the router has for writing.

    Raises:
        BrokenStateError: what is stored cannot be read.
        InstanceGoneError: the row was deleted.
        StateTooLargeError: the state would grow beyond ``state_max_bytes``.
    """

    def change(state: State) -> State:
        changed: State = {}
        for key, name, value in flat(changes):
            before = state.get(key, {})
            if name not in before:
                continue
            if is_patch(value):
                try:
                    value = patched(before[name], value)
                except PatchError as error:
                    logger.warning("A Patch of %s.%s does not fit what %s has stored: %s", key, name, row, error)
                    continue
            wrong = state_text.unwritable(value)
            if wrong:
                logger.warning("The new value of %s.%s is not saved with %s: %s", key, name, row, wrong)
            elif not same(before[name], value):
                before[name] = value
                changed.setdefault(key, {})[name] = value
        return changed

    return edit(row, change, request, using)


def edit(
    row: DashApp, change: Callable[[State], State], request: HttpRequest | None = None, using: str | None = None
) -> State:
    """Change the state as it is now, under the row's lock; gives what ``change`` gives. ``state_saved`` announces it.

    Args:
        row: the instance; it has the new state afterwards.
        change: is given the stored state and changes it. If it gives nothing, nothing is written.
        request, using: as for ``merge``.

    Raises:
        BrokenStateError, InstanceGoneError, StateTooLargeError: as for ``merge``.
    """
    using = using or router.db_for_write(type(row), instance=row)
    alone = not connections[using].in_atomic_block
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            changed = _edit(row, change, using, again=attempt > 1)
            break
        except OperationalError:
            if not alone or attempt == _ATTEMPTS:
                raise
            time.sleep(0.05 * attempt)
    if changed:
        tell = partial(signals.state_saved.send_robust, type(row), instance=row, changes=changed, request=request)
        transaction.on_commit(tell, using=using)
    return changed


def _edit(row: DashApp, change: Callable[[State], State], using: str, *, again: bool) -> State:
    with locked(row, using, again=again) as stored:
        state = read(stored.base_state, stored.instance_name)
        changed = change(state)
        if changed:
            text = written(state)
            refuse_growth(stored.instance_name, text, stored.base_state)
            stored.base_state = text
            stored.save(using=using, update_fields=["base_state", "update"])
    row.take_over(stored)
    return changed


@contextmanager
def locked(row: DashApp, using: str, *, again: bool = False) -> Iterator[DashApp]:
    """The row as it is in the database; nobody else can change it inside the ``with`` block.

    Args:
        row: the instance.
        using: alias of the database.
        again: this failed before, and there is no transaction around it.

    Raises:
        InstanceGoneError: the row was deleted.
    """
    rows = type(row)._base_manager.using(using).filter(pk=row.pk)
    with transaction.atomic(using=using):
        if again and connections[using].vendor == "postgresql":
            # A stricter level refuses a row that it has waited for. One row that is locked needs none.
            with connections[using].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        if connections[using].features.has_select_for_update:
            rows = rows.select_for_update()
        else:
            # SQLite has one lock, for writing; an update takes it and waits for it.
            rows.update(slug=F("slug"))
        found = rows.first()
        if found is None:
            raise InstanceGoneError(row.instance_name)
        yield found


def refuse_growth(name: str, text: str, before: str = "") -> None:
    """Raise if a state grows beyond ``PLOTLY_DASH["state_max_bytes"]``.

    Raises:
        StateTooLargeError: it does.
    """
    allowed, size = app_settings().state_max_bytes, len(text.encode())
    if size > allowed and size > len(before.encode(errors="replace")):
        raise StateTooLargeError(name, size, allowed)


def loses_its_snapshot(using: str) -> bool:
    """Whether the request's transaction, which has read already, cannot always write any more.

    SQLite refuses at once, whatever its timeout, if another connection has written since; ``transaction_mode``
    ``IMMEDIATE`` spares it. So does PostgreSQL above the isolation level ``READ COMMITTED``. A transaction of a test
    case, which never ends well, does not count.
    """
    connection = connections[using]
    if not connection.in_atomic_block or any(getattr(b, "_from_testcase", False) for b in connection.atomic_blocks):
        return False
    return begins_by_reading(connection.settings_dict) or _keeps_to_one_snapshot(connection)


def _keeps_to_one_snapshot(connection: Any) -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:  # the server may have another default than Django
        cursor.execute("SHOW transaction_isolation")
        return bool(cursor.fetchone()[0] != "read committed")


def begins_by_reading(database: Mapping[str, Any]) -> bool:
    """Whether requests have transactions of SQLite that take the lock for writing only when they write.

    Args:
        database: its settings.
    """
    mode = database.get("OPTIONS", {}).get("transaction_mode") or "DEFERRED"
    is_sqlite = str(database.get("ENGINE", "")).rpartition(".")[2] in ("sqlite3", "spatialite")
    return is_sqlite and bool(database.get("ATOMIC_REQUESTS")) and str(mode).upper() == "DEFERRED"


def flat(changes: Changes) -> Iterator[tuple[str, str, Any]]:
    """Component key, property and value, one by one."""
    for key, properties in changes.items():
        for name, value in properties.items():
            yield key, name, value
