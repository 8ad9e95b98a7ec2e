"""What the tags of one page render besides their apps: links to style sheets, and scripts of this package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from . import own_files

if TYPE_CHECKING:
    from django.http import HttpRequest

Attributes = dict[str, str]

# Where the middleware is to move them, if the page says so.
HEADER = SafeString("<!-- django-plotly-dash: styles -->")
FOOTER = SafeString("<!-- django-plotly-dash: scripts -->")
_PART = "data-django-plotly-dash-part"
_STYLE = re.compile(rf"<link [^>]*{_PART}[^>]*>")
_SCRIPT = re.compile(rf"<script [^>]*{_PART}[^>]*></script>")


class PageParts:
    """Those of one page, in order. It belongs to one rendering of one template, never to a tag.

    Attributes:
        has_scripts: the page has our scripts already, so that no tag needs to bring them.
    """

    def __init__(self) -> None:
        self.has_scripts = False
        self._links: set[str] = set()

    def styles(self, links: list[Attributes]) -> SafeString:
        """Links to those style sheets that the page does not have yet."""
        new = [{"rel": "stylesheet", **link, _PART: ""} for link in links if link["href"] not in self._links]
        self._links.update(link["href"] for link in new)
        return format_html_join("", "<link{}>", ((attributes(link),) for link in new))

    def script(self, name: str, request: HttpRequest | None) -> SafeString:
        """A script of ours, with each tag that needs it: any of them may be kept in a cache, and put into a page that
        has no other. Browsers load it once, and it runs once."""
        return SafeString() if self.has_scripts else script(name, request)


def script(name: str, request: HttpRequest | None, nonce: str | None = None) -> SafeString:
    """A script of ours.

    Args:
        name: as for ``own_files.url``.
        request: of the page.
        nonce: for policies that name no hosts. Not for what may be kept in a cache.
    """
    url = own_files.url(name, request)
    values = {"src": url or "", "defer": "", _PART: "", **({"nonce": nonce} if nonce else {})}
    return format_html("<script{}></script>", attributes(values)) if url else SafeString()


def moved(page: str) -> str:
    """A page whose style sheets of ours stand where ``{% plotly_header %}`` was, and whose scripts of ours stand where
    ``{% plotly_footer %}`` was, each of them once. Where one of the tags is missing, its parts stay where they are.

    They are found in the page rather than noted while it is rendered, since a part of it may come from a cache.
    """
    for place, part in ((HEADER, _STYLE), (FOOTER, _SCRIPT)):
        if place in page:
            found = "".join(dict.fromkeys(part.findall(page)))
            page = part.sub("", page).replace(place, found, 1).replace(place, "")
    return page


def attributes(values: Attributes) -> SafeString:
    """Attributes of an element, each with a space before it."""
    return format_html_join("", ' {}="{}"', values.items())
