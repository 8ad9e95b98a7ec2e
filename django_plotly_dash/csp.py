"""Content-Security-Policy: the only reader of a request's nonce, and the only room that puts it into a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.html import escape

from . import fragment_cache

if TYPE_CHECKING:
    from django.http import HttpRequest

# Comments and the contents of elements are matched as well, so that what looks like a tag there is passed over.
_ELEMENTS = re.compile(
    r"<!--.*?-->|<(?P<name>script|style)\b(?P<attributes>[^>]*)>.*?</(?P=name)\s*>|<link\b(?P<of_link>[^>]*)>",
    re.DOTALL | re.IGNORECASE,
)
_HAS_NONCE = re.compile(r"\bnonce\s*=", re.IGNORECASE)


def nonce_of(request: HttpRequest | None) -> str | None:
    """The nonce of the response to a request, or None where no middleware provides one.

    ``django.middleware.csp`` and ``csp.middleware`` (django-csp) put it into their header only if somebody has asked
    for it, so ask only for what you put into a page.
    """
    for name in ("_csp_nonce", "csp_nonce"):  # the first is Django's, and django-csp's once somebody has asked
        nonce = getattr(request, name, None)
        if nonce is not None and str(nonce):
            return str(nonce)
    return None


def nonce_for_tag(request: HttpRequest | None) -> str | None:
    """The same for what a template tag renders: none where a ``{% cache %}`` block would keep it for other pages."""
    return None if fragment_cache.is_being_filled() else nonce_of(request)


def with_nonce(page: str, nonce: str | None) -> str:
    """A page in which each script, style and style sheet that has no nonce has got this one."""
    if nonce is None:
        return page
    attribute = f' nonce="{escape(nonce)}"'

    def add(match: re.Match[str]) -> str:
        attributes = match["attributes"] if match["name"] else match["of_link"]
        if attributes is None or _HAS_NONCE.search(attributes) or (match["of_link"] and "stylesheet" not in attributes):
            return match[0]
        end = match.start("attributes" if match["name"] else "of_link") - match.start()
        return match[0][:end] + attribute + match[0][end:]

    return _ELEMENTS.sub(add, page)
