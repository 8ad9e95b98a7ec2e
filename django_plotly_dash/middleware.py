"""Middleware for those who had it: no app needs one.

``BaseMiddleware`` moves the style sheets of in-page apps into the head and our scripts to the end of a page that has
the tags ``plotly_header`` and ``plotly_footer``. ``ExternalRedirectionMiddleware`` lets pages load Bootstrap and jQuery
from the package ``dpd_static_support`` rather than from CDNs.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.templatetags.static import static

from . import page_parts

_HTML = ("text/html", "application/xhtml+xml")
_SUPPORT = "dpd_static_support"


class _HtmlMiddleware:
    """Changes the text of HTML pages, below WSGI and ASGI. What is streamed, compressed or no HTML stays as it is."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._call_async(request)
        return self._changed(self.get_response(request))

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        return self._changed(await self.get_response(request))

    def _changed(self, response: Any) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not response.streaming and kind in _HTML and not response.has_header("Content-Encoding"):
            try:
                before = response.content.decode(response.charset)
            except (UnicodeDecodeError, LookupError):  # it is not what it says; it is not ours to judge
                return response  # type: ignore[no-any-return]
            after = self.change(before)
            if after != before:
                response.content = after.encode(response.charset)
                if response.has_header("Content-Length"):
                    response.headers["Content-Length"] = str(len(response.content))
        return response  # type: ignore[no-any-return]

    def change(self, page: str) -> str:
        """The page as it is to be sent."""
        raise NotImplementedError


class BaseMiddleware(_HtmlMiddleware):
    """Moves the parts of in-page apps to the tags ``plotly_header`` and ``plotly_footer``."""

    def change(self, page: str) -> str:
        """The page with its parts moved."""
        return page_parts.moved(page)


class ExternalRedirectionMiddleware(_HtmlMiddleware):
    """Puts the static files of ``dpd_static_support`` in the place of those of CDNs that it has copies of.

    Without that package, pages stay as they are.
    """

    def change(self, page: str) -> str:
        """The page with links to the site's own static files."""
        for address, target in _substitutes("static_substitutions"):
            page = re.sub(rf"{re.escape(address)}((?:/[\w.-]+)*)", partial(_static, target), page)
        if _substitutes("static_substitutions"):
            for given, wanted in _substitutes("substitutions"):
                page = page.replace(given, wanted)
        return page


def _static(target: str, match: re.Match[str]) -> str:
    try:
        return static(f"{target}{match[1]}")
    except ValueError:  # no such file has been collected
        return match[0]


@cache
def _substitutes(name: str) -> tuple[tuple[str, str], ...]:
    """What to replace, as the package names it: what stands in a page, and what takes its place."""
    if find_spec(_SUPPORT) is None:
        return ()
    return tuple(getattr(import_module(f"{_SUPPORT}.mappings"), name, ()))
