"""How Dash's renderer gets Django's CSRF token, whatever the site's CSRF settings are.

The renderer reads a cookie. Django's own cookie will do unless the site keeps the token in the session or hides
the cookie from scripts; then the page carries the token in a cookie of ours, as a form would carry it in a field.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import get_token


def cookie_name() -> str:
    """Name of the cookie that the renderer is to read."""
    if settings.CSRF_USE_SESSIONS or settings.CSRF_COOKIE_HTTPONLY:
        return f"{settings.CSRF_COOKIE_NAME}_dash"
    return settings.CSRF_COOKIE_NAME


def header_name() -> str:
    """Name of the header that the renderer is to send, from ``CSRF_HEADER_NAME`` (a key of ``request.META``)."""
    return settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-").title()


def hand_over_token(request: HttpRequest, response: HttpResponseBase) -> None:
    """Make sure that the browser that gets ``response``, a page, can send the token back."""
    token = get_token(request)
    if cookie_name() != settings.CSRF_COOKIE_NAME:
        response.set_cookie(
            cookie_name(),
            token,
            domain=settings.CSRF_COOKIE_DOMAIN,
            path=settings.CSRF_COOKIE_PATH,
            secure=settings.CSRF_COOKIE_SECURE,
            samesite=settings.CSRF_COOKIE_SAMESITE,
        )
