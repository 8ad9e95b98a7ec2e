"""Saved instances as a JSON file, and back. A file is checked whole before anything of it is written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware, make_aware, make_naive

from . import state_store, state_text
from .conf import app_settings
from .exceptions import StateFileError, StateTextError
from .models import HAS_USERS, DashApp, StatelessApp

FORMAT = "django_plotly_dash state"
VERSION = 1
# Key of an instance -> the type of its value, and whether it may be left out
_KEYS: dict[str, tuple[type | tuple[type, ...], bool]] = {
    "slug": (str, False),
    "name": (str, False),
    "app": (str, False),
    "app_slug": (str, True),
    "owner": ((str, type(None)), True),
    "save_on_change": (bool, True),
    "created": (str, True),
    "updated": (str, True),
    "state": (dict, True),
    "state_text": (str, True),
}
_TIMES = {"created": "creation", "updated": "update"}


@dataclass
class Imported:
    """Slugs of the instances that were made and updated, slugs of those whose state cannot be read, and names of the
    apps that got a row."""

    made: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    apps: list[str] = field(default_factory=list)


def exported(rows: Iterable[DashApp], encoding: str = "utf-8") -> str:
    """The instances as JSON. A state that is not quite JSON goes along as the text that it is, under ``state_text``.

    Args:
        encoding: of where it is written to; letters that this does not have are written as escapes.
    """
    content = {"format": FORMAT, "version": VERSION, "instances": [_entry(row) for row in rows]}
    text = json.dumps(content, indent=2, ensure_ascii=False)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(content, indent=2)
    return text


def imported(text: str, *, update: bool = False, owners: bool = True, dry_run: bool = False) -> Imported:
    """Make the instances of a file, all of them or none.

    Args:
        text: as ``exported`` has made it.
        update: replace instances that have the same slug.
        owners: give instances to the users that the file names.
        dry_run: do nothing in the end, but find out what would be done.

    Raises:
        StateFileError: the text is no such file, or something in it cannot be written; says everything that is wrong.
    """
    entries = _entries(text)
    try:
        with transaction.atomic():
            result = _write(entries, update, owners)
            transaction.set_rollback(dry_run)
    except DatabaseError as error:
        raise StateFileError([f"The database refuses it: {error}"]) from error
    return result


def _entry(row: DashApp) -> dict[str, Any]:
    entry = {
        "slug": row.slug,
        "name": row.instance_name,
        "app": row.stateless_app.app_name,
        "app_slug": row.stateless_app.slug,
        "owner": _username(row),
        "save_on_change": row.save_on_change,
        "created": row.creation.isoformat(),
        "updated": row.update.isoformat(),
    }
    try:
        return {**entry, "state": state_text.parse(row.base_state)}
    except StateTextError:
        return {**entry, "state_text": row.base_state}


def _username(row: DashApp) -> str | None:
    owner = row.owner if HAS_USERS else None
    return owner.get_username() if owner is not None else None


def _entries(text: str) -> list[dict[str, Any]]:
    try:
        content = state_text.read(text)
    except StateTextError as error:
        raise StateFileError([str(error)]) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise StateFileError([f'This is no file of "dash_state export": its "format" is not "{FORMAT}".'])
    if content.get("version") != VERSION:
        raise StateFileError([f"Its version is {content.get('version')!r}; this release reads version {VERSION}."])
    entries = content.get("instances")
    if not isinstance(entries, list):
        raise StateFileError(['"instances" has to be a list.'])
    problems = [problem for number, entry in enumerate(entries, 1) for problem in _problems(number, entry)]
    for key in ("slug", "name"):
        values = [entry.get(key) for entry in entries if isinstance(entry, dict)]
        twice = sorted({str(value) for value in values if values.count(value) > 1})
        problems += [f"Two instances have the {key} {value!r}." for value in twice]
    if problems:
        raise StateFileError(problems)
    return entries


def _problems(number: int, entry: Any) -> list[str]:
    """What is wrong with an entry, as far as that can be told without the database."""
    if not isinstance(entry, dict):
        return [f"Instance {number} has to be an object."]
    name = f"Instance {entry.get('slug', number)!r}"
    found = [f"{name} has a key that is not known: {key!r}." for key in entry if key not in _KEYS]
    for key, (kind, optional) in _KEYS.items():
        if key not in entry and not optional:
            found.append(f"{name} has no {key!r}.")
        elif key in entry and not isinstance(entry[key], kind):
            found.append(f"{name}: {key!r} is {entry[key]!r}, which is of a wrong type.")
    found += [f"{name} has an empty {key!r}." for key in ("slug", "name", "app") if entry.get(key) == ""]
    if ("state" in entry) == ("state_text" in entry):
        found.append(f"{name} needs either a 'state' or a 'state_text'.")
    if found:
        return found
    size, limit = len(_text(entry).encode(errors="surrogatepass")), app_settings().state_max_bytes
    wrong = state_store.misshapen(entry["state"]) if "state" in entry else ""
    if wrong:
        found.append(f"{name}: {wrong}")
    if size > limit:
        found.append(f"{name}: its state has {size} bytes; PLOTLY_DASH['state_max_bytes'] allows {limit}.")
    times = {entry[key] for key in _TIMES if key in entry}
    return found + [f"{name}: {time!r} is not a time." for time in sorted(times) if _time(time) is None]


def _write(entries: list[dict[str, Any]], update: bool, owners: bool) -> Imported:
    result, problems = Imported(), []
    slugs = [entry["slug"] for entry in entries]
    known = {row.slug: row for row in DashApp.objects.select_for_update().filter(slug__in=slugs)}
    if update:
        _set_names_aside(entries, known)
    rows = []
    for entry in entries:
        row = known.get(entry["slug"])
        try:
            rows.append(_row(entry, row, update, owners, result))
        except StateFileError as error:
            problems += error.problems
    if problems:
        raise StateFileError(problems)
    for row, entry in zip(rows, entries, strict=True):
        row.save()
        # The columns fill themselves on saving; the file's times take their place.
        times = {column: _time(entry[key]) for key, column in _TIMES.items() if key in entry}
        if times:
            DashApp.objects.filter(pk=row.pk).update(**times)
    return result


def _set_names_aside(entries: list[dict[str, Any]], known: dict[str, DashApp]) -> None:
    """Instances may have each other's names in the file, and names are unique."""
    for entry in entries:
        row = known.get(entry["slug"])
        if row is not None and row.instance_name != entry["name"]:
            DashApp.objects.filter(pk=row.pk).update(instance_name=f"~ {uuid4()}")


