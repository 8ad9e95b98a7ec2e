"""One view, in two colours: it finds the app, opens a visit, and lets the app's backend answer."""

from __future__ import annotations

from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase

from . import lookup, own_files, prefix
from .backend import component_files, error_page
from .exceptions import AppNotFoundError, RequestError
from .registry import registry
from .visits import Visit

Find = Callable[[str], lookup.Found]


def serve(request: HttpRequest, find: Find, ident: str, path: str) -> HttpResponseBase:
    """Answer a request to an app, in a thread.

    Args:
        find: ``lookup.app`` or ``lookup.instance``.
        ident: the app's name or the instance's slug, from the URL.
        path: what follows the app's prefix.

    Raises:
        Http404: there is no such app or instance.
    """
    found = _find(find, ident)
    try:
        with Visit(request, found, prefix.of_request(request.path, path), path) as visit:
            return found.app.backend.answer(visit)
    except Exception as error:  # whatever the app's functions raise is logged and answered
        return found.app.backend.answer_error(error, request)


async def serve_async(request: HttpRequest, find: Find, ident: str, path: str) -> HttpResponseBase:
    """Answer a request to an app, on an event loop. Arguments and errors are those of ``serve``."""
    known = find is lookup.app and ident in registry
    found = _find(find, ident) if known else await sync_to_async(_find)(find, ident)
    try:
        async with Visit(request, found, prefix.of_request(request.path, path), path) as visit:
            return await found.app.backend.answer_async(visit)
    except Exception as error:  # whatever the app's functions raise is logged and answered
        return await sync_to_async(found.app.backend.answer_error)(error, request)


def bundle(request: HttpRequest, component: str, resource: str, **of_mount: str) -> HttpResponseBase:
    """A file of a component library, for all apps.

    Args:
        component: name of the library's package.
        resource: path in the package, with or without a fingerprint.
        of_mount: what the pattern captures below which our URLs are included.
    """
    try:
        return component_files.shared_bundle(request, component, resource)
    except RequestError as error:
        return error_page.refuse(error.reason, error.status, request)


async def bundle_async(request: HttpRequest, component: str, resource: str, **of_mount: str) -> HttpResponseBase:
    """The same from an event loop, which does not wait for the disk."""
    return await sync_to_async(bundle)(request, component, resource)


def script(request: HttpRequest, resource: str) -> HttpResponseBase:
    """A script of this package.

    Args:
        resource: its name, with a hash.
    """
    return own_files.response(resource)


async def script_async(request: HttpRequest, resource: str) -> HttpResponseBase:
    """The same from an event loop; the scripts are in memory."""
    return own_files.response(resource)


def _find(find: Find, ident: str) -> lookup.Found:
    try:
        return find(ident)
    except AppNotFoundError as error:
        # Names of other apps are for developers; a site's own 404 page may print the exception.
        raise (Http404(str(error)) if settings.DEBUG else Http404()) from None
