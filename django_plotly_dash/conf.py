"""The only reader of ``settings.PLOTLY_DASH`` and ``settings.PLOTLY_COMPONENTS``.

Nothing is read at import. ``app_settings()`` gives the values in force, checked once and read again
whenever Django announces that a setting has changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args, get_type_hints

from dash.background_callback.managers import BaseBackgroundCallbackManager
from django.conf import ENVIRONMENT_VARIABLE, settings
from django.core.signals import setting_changed

from .exceptions import ConfigurationError

_PARTS_OF_DASH = ("dash", "dash_core_components", "dash_html_components", "dash_renderer", "dash_table")


@dataclass(frozen=True)
class PlotlyDashSettings:
    """The keys of ``PLOTLY_DASH``, their types and their defaults."""

    # live updating
    ws_route: str = "dpd/ws/channel"
    http_route: str = "dpd/views"
    http_poke_enabled: bool = True
    http_poke_token: str | None = None
    http_poke_access: str | Callable[..., Any] | None = None
    pipe_access: str | Callable[..., Any] | None = None
    pipe_max_message_size: int = 65_536  # bytes
    pipe_max_subscriptions: int = 100
    pipe_max_rate: int = 20  # messages a second
    pipe_queue_size: int = 1_000
    pipe_queue_bytes: int = 1_048_576
    # websocket callbacks
    websocket_callbacks: bool | None = None
    websocket_pool_size: int = 8  # threads, for each app
    websocket_recheck_seconds: int = 10
    websocket_max_callbacks: int = 200  # under way on one socket
    websocket_max_rate: int = 500  # messages a second
    websocket_queue_size: int = 16_777_216  # characters that wait for one browser
    # finding apps and guarding them
    stateless_loader: str | Callable[..., Any] | None = None
    view_decorator: str | Callable[..., Any] | None = None
    insert_demo_migrations: bool = False
    # values handed to an app
    cache_timeout_initial_arguments: int = 60
    cache_arguments: bool = True
    initial_arguments_url_limit: int = 1500
    unknown_initial_arguments: str | None = None
    # saved instances
    state_max_bytes: int = 1_048_576
    state_write_policy: str | Callable[..., Any] = "anybody"
    # bundles and assets
    serve_locally: bool = True
    share_bundles: bool | None = None
    static_asset_root: str = "dpd/assets"
    # frames
    iframe_sandbox: str | None = (
        "allow-scripts allow-same-origin allow-forms allow-downloads allow-popups allow-modals "
        "allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
    )
    iframe_allow: str | None = "clipboard-write; fullscreen"
    iframe_referrerpolicy: str | None = None
    # background callbacks; seconds
    background_callback_manager: str | Callable[..., Any] | BaseBackgroundCallbackManager | None = None
    background_callback_lease: int = 60
    background_callback_queue_timeout: int = 600
    # development
    dev_tools: bool | dict | None = None  # type: ignore[type-arg]


_CHOICES = {"unknown_initial_arguments": ("raise", "log", None)}
# Limits and times with which nothing would work, or would wait for ever, if they were less.
_AT_LEAST_ONE = (
    "pipe_max_message_size",
    "pipe_max_subscriptions",
    "pipe_max_rate",
    "pipe_queue_size",
    "pipe_queue_bytes",
    "websocket_pool_size",
    "websocket_recheck_seconds",
    "websocket_max_callbacks",
    "websocket_max_rate",
    "websocket_queue_size",
)


def has_settings() -> bool:
    """Whether Django has settings. A lone script has none until it is run; its app is made before."""
    return settings.configured or bool(os.environ.get(ENVIRONMENT_VARIABLE))


def app_settings() -> PlotlyDashSettings:
    """The settings in force; the defaults as long as Django has no settings.

    Raises:
        ConfigurationError: ``PLOTLY_DASH`` is not a dict, has an unknown key, or a value of a wrong type or too small.
    """
    return _app_settings() if has_settings() else PlotlyDashSettings()


@cache
def _app_settings() -> PlotlyDashSettings:
    given = getattr(settings, "PLOTLY_DASH", None) or {}
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"settings.PLOTLY_DASH is {given!r}; it has to be a dict, such as {{'serve_locally': True}}."
        )
    types = get_type_hints(PlotlyDashSettings)
    for name, value in given.items():
        if name not in types:
            raise ConfigurationError(_unknown(str(name), tuple(types)))
        _check_type(name, value, types[name])
        if name in _CHOICES and value not in _CHOICES[name]:
            allowed = " or ".join(map(repr, _CHOICES[name]))
            raise ConfigurationError(f"settings.PLOTLY_DASH[{name!r}] is {value!r}; it has to be {allowed}.")
        if name in _AT_LEAST_ONE and value < 1:
            raise ConfigurationError(f"settings.PLOTLY_DASH[{name!r}] is {value!r}; it has to be 1 or more.")
    return PlotlyDashSettings(**given)


def component_packages() -> tuple[str, ...]:
    """Packages that ``settings.PLOTLY_COMPONENTS`` names, of which no app needs to be named: libraries are found when
    they are imported. Parts of Dash, which were packages once, are left out.

    Raises:
        ConfigurationError: it is not a list of names.
    """
    given = getattr(settings, "PLOTLY_COMPONENTS", None) or () if has_settings() else ()
    if not isinstance(given, (list, tuple, set)) or not all(isinstance(name, str) for name in given):
        raise ConfigurationError(
            f"settings.PLOTLY_COMPONENTS is {given!r}; it has to be a list of names of packages, such as "
            "['dash_bootstrap_components'], or be left out."
        )
    return tuple(name for name in given if name not in _PARTS_OF_DASH)


def setting_names() -> tuple[str, ...]:
    """Every key that ``PLOTLY_DASH`` may have."""
    return tuple(field.name for field in fields(PlotlyDashSettings))


def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"settings.PLOTLY_DASH has no key {name!r}.{hint} The keys are: {', '.join(known)}."


def _check_type(name: str, value: Any, wanted: Any) -> None:
    allowed = [getattr(kind, "__origin__", kind) for kind in get_args(wanted) or (wanted,)]
    if any(
        callable(value) if kind is Callable or getattr(kind, "__name__", "") == "Callable" else _is(value, kind)
        for kind in allowed
    ):
        return
    names = " or ".join("None" if kind is type(None) else getattr(kind, "__name__", str(kind)) for kind in allowed)
    raise ConfigurationError(
        f"settings.PLOTLY_DASH[{name!r}] is {value!r}, a {type(value).__name__}; it has to be {names}."
    )


def _is(value: Any, kind: type) -> bool:
    # True is an int to Python, but not to someone who reads "seconds".
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _reload(*, setting: str, **_: Any) -> None:
    if setting == "PLOTLY_DASH":
        _app_settings.cache_clear()


setting_changed.connect(_reload)
