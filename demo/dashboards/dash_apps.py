"""Found at start-up. Each app has a module of its own."""

from __future__ import annotations

import os

from . import (  # noqa: F401 - importing them makes the apps
    counter,
    country,
    dice,
    files,
    look,
    monitor,
    ranking,
    savings,
    session_counter,
    simple_example,
    stock_gains,
    stock_prices,
    tips,
    visitor,
    world,
)

if os.environ.get("REDIS_URL"):
    # A worker takes its jobs from there.
    from demo_site import celery  # noqa: F401

    from . import report  # noqa: F401
