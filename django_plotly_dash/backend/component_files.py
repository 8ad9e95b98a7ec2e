"""Files that the browser loads: bundles of component libraries, and an app's assets."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dash.fingerprint import check_fingerprint
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils._os import safe_join
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from .. import component_libraries, context
from ..conf import app_settings
from ..exceptions import RequestError
from ..registry import registry
from ..static_files import is_asset

if TYPE_CHECKING:
    from dash import Dash

YEAR_IN_SECONDS = 365 * 24 * 60 * 60
# In a module, not in a function: made there, or imported from another module.


def bundle(app: Dash, package: str, path: str) -> HttpResponseBase:
    """A file of a component library: one that ``app`` has registered, or that any other app may have.

    Raises:
        RequestError: 404, there is no such file.
    """
    return _bundle(context.require().request, package, path, [app])


def shared_bundle(request: HttpRequest, package: str, path: str) -> HttpResponseBase:
    """The same for all apps of the site, outside of a visit to one.

    Raises:
        RequestError: 404, there is no such file.
    """
    return _bundle(request, package, path, registry)


def _bundle(request: HttpRequest, package: str, path: str, apps: Iterable[Dash]) -> HttpResponseBase:
    path, fingerprinted = check_fingerprint(path)
    full = component_libraries.locate(package, path)
    if full is None and any(_has_registered(app, package, path) for app in apps):
        full = component_libraries.locate(package, path, [path])
    if full is None:
        raise RequestError("There is no such file in a component library of this site.", 404)
    return _file(request, full, immutable=fingerprinted)


def _has_registered(app: Dash, package: str, path: str) -> bool:
    # An app that has not been asked for its page yet, in this process, has registered nothing.
    return path in app.registered_paths.get(package, ()) or path in component_libraries.appended(app, package)


def asset(folder: str, path: str) -> HttpResponseBase:
    """A file of an assets folder; cached for good if the URL carries the file's time, as Dash's links do.

    Raises:
        RequestError: 404, there is no such file in the folder, or it is hidden or a Python file.
    """
    try:
        full = safe_join(folder, path)
        if not is_asset(os.path.relpath(full, folder)):
            raise RequestError("There is no such asset.", 404)
        modified = os.path.getmtime(full)
    except (SuspiciousFileOperation, OSError, ValueError):
        raise RequestError("There is no such asset.", 404) from None
    request = context.require().request
    return _file(request, full, immutable=request.GET.get("m") == str(modified))


def _file(request: HttpRequest, path: str, *, immutable: bool) -> HttpResponseBase:
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
    return get_conditional_response(request, etag=etag, response=response) or response
