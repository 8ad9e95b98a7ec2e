"""What a page needs so that its pipes get messages: one script."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from channels import DEFAULT_CHANNEL_LAYER
from dash.development.base_component import ComponentRegistry
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.urls import NoReverseMatch, get_script_prefix
from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import csp, own_files, setting_routes

if TYPE_CHECKING:
    from django.http import HttpRequest

_PIPES = "dpd_components"
_MODULES = (_PIPES, f"{_PIPES}.Pipe")


def script(request: HttpRequest | None, url: str | None = None, *, is_own_page: bool = False) -> SafeString:
    """The script that opens the page's websocket.

    Args:
        request: of the page.
        url: path or whole URL of the websocket; by default ``PLOTLY_DASH["ws_route"]`` below the site's root.
        is_own_page: the page is an app's own, which may stand in a frame of a page that has the script too.

    Raises:
        NoReverseMatch: ``django_plotly_dash.urls`` is not included in the URLconf.
    """
    nonce = None if is_own_page else csp.nonce_for_tag(request)  # an app's own page gets it as a whole
    return format_html(
        '<script src="{}" data-url="{}" data-server="{}"{}{}></script>',
        own_files.require_url(own_files.PIPES, request),
        url or get_script_prefix() + setting_routes.ws_route(),
        "asgi" if isinstance(request, ASGIRequest) else "wsgi",
        SafeString(" data-own-page") if is_own_page else "",
        format_html(' nonce="{}"', nonce) if nonce else "",
    )


def script_of_app(request: HttpRequest) -> str:
    """The same for an app's own page, if a pipe may be in it and messages can be sent at all."""
    if not pipes_are_used() or not has_layer():
        return ""
    try:
        return script(request, is_own_page=True)
    except NoReverseMatch:  # a lone script, or a mount of one app
        return ""


def pipes_are_used() -> bool:
    """Whether a module of this process has imported ``dpd_components``."""
    return _PIPES in ComponentRegistry.registry


def uses_pipes(module: str) -> bool:
    """Whether an app's module, given by name, has something of ``dpd_components`` in it."""
    values = vars(sys.modules[module]).values() if module in sys.modules else ()
    return any((getattr(value, "__module__", None) or getattr(value, "__name__", "")) in _MODULES for value in values)


def has_layer() -> bool:
    """Whether the site names a channel layer."""
    return DEFAULT_CHANNEL_LAYER in getattr(settings, "CHANNEL_LAYERS", {})
