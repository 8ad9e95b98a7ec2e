"""System checks: what is missing, where, and why, before the first request. Each has an entry in docs/checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connections
from django.urls import get_resolver
from django.utils.module_loading import import_string

from . import (
    access,
    component_libraries,
    dash_globals,
    live_page,
    mcp,
    pipe_access,
    poke,
    state_store,
    static_files,
    write_policy,
)
from .conf import app_settings, component_packages
from .exceptions import ConfigurationError, RegistrationError
from .prefix import URL_NAMESPACE
from .registry import registry

_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
_USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
_NEED_USERS = ("owner", "change_permission", "save_permission")
_CSRF = "django.middleware.csrf.CsrfViewMiddleware"


@register("django_plotly_dash")
def check_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001: ``PLOTLY_DASH`` cannot be read. E002: its ``view_decorator`` cannot be used."""
    try:
        app_settings()
    except ConfigurationError as error:
        return [Error(str(error), hint="Correct PLOTLY_DASH in your settings.", id="django_plotly_dash.E001")]
    try:
        access.view_decorator()
    except ConfigurationError as error:
        return [Error(str(error), hint="Nothing is served until it can be used.", id="django_plotly_dash.E002")]
    return []


@register("django_plotly_dash")
def check_components(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E020: ``PLOTLY_COMPONENTS`` names what cannot be imported."""
    try:
        failed = component_libraries.import_named(component_packages())
    except ConfigurationError as error:
        return [Error(str(error), hint="Correct it, or leave it out.", id="django_plotly_dash.E020")]
    return [
        Error(
            f"settings.PLOTLY_COMPONENTS names {package!r}, which cannot be imported: {reason}.",
            hint="Install the package, correct its name, or leave it out: libraries that apps import are found.",
            id="django_plotly_dash.E020",
        )
        for package, reason in failed.items()
    ]


@register("django_plotly_dash")  # not among those of staticfiles, which collectstatic makes before it collects
def check_static_files(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W020: files have not been collected. W021: WhiteNoise removes files that are needed."""
    if settings.DEBUG or not static_files.finds_bundles():
        return []
    if static_files.keeps_hashed_names_only():
        return [
            Warning(
                "WhiteNoise keeps hashed names only, so component bundles are not loaded as static files.",
                hint="Scripts ask for their parts under plain names. Remove WHITENOISE_KEEP_ONLY_HASHED_FILES.",
                id="django_plotly_dash.W021",
            )
        ]
    missing = static_files.missing_bundles()
    if missing:
        return [
            Warning(
                "Component bundles have not been collected, so the apps serve them themselves.",
                hint=f"Run manage.py collectstatic; {missing[0]!r} is missing, for one.",
                id="django_plotly_dash.W020",
            )
        ]
    return []


@register("django_plotly_dash")
def check_urls(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W001: the URLs are not included."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    try:
        included = _include_ours(get_resolver().url_patterns)
    except ConfigurationError:
        return []  # reported by check_settings
    if not included:
        return [
            Warning(
                "The URLs of django_plotly_dash are not included in the URLconf, so no app can be shown.",
                hint='Add path("dash/", include("django_plotly_dash.urls")) to the urlpatterns of '
                f"{settings.ROOT_URLCONF}.",
                id="django_plotly_dash.W001",
            )
        ]
    return []


@register("django_plotly_dash")
def check_middleware(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W002: no sessions, so that changes to session_state cannot be kept. W003: callbacks are open to forgery."""
    found: list[CheckMessage] = []
    if not _has_middleware(_SESSIONS):
        found.append(
            Warning(
                "There is no session middleware: a callback that changes session_state will fail.",
                hint=f"Add {_SESSIONS!r} to MIDDLEWARE.",
                id="django_plotly_dash.W002",
            )
        )
    if not _has_middleware(_CSRF):
        found.append(
            Warning(
                "There is no CSRF middleware: another site can call callbacks in the name of a visitor.",
                hint=f"Add {_CSRF!r} to MIDDLEWARE.",
                id="django_plotly_dash.W003",
            )
        )
    return found


@register("django_plotly_dash")
def check_callbacks(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E003: it cannot be told which app a callback or a tool of MCP belongs to. The URLconf's apps are known by now."""
    with suppress(ConfigurationError):  # reported by check_settings
        import_urlconf()
    try:
        dash_globals.check_callbacks()
        mcp.check_functions()
    except RegistrationError as error:
        hint = "Use the callback method of the app, or name the module in its global_callbacks."
        return [Error(str(error), hint=hint, id="django_plotly_dash.E003")]
    return []


@register("django_plotly_dash")
def check_state_write_policies(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E004: a write policy cannot be used. W004: it asks for owners, on a site without users."""
    try:
        used: list[tuple[Any, Any]] = [(app_settings().state_write_policy, write_policy.policy_of_settings)]
    except ConfigurationError:
        return []  # reported by check_settings
    used += [(app.state_write_policy, partial(write_policy.policy_of, app)) for app in registry]
    found: list[CheckMessage] = []
    for given, resolve in used:
        try:
            resolve()
        except ConfigurationError as error:
            hint = "Callbacks of saved instances that change something fail until it can be used."
            found.append(Error(str(error), hint=hint, id="django_plotly_dash.E004"))
        if given in _NEED_USERS and not _has_middleware(_USERS):
            found.append(
                Warning(
                    f"state_write_policy is {given!r}, but requests have no users: no instance's state is saved.",
                    hint=f"Add {_USERS!r} to MIDDLEWARE, or take another policy.",
                    id="django_plotly_dash.W004",
                )
            )
    return list({message.msg: message for message in found}.values())


@register("django_plotly_dash")
def check_transactions(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W005: requests have transactions in which SQLite cannot always write."""
    return [
        Warning(
            f"DATABASES[{alias!r}] is SQLite with ATOMIC_REQUESTS: a callback that has read and then writes, or a "
            "session that is saved, may fail with 'database is locked' where callbacks run in parallel.",
            hint='Add "transaction_mode": "IMMEDIATE" and "timeout": 30 to its OPTIONS, or leave ATOMIC_REQUESTS off.',
            id="django_plotly_dash.W005",
        )
        for alias, database in connections.settings.items()
        if state_store.begins_by_reading(database)
    ]


@register("django_plotly_dash")
def check_websockets(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W060: apps have websocket callbacks, but nothing says that the site is served by ASGI."""
    with suppress(ConfigurationError, RegistrationError):  # reported by check_settings and check_callbacks
        if getattr(settings, "ASGI_APPLICATION", None) or app_settings().websocket_callbacks is not None:
            return []
        names = sorted(app.app_name for app in registry if app.uses_websockets())
        if names:
            return [
                Warning(
                    "There are websocket callbacks, and no ASGI_APPLICATION: they are answered over HTTP, and "
                    "persistent ones not at all.",
                    hint="Serve the site by ASGI, with 'django_plotly_dash.routing.application' or an application "
                    f"with its websocket_urlpatterns. The apps are: {', '.join(names)}.",
                    id="django_plotly_dash.W060",
                )
            ]
    return []


@register("django_plotly_dash")
def check_live_updating(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E061: who may listen or send cannot be asked. W061: there are pipes, and nothing brings them messages."""
    found: list[CheckMessage] = []
    for hook in (pipe_access.hook, poke.access_hook):
        try:
            hook()
        except ConfigurationError as error:
            if not str(error).startswith("settings.PLOTLY_DASH has"):  # reported by check_settings
                hint = "Nobody is let in until it can be used."
                found.append(Error(str(error), hint=hint, id="django_plotly_dash.E061"))
    if not live_page.has_layer() and any(live_page.uses_pipes(app.module) for app in registry):
        found.append(
            Warning(
                "An app uses dpd_components, but there is no channel layer: pipes get no messages.",
                hint='Add CHANNEL_LAYERS = {"default": {...}} to your settings: see docs/live.',
                id="django_plotly_dash.W061",
            )
        )
    return found


@register("django_plotly_dash", deploy=True)
def check_layer_of_deployment(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W062: messages do not reach other processes. Told by ``check --deploy``."""
    layers = getattr(settings, "CHANNEL_LAYERS", {})
    if layers.get("default", {}).get("BACKEND") != "channels.layers.InMemoryChannelLayer":
        return []
    return [
        Warning(
            "The channel layer is in memory: messages reach only pages whose websocket is of the same process.",
            hint="Take a layer of channels-redis where there is more than one process, workers included.",
            id="django_plotly_dash.W062",
        )
    ]


def import_urlconf() -> None:
    """Import the URLconf, if the site has one, and what it imports.

    Raises:
        Exception: whatever that raises.
    """
    if getattr(settings, "ROOT_URLCONF", None):
        list(get_resolver().url_patterns)


def _include_ours(patterns: Iterable[Any]) -> bool:
    """Anywhere: below other namespaces, and below mounts that capture arguments, they cannot simply be reversed."""
    return any(
        getattr(p, "app_name", None) == URL_NAMESPACE or _include_ours(getattr(p, "url_patterns", ())) for p in patterns
    )


def _has_middleware(wanted: str) -> bool:
    """True if MIDDLEWARE has it, or a subclass of it."""
    base = import_string(wanted)
    for name in settings.MIDDLEWARE:
        with suppress(ImportError):  # Django names the broken one at the first request
            found = import_string(name)
            if isinstance(found, type) and issubclass(found, base):
                return True
    return False
