"""Who may see and call what. A name that cannot be found raises; nothing is open by mistake."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib.auth.decorators import login_required as django_login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from .conf import app_settings
from .exceptions import ConfigurationError

View = Callable[..., Any]
_LOGIN: Final = """<!DOCTYPE html>
<html lang="en">
<head><meta name="color-scheme" content="light dark"><title>Log in</title></head>
<body><p>You have to <a href="{}" target="_top">log in</a> to see this app.</p></body>
</html>
"""


def login_required(view_function: View, **kwargs: Any) -> View:
    """A value for ``PLOTLY_DASH["view_decorator"]``: every page and every callback asks for a login.

    In a frame, where a site's login page may not stand, a visitor gets a link to it.

    Args:
        view_function: the view, sync or async.
        kwargs: ``route_name``, ``url_part`` and ``name`` of the URL, which are not used.
    """
    guarded = django_login_required(view_function)
    if iscoroutinefunction(guarded):

        async def view_async(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return _for_frame(request, await guarded(request, *args, **kwargs))

        return wraps(guarded)(view_async)

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _for_frame(request, guarded(request, *args, **kwargs))

    return wraps(guarded)(view)


def _for_frame(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The response, or in the place of a redirect to the login a page that leads there from a frame."""
    leads_to_login = getattr(response, "url", "").startswith(resolve_url(settings.LOGIN_URL))
    if not leads_to_login or request.headers.get("Sec-Fetch-Dest") not in ("frame", "iframe"):
        return response
    from django.contrib.auth.views import redirect_to_login  # which a site without users cannot import

    page, host = request.headers.get("Referer", ""), request.get_host()
    back = page if url_has_allowed_host_and_scheme(page, host, require_https=request.is_secure()) else "/"
    url = redirect_to_login(urlsplit(back)._replace(scheme="", netloc="").geturl()).url
    answer = HttpResponse(format_html(_LOGIN, url), status=401)
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    add_never_cache_headers(answer)
    return answer


def decorated(view: View, *, route_name: str, url_part: str, name: str) -> View:
    """The view inside the decorator that the settings name, if they name one.

    Args:
        route_name: ``app`` or ``instance``.
        url_part: what follows the app's prefix.
        name: main, layout, dependencies, update-component, component-suites, asset-redirect or routes.

    Raises:
        ConfigurationError: the decorator cannot be imported, or does not take these arguments.
    """
    decorator = view_decorator()
    if decorator is None:
        return view
    try:
        return decorator(view, route_name=route_name, url_part=url_part, name=name)
    except TypeError as error:
        raise ConfigurationError(
            f"settings.PLOTLY_DASH['view_decorator'] is {app_settings().view_decorator!r}, which is called as "
            f"decorator(view, route_name=..., url_part=..., name=...) and failed: {error}. For logins there is "
            "'django_plotly_dash.access.login_required'."
        ) from error


def view_decorator() -> Callable[..., View] | None:
    """The decorator that ``PLOTLY_DASH["view_decorator"]`` names.

    Raises:
        ConfigurationError: it cannot be imported, or cannot be called.
    """
    given = app_settings().view_decorator
    try:
        found = import_string(given) if isinstance(given, str) else given
    except ImportError as error:
        raise ConfigurationError(
            f"settings.PLOTLY_DASH['view_decorator'] is {given!r}, which cannot be imported: {error}. "
            "Give the dotted path of a function, such as 'django_plotly_dash.access.login_required'."
        ) from error
    if found is not None and not callable(found):
        raise ConfigurationError(f"settings.PLOTLY_DASH['view_decorator'] is {given!r}, which cannot be called.")
    return found
