"""Dash's dev tools: when they are on, and how their hot reload goes with Django's."""

from __future__ import annotations

import inspect
import logging
import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dash import Dash
from django.conf import settings
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV, BaseReloader

from .conf import app_settings
from .exceptions import ConfigurationError


def switch(app: Dash, wanted: bool | dict[str, Any] | None) -> None:
    """Switch them on if they are wanted, once per process.

    Args:
        app: the app.
        wanted: what the app was made with: on, off, or arguments for ``enable_dev_tools``. None takes
            ``PLOTLY_DASH["dev_tools"]``, and where that is None, ``settings.DEBUG``.
    """
    if wanted is None:
        wanted = app_settings().dev_tools
    if wanted is None:
        wanted = settings.DEBUG
    if not wanted or app._hot_reload.watch_thread is not None:
        return
    options: dict[str, Any] = {"debug": True}
    if os.environ.get(DJANGO_AUTORELOAD_ENV) != "true":
        # Only runserver has one process that every page asks and that is restarted on a change. Of several workers
        # each would have a reload hash of its own, and pages would reload for ever.
        options["dev_tools_hot_reload"] = False
    app.enable_dev_tools(**(options | (wanted if isinstance(wanted, dict) else {})))
    if app._dev_tools.silence_routes_logging:
        # The page asks for the reload hash every few seconds.
        logging.getLogger("django.server").addFilter(_no_reload_hash)


def watch(reloader: BaseReloader, paths: list[str]) -> None:
    """Let Django's reloader watch more files and folders."""
    for path in map(os.path.abspath, paths):
        if os.path.isdir(path):
            reloader.watch_dir(path, "**/*")
        else:
            reloader.extra_files.add(Path(path))


def refuse_unknown(options: dict[str, Any]) -> None:
    """For ``app.run()``: raise for an argument that ``enable_dev_tools`` does not have.

    Raises:
        ConfigurationError: there is one; the message names the nearest, and all.
    """
    known = [name for name in inspect.signature(Dash.enable_dev_tools).parameters if name.startswith("dev_tools_")]
    unknown = [name for name in options if name not in known]
    if not unknown:
        return
    near = get_close_matches(unknown[0], known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ConfigurationError(
        f"app.run() does not know {', '.join(map(repr, unknown))}.{hint} It takes host, port, debug, "
        f"hide_all_callbacks, use_reloader, threaded, {', '.join(known)}."
    )


def _no_reload_hash(record: logging.LogRecord) -> bool:
    return "_reload-hash" not in record.getMessage()
