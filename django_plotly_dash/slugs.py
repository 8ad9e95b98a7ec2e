"""Names and slugs for rows that have none: unique, and short enough for their columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from django.db import IntegrityError, models, transaction

_ATTEMPTS: Final = 6


def save_with_names(
    row: models.Model,
    wanted: dict[str, Callable[[], str]],
    joiners: dict[str, str],
    using: str,
    save: Callable[[], None],
) -> None:
    """Fill the empty fields of a row and save it.

    Two processes may choose the same name at once; the database takes one, and the other is given another name.

    Args:
        row: the row; fields that have a value keep it.
        wanted: field -> what makes the name that it should have. Later fields may be made of earlier ones.
        joiners: field -> what stands between the name and a number behind it.
        using: alias of the database.
        save: saves the row.

    Raises:
        IntegrityError: the row cannot be saved under any name.
    """
    empty = [field for field in wanted if not getattr(row, field)]
    if not empty:
        save()
        return
    for attempt in range(1, _ATTEMPTS + 1):
        for field in empty:
            setattr(row, field, _free(row, field, wanted[field](), joiners[field], using, by_chance=attempt > 2))
        try:
            # A savepoint, so that a transaction of the caller goes on.
            with transaction.atomic(using=using):
                save()
            return
        except IntegrityError:
            if attempt == _ATTEMPTS or _is_taken(row, empty, using):
                for field in empty:
                    setattr(row, field, "")
                raise


def _free(row: models.Model, field: str, name: str, joiner: str, using: str, *, by_chance: bool) -> str:
    """The name, or the name and what tells it from others; at most as long as the field is."""
    limit: int = row._meta.get_field(field).max_length  # type: ignore[union-attr,assignment]
    if by_chance:  # others choose at the same time, or the database takes for the same what Python does not
        return _joined(name, joiner, uuid4().hex[:8], limit)
    rows = type(row)._base_manager.using(using).exclude(pk=row.pk)
    stem = name[: limit - len(joiner) - 8]
    taken = {
        str(value).lower() for value in rows.filter(**{f"{field}__startswith": stem}).values_list(field, flat=True)
    }
    number, found = 1, name[:limit]
    while found.lower() in taken:
        number += 1
        found = _joined(name, joiner, str(number), limit)
    return found


def _joined(name: str, joiner: str, ending: str, limit: int) -> str:
    return f"{name[: limit - len(joiner) - len(ending)]}{joiner}{ending}"


def _is_taken(row: Any, empty: list[str], using: str) -> bool:
    """Whether the trouble is a value that the row was given."""
    given = [field.name for field in row._meta.concrete_fields if field.unique and not field.primary_key]
    rows = type(row)._base_manager.using(using).exclude(pk=row.pk)
    return any(rows.filter(**{field: getattr(row, field)}).exists() for field in given if field not in empty)
