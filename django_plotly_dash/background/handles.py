"""What a browser holds of a job, and the hashes in it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from django.utils.crypto import salted_hmac


@dataclass(frozen=True, slots=True)
class Handle:
    """What a browser holds of a job, signed by Dash.

    Attributes:
        job: our name of it.
        callback: hash of app, instance and callback.
        user: hash of the user.
        started: when the job was started, in seconds since 1970.
        task: the manager's name of it; empty if the result was in the cache.
    """

    job: str
    callback: str
    user: str
    started: str
    task: str = ""

    def __str__(self) -> str:
        return ".".join((self.job, self.callback, self.user, self.started, self.task))

    @classmethod
    def parse(cls, text: str) -> Handle:
        """From the text of ``str(handle)``; what is missing is empty."""
        return cls(*(text.split(".", 4) + [""] * 5)[:5])

    def with_task(self, task: object) -> Handle:
        """The same handle, once the manager has named the job."""
        return replace(self, task=str(task))

    @property
    def age(self) -> float:
        """Seconds since the job was started."""
        return time.time() - int(self.started or 0)


def digest(*parts: Any) -> str:
    """A hash of values, the same in every process."""
    return sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def keyed_digest(text: str) -> str:
    """A hash that nobody can make who does not know ``SECRET_KEY``."""
    return salted_hmac("django_plotly_dash.background", text, algorithm="sha256").hexdigest()
