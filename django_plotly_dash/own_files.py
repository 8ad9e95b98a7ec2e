"""Scripts of this package that pages load: their URLs, and the responses that carry them.

Where bundles are among the site's static files, they are too. Elsewhere a URL of ours serves them, and has a hash of
their content, so that browsers keep them.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.urls import NoReverseMatch

from . import prefix, static_files
from .component_libraries import OWN_FOLDER, OWN_PACKAGE

if TYPE_CHECKING:
    from django.http import HttpRequest

FOLDER = Path(__file__).parent / OWN_FOLDER
DIRECT, DIRECT_SOCKETS, FRAMES, IN_FRAME, PIPES = ALL = ("direct", "direct_sockets", "frames", "in_frame", "pipes")
_YEAR_IN_SECONDS = 365 * 24 * 60 * 60


def url(name: str, request: HttpRequest | None) -> str | None:
    """URL of a script, or None if our URLs are nowhere included.

    Args:
        name: one of ``ALL``.
        request: of the page.
    """
    try:
        return require_url(name, request)
    except NoReverseMatch:
        return None


def require_url(name: str, request: HttpRequest | None) -> str:
    """The same for what cannot do without it.

    Raises:
        NoReverseMatch: our URLs are not in the URLconf, and the script is not among the static files.
    """
    static = static_files.bundle_url(OWN_PACKAGE, f"{OWN_FOLDER}/{name}.js")
    return static or prefix.of_script(f"{name}.{version(name)}.js", request)


@cache
def version(name: str) -> str:
    """A hash of a script's content."""
    return sha256(_content(name)).hexdigest()[:12]


@cache
def _content(name: str) -> bytes:
    return (FOLDER / f"{name}.js").read_bytes()


def response(resource: str) -> HttpResponse:
    """The script that a URL names.

    Args:
        resource: name, hash and extension. With the hash of another version, this process's is sent, and not kept.

    Raises:
        Http404: there is no such script.
    """
    name, _, rest = resource.partition(".")
    if name not in ALL or not rest.endswith("js"):
        raise Http404
    answer = HttpResponse(_content(name), content_type="text/javascript; charset=utf-8")
    same = rest == f"{version(name)}.js"
    answer.headers["Cache-Control"] = f"public, max-age={_YEAR_IN_SECONDS}, immutable" if same else "no-cache"
    return answer
