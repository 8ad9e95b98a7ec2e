"""What an app's own page gets besides what Dash writes: a nonce for its scripts, and a script that tells its height."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.html import format_html

from .. import csp, own_files

if TYPE_CHECKING:
    from django.http import HttpRequest


def finished(page: str, request: HttpRequest) -> str:
    """The page of an app as it leaves.

    Args:
        page: as Dash, the app's own ``index_string`` and hooks have made it.
        request: the one that is answered.
    """
    url = own_files.url(own_files.IN_FRAME, request)
    if url is not None:
        script = format_html('<script src="{}" defer></script>', url)
        before, body, after = page.rpartition("</body>")
        page = before + script + body + after if body else page + script
    return csp.with_nonce(page, csp.nonce_of(request))
