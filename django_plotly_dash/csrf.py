"""How Dash's renderer gets Django's CSRF token, whatever the site's CSRF settings are.

The renderer reads a cookie. Django's own cookie will do unless the site keeps the token in the session or hides
the cookie from scripts; then the page carries the token in a cookie of ours, as a form would carry it in a field.
"""

from __future__ import annotations

from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.utils.module_loading import import_string

# Browsers send at least one of these with every request that a page has made them send with a JSON body.
_MARKS_OF_BROWSERS = ("Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode")


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


def is_on() -> bool:
    """Whether the site has the CSRF middleware, or a subclass of it."""
    for name in settings.MIDDLEWARE:
        with suppress(ImportError):  # Django names the broken one at the first request
            found = import_string(name)
            if isinstance(found, type) and issubclass(found, CsrfViewMiddleware):
                return True
    return False


def send_cookie(request: HttpRequest) -> None:
    """Let the middleware send its cookie with the page that is being made for this request."""
    get_token(request)


def secret(request: HttpRequest) -> str | None:
    """The secret behind the browser's token, which no other browser has; None if it has none."""
    if "CSRF_COOKIE" not in request.META:
        CsrfViewMiddleware(_nothing).process_request(request)
    found: str | None = request.META.get("CSRF_COOKIE")
    return found


def secret_of_cookie(cookie: str | None) -> str | None:
    """The secret in the cookie that a browser has sent; None where the site keeps secrets elsewhere."""
    if not cookie or settings.CSRF_USE_SESSIONS:
        return None
    request = HttpRequest()
    request.COOKIES[settings.CSRF_COOKIE_NAME] = cookie
    return secret(request)


def refusal(request: HttpRequest) -> HttpResponse | None:
    """For endpoints that are meant for programs, which have no CSRF token: the refusal of a request that a page may
    have made a browser send; None for any other.

    A page cannot send JSON to another site unless that site allows it (CORS), and a browser that sends it names the
    page's origin. So JSON without any mark of a browser comes from a program, which sends what its user gave it.
    All else needs the token, as any view of Django does.
    """
    is_json = request.content_type == "application/json" or request.method != "POST"
    if is_json and not any(name in request.headers for name in _MARKS_OF_BROWSERS):
        return None
    check = CsrfViewMiddleware(_nothing)
    check.process_request(request)
    return check.process_view(request, _nothing, (), {})


def _nothing(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse()
