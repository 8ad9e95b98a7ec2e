"""Found at start-up. Each app has a module of its own."""

from __future__ import annotations

from . import (  # noqa: F401 - importing them makes the apps
    look,
    monitor,
    simple_example,
    stock_gains,
    stock_prices,
    tips,
    visitor,
    world,
)
