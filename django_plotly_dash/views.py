"""One view, in two colours: it finds the app, opens a visit, and lets the app's backend answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from . import lookup, own_files, prefix
from .addresses import audience
from .backend import component_files, error_page
from .exceptions import AppNotFoundError, RequestError
from .handed_over import HandedOver, opened
from .registry import registry
from .session_state import SessionState
from .visits import Visit

Find = Callable[[str], lookup.Found]


def serve(request: HttpRequest, find: Find, ident: str, path: str, token: str = "") -> HttpResponseBase:
    """Answer a request to an app, in a thread.

    Args:
        find: ``lookup.app`` or ``lookup.instance``.
        ident: the app's name or the instance's slug, from the URL.
        path: what follows the app's prefix.
        token: what stands in the URL for values that a page has handed over.

    Raises:
        Http404: there is no such app or instance.
    """
    found = _find(find, ident)
    try:
        handed = _handed(request, found, token)
        with Visit(request, found, prefix.of_request(request.path, path), path, handed, token) as visit:
            return _private(found.app.backend.answer(visit), token)
    except Exception as error:  # whatever the app's functions raise is logged and answered
        return _private(found.app.backend.answer_error(error, request), token)


def add_to_session(request: HttpRequest, template_name: str = "index.html", **context: Any) -> HttpResponse:
    """A page that counts in the visitor's session how often it was opened, where callbacks find it as
    ``session_state["add_counter"]``. It shows how views and callbacks share the session.

    Args:
        template_name: the page's template.
        context: what the template is rendered with.
    """
    state = SessionState(request)
    state.values["add_counter"] = state.values.get("add_counter", 0) + 1
    state.save()
    return render(request, template_name, context)


async def serve_async(request: HttpRequest, find: Find, ident: str, path: str, token: str = "") -> HttpResponseBase:
    """Answer a request to an app, on an event loop. Arguments and errors are those of ``serve``."""
    known = find is lookup.app and ident in registry
    found = _find(find, ident) if known else await sync_to_async(_find)(find, ident)
    try:
        # Whose a token is may be known by the user, who is in the database.
        handed = await sync_to_async(_handed)(request, found, token) if token else None
        async with Visit(request, found, prefix.of_request(request.path, path), path, handed, token) as visit:
            return _private(await found.app.backend.answer_async(visit), token)
    except Exception as error:  # whatever the app's functions raise is logged and answered
        return _private(await sync_to_async(found.app.backend.answer_error)(error, request), token)


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


def script(request: HttpRequest, resource: str, **of_mount: str) -> HttpResponseBase:
    """A script of this package.

    Args:
        resource: its name, with a hash.
        of_mount: as for ``bundle``.
    """
    return own_files.response(resource)


async def script_async(request: HttpRequest, resource: str, **of_mount: str) -> HttpResponseBase:
    """The same from an event loop; the scripts are in memory."""
    return own_files.response(resource)


def _handed(request: HttpRequest, found: lookup.Found, token: str) -> HandedOver | None:
    return opened(token, audience(found.slug, found.instance is not None), request) if token else None


def _private(response: HttpResponseBase, token: str) -> HttpResponseBase:
    """Answers to an address with values in it are for one visitor, and the address is not for other sites."""
    if token:
        if response.status_code in (400, 410):  # they may have the values again, with the next login for instance
            response.headers["Cache-Control"] = "no-store"
        elif not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = "private"
        response.headers["Referrer-Policy"] = "same-origin"
    return response


def _find(find: Find, ident: str) -> lookup.Found:
    try:
        return find(ident)
    except AppNotFoundError as error:
        # Names of other apps are for developers; a site's own 404 page may print the exception.
        raise (Http404(str(error)) if settings.DEBUG else Http404()) from None
