"""With whom a cached result may be shared: with those for whom the function sees the same."""

from __future__ import annotations

from typing import Any

from dash._callback_context import context_value
from django.utils import translation

from ..context import RequestContext
from . import travel
from .handles import keyed_digest


def sees_user(wanted: tuple[str, ...]) -> bool:
    """Whether a function whose results are kept sees the user: if it names it, or Dash's context, which hints at it."""
    return bool({"user", "callback_context"} & set(wanted))


def sees_request(wanted: tuple[str, ...]) -> bool:
    """Whether a function whose results are kept sees cookies, headers and addresses of the request."""
    return "callback_context" in wanted


def seen_by(found: RequestContext, wanted: tuple[str, ...]) -> list[Any]:
    """What a function can see beside its arguments. Every function can see the app, the address at which it answers,
    which stands in links, the instance, the language, the time zone and what hooks have put into ``ctx.custom_data``;
    the user and the session only if it names them, or Dash's context, which hints at both."""
    instance = found.instance.slug if found.instance is not None else None
    seen: list[Any] = [found.app.slug, found.prefix, instance, translation.get_language(), travel.timezone_name()]
    seen.append(dict(getattr(context_value.get(), "custom_data", None) or {}))
    if sees_user(wanted):
        seen.append(f"user {travel.user_key(found.request)}")
    if "params" in wanted:
        seen.append(travel.params_of(found))
    if sees_request(wanted):
        seen.append(travel.seen_of_request(context_value.get()))
    if {"session_state", "callback_context"} & set(wanted):
        seen.append(f"session {keyed_digest(travel.lasting_session_key(found.request) or '')}")
    return seen
