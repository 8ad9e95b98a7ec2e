"""The scripts of this package, served by it: a site need not collect static files for them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.http import Http404, HttpRequest, HttpResponse

from . import prefix

if TYPE_CHECKING:
    from django.http import HttpResponseBase

URL_NAME: Final = "own-script"
_FOLDER: Final = Path(__file__).parent / "static" / "django_plotly_dash"
_YEAR_IN_SECONDS: Final = 365 * 24 * 60 * 60


def url(name: str, request: HttpRequest | None) -> str:
    """The URL path of a script, in the mount that a request points at. It changes with the script.

    Args:
        name: of the file, such as ``pipes.js``.

    Raises:
        NoReverseMatch: ``django_plotly_dash.urls`` is not included in the URLconf.
    """
    return prefix.reverse_in_mount(URL_NAME, request, fingerprint=_content(name)[1], script=name)


def serve(request: HttpRequest, script: str, fingerprint: str) -> HttpResponseBase:
    """The view. A script of another release than the one that is asked for is not kept by caches."""
    try:
        content, current = _content(script)
    except OSError:
        raise Http404 from None
    response = HttpResponse(content, content_type="text/javascript; charset=utf-8")
    lasting = f"public, max-age={_YEAR_IN_SECONDS}, immutable"
    response.headers["Cache-Control"] = lasting if fingerprint == current else "no-cache"
    return response


@cache
def _content(name: str) -> tuple[bytes, str]:
    content = (_FOLDER / name).read_bytes()
    return content, sha256(content).hexdigest()[:16]
