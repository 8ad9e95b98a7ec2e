"""Found at start-up. Each app has a module of its own."""

from __future__ import annotations

from demo_site import celery  # noqa: F401 - the app that tasks belong to

from . import (  # noqa: F401 - importing them makes the apps
    counter,
    country,
    dice,
    files,
    look,
    monitor,
    ranking,
    report,
    savings,
    session_counter,
    simple_example,
    stock_gains,
    stock_prices,
    tips,
    visitor,
    world,
)
