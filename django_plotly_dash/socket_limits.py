"""What all websockets of this package have in common where they end: the codes, and how many messages may come."""

from __future__ import annotations

import time
from typing import Final

SERVER_ERROR: Final = 1011
BAD_MESSAGE: Final = 4400
TOO_SLOW: Final = 4408
TOO_LARGE: Final = 4413
TOO_OFTEN: Final = 4429
TOO_MANY: Final = 4430
NO_LAYER: Final = 4503
_BURST_SECONDS: Final = 10


class Allowance:
    """How many messages may come over one socket.

    Args:
        rate: a second, in the long run.
        at_once: how many a page that keeps its limits has to say when it begins. It may say them twice.
    """

    def __init__(self, rate: int, at_once: int) -> None:
        self._rate = rate
        self._most = self._left = float(max(rate * _BURST_SECONDS, 2 * at_once))
        self._counted = time.monotonic()

    def takes(self) -> bool:
        """Count a message, and give whether it may come."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._counted) * self._rate) - 1
        self._counted = now
        return self._left >= 0
