"""With whom a cached result may be shared: with those for whom the function sees the same."""

from __future__ import annotations

from typing import Any

from dash._callback_context import context_value
from django.utils import translation

from ..context import RequestContext
from . import travel
from .handles import keyed_digest


def seen_by(found: RequestContext, wanted: tuple[str, ...]) -> list[Any]:
    """What a function can see beside its arguments. Every function can see the app, the instance, the language, the
    time zone and what hooks have put into ``ctx.custom_data``; the user and the session only if it names them, or
    Dash's context, which hints at both."""
    instance = found.instance.slug if found.instance is not None else None
    seen: list[Any] = [found.app.slug, instance, translation.get_language(), travel.timezone_name()]
    seen.append(dict(getattr(context_value.get(), "custom_data", None) or {}))
    if {"user", "callback_context"} & set(wanted):
        seen.append(f"user {travel.user_key(found.request)}")
    if "params" in wanted:
        seen.append(travel.params_of(found))
    if found.files_prefix:
        seen.append(found.prefix)  # links in the result hold what the page has handed over
    if "callback_context" in wanted:
        values = context_value.get()
        seen.append([dict(values.get("cookies") or {}), dict(values.get("headers") or {}), values.get("remote")])
    if {"session_state", "callback_context"} & set(wanted):
        seen.append(f"session {keyed_digest(travel.lasting_session_key(found.request) or '')}")
    return seen
