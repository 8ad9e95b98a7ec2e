"""An app in somebody's page without a frame: the element at which our script mounts it.

The element says where the app is, and nothing else. Attributes like it may stand in text that users of a site have
written, so our script takes no file from it: it asks the app's own URL which ones it needs. And nothing in it belongs
to a visitor, except for what the page hands over: that stands in the address, which is refused to anybody else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import context, embedding, own_files, prefix
from .backend import direct_files
from .page_parts import Attributes, PageParts

if TYPE_CHECKING:
    from .lookup import Found


def element(found: Found, *, url: str, request: HttpRequest | None, parts: PageParts) -> SafeString:
    """The mount element, with the style sheets that the page does not have yet and our script.

    Args:
        url: where the app answers, with a slash at its end; with what the page hands over, if it does.
        request: of the page.
        parts: what other tags of the page have rendered.

    Raises:
        Exception: whatever the app's set-up raises, if this is its first use in this process.
    """
    return format_html(
        '{}<div class="{}" data-django-plotly-dash="{}"></div>{}',
        parts.styles(_styles(found, url, request)),
        embedding.css_classes(found, template_type="direct"),
        json.dumps({"url": url}, separators=(",", ":")),
        parts.script(own_files.DIRECT, request),
    )


def _styles(found: Found, url: str, request: HttpRequest | None) -> list[Attributes]:
    """Those that the app needs, as if it answered a request at ``url``; the page's own request is another's."""
    visit = context.RequestContext(
        request=request if request is not None else HttpRequest(),
        app=found.app,
        prefix=url,
        files_prefix=prefix.url_of(found.slug, instance=found.instance is not None, request=request),
        path="",
        instance=found.instance,
    )
    with context.opened(visit), found.app.speaking():
        found.app.backend.set_up()
        return direct_files.styles(found.app)
