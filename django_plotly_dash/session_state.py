"""``session_state``: the dict at ``request.session["django_plotly_dash"]``, merged key by key.

Django keeps a session as one value, so that the last of several parallel requests wins. Callbacks of one page run in
parallel as a rule. Here each callback works on a copy, and what it has changed is merged into the session as it is
at that moment, under a lock. A session that is gone by then (a logout) stays gone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, Final
from uuid import uuid4
from zlib import crc32

from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.core.exceptions import SynchronousOnlyOperation
from django.core.files import locks
from django.db import router, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from .exceptions import ConfigurationError

Merge = Callable[[Any], dict[str, Any]]
SESSION_KEY: Final = "django_plotly_dash"
_GONE: Final = object()
_LOCK_SECONDS: Final = 10.0
_in_process = threading.RLock()
logger = logging.getLogger("django_plotly_dash")


class SessionState:
    """The session state of one request: a copy to work on, and how to save what was changed in it."""

    def __init__(self, request: HttpRequest) -> None:
        self._session: SessionBase | None = getattr(request, "session", None)
        self._has_response = not hasattr(request, "websocket_call")
        self._before: dict[str, Any] | None = None
        self._values: dict[str, Any] = {}

    @property
    def values(self) -> dict[str, Any]:
        """The dict that a callback reads and changes."""
        if self._before is None:
            stored = self._session.get(SESSION_KEY) if self._session is not None else None
            self._before = deepcopy(stored) if isinstance(stored, dict) else {}
            self._values = deepcopy(self._before)
        return self._values

    def changes(self) -> dict[str, Any]:
        """What was changed: key -> new value, or a marker for a key that was removed."""
        before = self._before or {}
        changed = {key: value for key, value in self._values.items() if before.get(key, _GONE) != value}
        return changed | {key: _GONE for key in before if key not in self._values}

    def save(self) -> None:
        """Merge the changes into the session as it is now.

        Raises:
            ConfigurationError: something was changed, but the site has no sessions.
        """
        changes = self.changes()
        if not changes:
            return
        session = self._session
        if session is None:
            raise ConfigurationError(
                "A callback changed session_state, but the request has no session. Add "
                "'django.contrib.sessions.middleware.SessionMiddleware' to settings.MIDDLEWARE."
            )
        if not self._has_response and not _is_stored(session):
            raise ConfigurationError(
                "A callback over a websocket changed session_state, but the browser has no session that the server "
                "keeps, and only an answer over HTTP can give it one: open the session in a view, use a "
                "SESSION_ENGINE that keeps sessions on the server, or leave out websocket=True."
            )
        if not change(session, SESSION_KEY, lambda stored: _merged(stored, changes)):
            logger.info("session_state of a session that has ended was not saved")


def change(session: SessionBase, key: str, merge: Merge) -> bool:
    """Change one value of a session, as it is at this moment, and no other; gives False if the session has ended.

    Args:
        session: that of a request.
        key: of the value.
        merge: makes the new value of the one that is stored, or of None.
    """
    if not _is_stored(session):
        # A new session, or one that lives in its cookie: the session middleware saves it.
        session[key] = merge(session.get(key))
        return True
    try:
        merged = _save_merged(session, key, merge)
    except SynchronousOnlyOperation:  # a page that is made on an event loop, where the database cannot be asked
        session[key] = merge(session.get(key))
        return True
    if merged is None:
        return False
    # Should the middleware save the whole session too, it has to carry the merged value.
    modified = session.modified
    session[key] = merged
    session.modified = modified
    return True


def _merged(stored: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    values = {**(stored if isinstance(stored, dict) else {}), **changes}
    return {key: value for key, value in values.items() if value is not _GONE}


def _save_merged(session: SessionBase, key: str, merge: Merge) -> dict[str, Any] | None:
    """The merged value, or None if the session does not exist any more."""
    store = type(session)(session.session_key)
    with _locked(store) as exists:
        if not exists:
            return None
        if hasattr(store, "model"):
            # Past the cache in front of the table, which may be older than the row.
            store._session_cache = store.decode(_rows(store).get().session_data)  # type: ignore[attr-defined]
        store[key] = merged = merge(store.get(key))
        try:
            store.save()
        except UpdateError:
            return None
    return merged


def _rows(store: Any) -> QuerySet[Any]:
    """The row of a session, in the database that is written to; a replica may be behind it."""
    rows: QuerySet[Any] = store.model.objects.using(router.db_for_write(store.model))
    return rows.filter(session_key=store.session_key)


def _is_stored(session: SessionBase) -> bool:
    return session.session_key is not None and not type(session).__module__.endswith("signed_cookies")


@contextmanager
def _locked(store: SessionBase) -> Iterator[bool]:
    """Hold the only right to write this session; gives whether the session still exists."""
    if hasattr(store, "model"):
        with transaction.atomic(using=router.db_for_write(store.model)):
            # An update takes the row's lock on every database, SQLite included, and waits for it.
            yield bool(_rows(store).update(session_key=store.session_key))
    elif hasattr(store, "_cache"):
        with _cache_lock(store._cache, f"{store.cache_key}.lock"):  # type: ignore[attr-defined]
            yield store.exists(store.session_key)  # type: ignore[arg-type]
    elif hasattr(store, "storage_path"):
        # A fixed number of lock files, so that they need no clearing up.
        number = crc32(str(store.session_key).encode()) % 64
        with Path(store.storage_path, f".dpd-session-{number}.lock").open("a") as file:
            locks.lock(file, locks.LOCK_EX)
            yield store.exists(store.session_key)  # type: ignore[arg-type]
    else:
        with _in_process:
            yield store.exists(store.session_key)  # type: ignore[arg-type]


@contextmanager
def _cache_lock(cache: Any, key: str) -> Iterator[None]:
    token, end = uuid4().hex, time.monotonic() + _LOCK_SECONDS
    while not cache.add(key, token, _LOCK_SECONDS):
        if time.monotonic() > end:
            logger.warning("session_state was saved without a lock: %s is held for too long", key)
            break
        time.sleep(0.005)
    try:
        yield
    finally:
        if cache.get(key) == token:
            cache.delete(key)
