"""Files that the browser loads: bundles of component libraries, and an app's assets."""

from __future__ import annotations

import mimetypes
import os
import re
import sys
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from dash import _validate
from dash.exceptions import DependencyException
from dash.fingerprint import check_fingerprint
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpResponse, HttpResponseBase
from django.utils._os import safe_join
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from .. import context
from ..conf import app_settings
from ..exceptions import RequestError

if TYPE_CHECKING:
    from dash import Dash

YEAR_IN_SECONDS = 365 * 24 * 60 * 60
# In a module, not in a function: made there, or imported from another module.
_LISTS_OF_BUNDLES = re.compile(rb"^(?:from\b.*\b)?_(?:js|css)_dist\b", re.MULTILINE)


def bundle(app: Dash, package: str, path: str) -> HttpResponseBase:
    """A file of a component library: one that ``app`` has registered, or one that another process may have.

    Raises:
        RequestError: 404, there is no such file.
    """
    path, fingerprinted = check_fingerprint(path)
    try:
        _validate.validate_js_path(app.registered_paths, package, path)
        full: str | None = os.path.join(os.path.dirname(sys.modules[package].__file__ or ""), path)
    except (DependencyException, KeyError):
        full = _installed(package, path)
    if full is None:
        raise RequestError("There is no such file in a component library of this app.", 404)
    return _file(full, immutable=fingerprinted)


def _installed(package: str, path: str) -> str | None:
    """A file for the browser of an installed component library, whether or not this process has imported it.

    A callback or a layout function may import a library late, in one process only; the files are asked for anywhere.
    Nothing is imported here. A component library is known by the ``metadata.json`` that Dash's generator of components
    leaves beside the bundles, or by the lists of bundles that its ``__init__.py`` has for Dash.
    """
    try:
        spec = find_spec(package) if package.isidentifier() else None
        folders = list(spec.submodule_search_locations or ()) if spec else []  # a module that is no package has none
        full = safe_join(folders[0], path) if folders else ""
    except (ImportError, ValueError, SuspiciousFileOperation):
        return None
    if not full.endswith((".js", ".css", ".js.map", ".css.map")):
        return None
    has_metadata = os.path.isfile(os.path.join(os.path.dirname(full), "metadata.json"))
    return full if has_metadata or (spec and _lists_bundles(spec.origin or "")) else None


@lru_cache(maxsize=256)
def _lists_bundles(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return _LISTS_OF_BUNDLES.search(file.read()) is not None
    except OSError:
        return False


def asset(folder: str, path: str) -> HttpResponseBase:
    """A file of an assets folder; cached for good if the URL carries the file's time, as Dash's links do.

    Raises:
        RequestError: 404, there is no such file in the folder.
    """
    try:
        full = safe_join(folder, path)
        modified = os.path.getmtime(full)
    except (SuspiciousFileOperation, OSError, ValueError):
        raise RequestError("There is no such asset.", 404) from None
    return _file(full, immutable=context.require().request.GET.get("m") == str(modified))


def _file(path: str, *, immutable: bool) -> HttpResponseBase:
    try:
        with open(path, "rb") as file:
            content = file.read()
            status = os.fstat(file.fileno())
    except (OSError, ValueError):
        raise RequestError("There is no such file.", 404) from None
    kind, encoding = mimetypes.guess_type(path)
    response = HttpResponse(content, content_type=kind or "application/octet-stream")
    if encoding:
        response.headers["Content-Encoding"] = encoding
    if immutable:
        # Behind a decorator that lets some people in, a file is not for caches that serve everybody.
        whose = "private" if app_settings().view_decorator else "public"
        response.headers["Cache-Control"] = f"{whose}, max-age={YEAR_IN_SECONDS}, immutable"
        return response
    response.headers["Cache-Control"] = "no-cache"
    etag = quote_etag(f"{status.st_mtime_ns:x}-{status.st_size:x}")
    response.headers["ETag"] = etag
    return get_conditional_response(context.require().request, etag=etag, response=response) or response
