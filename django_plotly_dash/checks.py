"""System checks: what is missing, where, and why, before the first request. Each has an entry in docs/checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import NoReverseMatch

from . import access, prefix
from .conf import app_settings
from .exceptions import ConfigurationError

_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
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
def check_urls(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W001: the URLs are not included."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    try:
        prefix.url_of("check")
    except NoReverseMatch:
        return [
            Warning(
                "The URLs of django_plotly_dash are not included in the URLconf, so no app can be shown.",
                hint='Add path("dash/", include("django_plotly_dash.urls")) to the urlpatterns of '
                f"{settings.ROOT_URLCONF}.",
                id="django_plotly_dash.W001",
            )
        ]
    except ConfigurationError:
        return []  # reported by check_settings
    return []


@register("django_plotly_dash")
def check_middleware(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W002: no sessions, so that changes to session_state cannot be kept. W003: callbacks are open to forgery."""
    found: list[CheckMessage] = []
    if _SESSIONS not in settings.MIDDLEWARE:
        found.append(
            Warning(
                "There is no session middleware: a callback that changes session_state will fail.",
                hint=f"Add {_SESSIONS!r} to MIDDLEWARE.",
                id="django_plotly_dash.W002",
            )
        )
    if _CSRF not in settings.MIDDLEWARE:
        found.append(
            Warning(
                "There is no CSRF middleware: another site can call callbacks in the name of a visitor.",
                hint=f"Add {_CSRF!r} to MIDDLEWARE.",
                id="django_plotly_dash.W003",
            )
        )
    return found
