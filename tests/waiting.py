"""Waiting for what happens in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

SECONDS = 60.0  # a busy machine may take some to start a server; what takes longer goes on without end


def eventually(holds: Callable[[], Any], pause: float = 0.05) -> Any:
    """What ``holds`` gives as soon as it gives something; asked again after a pause in seconds."""
    end = time.monotonic() + SECONDS
    while not (found := holds()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(pause)
    return found