def _row(entry: dict[str, Any], row: DashApp | None, update: bool, owners: bool, result: Imported) -> DashApp:
    name = f"Instance {entry['slug']!r}"
    if row is not None and not update:
        raise StateFileError([f"{name} exists. With --update it would be replaced."])
    app = _app(entry, result)
    if row is not None and row.stateless_app_id != app.pk:
        raise StateFileError([f"{name} exists, as an instance of {row.stateless_app}, not of {entry['app']!r}."])
    (result.made if row is None else result.updated).append(entry["slug"])
    row = row or DashApp(stateless_app=app, slug=entry["slug"])
    row.instance_name, row.base_state = entry["name"], _text(entry)
    row.save_on_change = entry.get("save_on_change", False)
    if owners and HAS_USERS and "owner" in entry:
        row.owner = _owner(name, entry["owner"])
    if row.state_error:
        result.broken.append(entry["slug"])
    try:
        # The state was checked as a whole; one that cannot be read is to come back as it was.
        row.full_clean(exclude=["base_state", "stateless_app", "owner"])
    except ValidationError as error:
        raise StateFileError([f"{name}: {message}" for message in error.messages]) from None
    return row


def _app(entry: dict[str, Any], result: Imported) -> StatelessApp:
    found = StatelessApp.objects.filter(app_name=entry["app"]).first()
    if found is not None:
        return found
    app = StatelessApp(app_name=entry["app"], slug=entry.get("app_slug", ""))
    try:
        app.full_clean()
    except ValidationError as error:
        raise StateFileError([f"App {entry['app']!r}: {message}" for message in error.messages]) from None
    app.save()
    result.apps.append(app.app_name)
    return app


def _owner(name: str, username: str | None) -> Any:
    if username is None:
        return None
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist:
        raise StateFileError(
            [f"{name} belongs to the user {username!r}, who is not here. With --no-owners it would belong to nobody."]
        ) from None


def _text(entry: dict[str, Any]) -> str:
    return entry["state_text"] if "state_text" in entry else state_store.written(entry["state"])


def _time(text: str) -> datetime | None:
    try:
        time = parse_datetime(text)
    except ValueError:
        return None
    if time is None or is_aware(time) == settings.USE_TZ:
        return time
    return make_aware(time) if settings.USE_TZ else make_naive(time)
