"""Which pages may open a socket for callbacks: known before any code of the site has run for them.

A browser sends cookies with a websocket from any page. So nothing happens in a visitor's name until it is known that
the page is one of this site, or of those that the app trusts.
"""

from __future__ import annotations

from typing import Any

from django.urls import Resolver404, ResolverMatch, resolve

from ..backend.websocket import WebsocketCall
from ..exceptions import DjangoPlotlyDashError
from ..scopes import in_thread, origin_is_ours
from .requests import OF_APPS, WebsocketRequest, is_of_callbacks


def origin_of(scope: dict[str, Any]) -> str:
    """What the browser says where the page comes from; empty if it says nothing."""
    return str(dict(scope.get("headers", ())).get(b"origin", b"").decode("latin1"))


async def may_open(scope: dict[str, Any]) -> bool:
    """Whether the page is of this site, in ``CSRF_TRUSTED_ORIGINS``, or in its app's ``websocket_allowed_origins``.

    The app is found by its URL alone, without the site's middleware and views.
    """
    origin = origin_of(scope)
    if not origin:
        return False
    if origin_is_ours(scope):
        return True
    try:
        match = resolve(WebsocketRequest(scope, WebsocketCall()).path_info)
    except Resolver404:
        return False
    return is_of_callbacks(match) and origin in await in_thread(_allowed_origins, match)


def _allowed_origins(match: ResolverMatch) -> list[str]:
    from .. import lookup  # has tables, and the routing of a site is imported before Django is set up

    find = lookup.app if (match.url_name or "").startswith(OF_APPS) else lookup.instance
    try:
        return list(find(match.kwargs["ident"]).app._websocket_allowed_origins)
    except DjangoPlotlyDashError:
        return []
