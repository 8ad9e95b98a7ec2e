"""The result store of a manager, for what we keep beside Dash's results: signs of life and ``set_props``."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import Any, Final

from dash.background_callback.managers import BaseBackgroundCallbackManager
from dash.background_callback.managers.celery_manager import CeleryManager
from dash.background_callback.managers.diskcache_manager import DiskcacheManager
from plotly.utils import PlotlyJSONEncoder  # type: ignore[attr-defined]

_KEPT: Final = 24 * 3600  # seconds, where the store itself has no rule; Celery's default is the same


class ResultStore:
    """Reads and writes JSON values.

    Args:
        backend: Celery's result backend, or a diskcache.
    """

    errors: tuple[type[BaseException], ...] = (OSError,)

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def read(self, key: str) -> Any:
        """The value, or None."""
        found = self._backend.get(key)
        return None if found is None else json.loads(found)

    def write(self, key: str, value: Any) -> None:
        self._backend.set(key, json.dumps(value, cls=PlotlyJSONEncoder))

    def delete(self, key: str) -> None:
        self._backend.delete(key)

    def close_thread(self) -> None:
        """Give back what the calling thread, which is about to end, has opened."""


class _CeleryStore(ResultStore):
    def __init__(self, backend: Any) -> None:
        super().__init__(backend)
        self.errors = (OSError, *getattr(backend, "connection_errors", ()))


class _DiskcacheStore(ResultStore):
    def __init__(self, backend: Any) -> None:
        from diskcache import Timeout  # type: ignore[import-untyped]

        super().__init__(backend)
        self.errors = (OSError, Timeout)

    def write(self, key: str, value: Any) -> None:
        self._backend.set(key, json.dumps(value, cls=PlotlyJSONEncoder), expire=_KEPT)

    def close_thread(self) -> None:
        self._backend.close()


def store_of(manager: BaseBackgroundCallbackManager) -> ResultStore | None:
    """The result store of a manager; None for a kind of manager that is not Dash's."""
    if isinstance(manager, CeleryManager):
        return _CeleryStore(manager.handle.backend)
    if isinstance(manager, DiskcacheManager):
        return _DiskcacheStore(manager.handle)
    return None


class Contact:
    """When, as far as this process knows, a store has last answered."""

    def __init__(self) -> None:
        self._last: float | None = None

    def made(self) -> None:
        """Note that the store has just answered."""
        self._last = time.monotonic()

    def is_lost_for(self, seconds: float) -> bool:
        """True if it has not answered within the last ``seconds``, or never."""
        return self._last is None or time.monotonic() - self._last > seconds


class JobRecord:
    """What is known of one job: whether it was cancelled, its last sign of life, properties that it has set.

    The web processes write ``queued`` and ``cancelled``; the worker writes the rest. Each has keys of its own, so that
    none undoes what another has written.
    """

    def __init__(self, store: ResultStore, job: str) -> None:
        self._store = store
        self._key = f"dpd-background-{job}"
        self._count = 0

    def queue(self) -> None:
        self._write_while_a_browser_waits(self._key, {"state": "queued", "at": time.time()})

    def beat(self) -> None:
        """The worker is alive and has the job."""
        self._store.write(self._key, {"state": "running", "at": time.time()})

    def cancel(self) -> None:
        self._write_while_a_browser_waits(f"{self._key}-cancelled", True)

    def is_cancelled(self) -> bool:
        return bool(self._store.read(f"{self._key}-cancelled"))

    def state(self) -> tuple[str, float]:
        """``queued``, ``running`` or ``missing``, and the number of seconds since that was noted.

        A record can be missing for a moment: a store that was restarted has forgotten all, and is filled again by
        workers that are alive.
        """
        found = self._store.read(self._key)
        if found is None:
            found = {"state": "missing", "at": time.time()}
            self._store.write(self._key, found)
        return found["state"], time.time() - found["at"]

    def delete(self) -> None:
        self._store.delete(self._key)

    def _write_while_a_browser_waits(self, key: str, value: Any) -> None:
        # Celery tries again for 20 seconds to write, which suits a worker, and not at all to read.
        self._store.read(key)
        self._store.write(key, value)

    def set_props(self, component_id: str, properties: dict[str, Any]) -> None:
        """Each call has a key of its own, since the browser may ask in between."""
        self._count += 1
        self._store.write(f"{self._key}-props-{self._count}", {component_id: properties})

    def take_props(self) -> dict[str, Any]:
        """What was set since the last time. One browser asks for one job, so there is one reader."""
        first = number = self._store.read(f"{self._key}-seen") or 1
        taken: dict[str, Any] = {}
        while (update := self._store.read(f"{self._key}-props-{number}")) is not None:
            for component_id, properties in update.items():
                taken.setdefault(component_id, {}).update(properties)
            self._store.delete(f"{self._key}-props-{number}")
            number += 1
        if number != first:
            self._store.write(f"{self._key}-seen", number)
        return taken


class Heartbeat:
    """A context manager: signs of life from a thread, until the block ends.

    Args:
        interval: seconds from one to the next.
    """

    def __init__(self, record: JobRecord, store: ResultStore, interval: float) -> None:
        self._record, self._store, self._interval = record, store, interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="background callback's signs of life")

    def __enter__(self) -> None:
        self._record.beat()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        # The result is yet to be stored, for which it has as long as anything else.
        self._beat()

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self._beat()
        self._store.close_thread()

    def _beat(self) -> None:
        with suppress(*self._store.errors):  # the next one may get through
            self._record.beat()
