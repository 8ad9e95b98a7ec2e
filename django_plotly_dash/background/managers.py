"""Managers of background callbacks: found where they were given, made once, and told our job function."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from dash.background_callback.managers import BaseBackgroundCallbackManager
from dash.background_callback.managers.diskcache_manager import DiskcacheManager
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from ..exceptions import ConfigurationError
from . import worker

JOB: Final = "django_plotly_dash"
_resolved: dict[Any, tuple[Any, BaseBackgroundCallbackManager]] = {}
_resolving = threading.RLock()


def forget_managers() -> None:
    """Make the managers that settings name anew when they are asked for."""
    with _resolving:
        _resolved.clear()


def resolve(given: Any, where: str) -> BaseBackgroundCallbackManager:
    """The manager that was given; what is given by path or as a function is made once in each process.

    Args:
        given: a manager, a function that makes one, or the dotted path of either.
        where: where it was given, for errors.

    Raises:
        ConfigurationError: it cannot be imported, or is not a manager.
    """
    key = given if isinstance(given, str) else id(given)
    known = _resolved.get(key)
    if known is not None:  # without the lock, which a process that was forked might find closed for ever
        return known[1]
    with _resolving:
        if key not in _resolved:
            manager = _made(given, where)
            _register(manager)
            _resolved[key] = (given, manager)  # what is kept keeps its id
        return _resolved[key][1]


def _register(manager: Any) -> None:
    if JOB in manager.func_registry:
        return
    for other in BaseBackgroundCallbackManager.managers:
        # Celery has one task of a name; a second manager on the same Celery app calls that of the first.
        if JOB in other.func_registry and other.handle is getattr(manager, "handle", None):
            manager.func_registry[JOB] = other.func_registry[JOB]
            return
    manager.register(JOB, worker.run_in_child if isinstance(manager, DiskcacheManager) else worker.run, True)


def _made(given: Any, where: str) -> BaseBackgroundCallbackManager:
    try:
        found = import_string(given) if isinstance(given, str) else given
    except ImportError as error:
        raise ConfigurationError(f"{where} is {given!r}, which cannot be imported: {error}") from error
    if callable(found) and not isinstance(found, BaseBackgroundCallbackManager):
        found = found()
    if not isinstance(found, BaseBackgroundCallbackManager):
        raise ConfigurationError(
            f"{where} is {given!r}, which gives a {type(found).__name__}. It has to give a manager of Dash, such as "
            "dash.CeleryManager or dash.DiskcacheManager."
        )
    return found


def _changed(*, setting: str, **_: Any) -> None:
    if setting == "PLOTLY_DASH":
        forget_managers()


setting_changed.connect(_changed)


def name_of_task(manager: BaseBackgroundCallbackManager, task: Any) -> str:
    """What stands for a manager's job in a handle. The number of a process alone may later be another process's."""
    return f"{task}-{_start_of(int(task))}" if isinstance(manager, DiskcacheManager) else str(task)


def living_task(manager: BaseBackgroundCallbackManager, name: str) -> str | None:
    """The manager's own name of the job that ``name_of_task`` has named; None if its process has ended."""
    if not isinstance(manager, DiskcacheManager):
        return name or None
    process, _, start = name.partition("-")
    return process if start and _start_of(int(process)) == start else None


def _start_of(process: int) -> str:
    """When a process was started. As the time of day it would change whenever the machine's clock is set."""
    with suppress(OSError, IndexError):
        # Ticks since the machine was booted; the name of the program, in parentheses, may hold anything.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    import psutil

    try:
        return str(round(psutil.Process(process).create_time() * 100))
    except psutil.NoSuchProcess:
        return ""
