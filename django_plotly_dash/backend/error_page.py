"""What the browser gets when a callback or a layout function raises."""

from __future__ import annotations

import logging
import traceback
from types import CodeType, TracebackType
from typing import Any

from dash._callback import _async_invoke_callback, _invoke_callback
from django.core.signals import got_request_exception
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.utils.log import log_response
from django.views.debug import get_exception_reporter_class

from ..exceptions import BrokenStateError
from ..injection import inject_callback, inject_layout
from ..json_values import returning_plain
from .response import error_response
from .websocket import call_of

logger = logging.getLogger("django_plotly_dash")

# Dash shows the page in a popup 530 pixels wide, where what failed and where has to be seen without scrolling, and
# fits the popup's height when the page is resized. A failed layout's page stands in the app's, and no script runs.
_POPUP_HEAD = """<style>
  #summary table, #requestinfo, #explanation, div.pastebin { display: none; }
  body > header, body > main > * { padding: 8px 10px; }
  h1 { font-size: 1rem; overflow-wrap: anywhere; }
  h2, pre.exception_value { font-size: 0.9rem; }
  #traceback, ul.traceback li.frame { font-size: 0.8rem; overflow-wrap: break-word; }
  div.context ol, table.vars { margin: 0; padding: 0; }
  div.commands, summary.commands { margin-left: 0; }
</style>
<script>addEventListener("toggle", () => dispatchEvent(new Event("resize")), true);</script>"""
_BROKEN_STATE_REASON = (
    "The saved state of this instance cannot be read. An administrator of this site has to correct it."
)
_BROKEN_STATE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Saved state cannot be read</title>
<style>
  :root {{ color-scheme: light dark; font: 1em/1.5 system-ui, sans-serif; }}
  body {{ max-width: 40em; margin: 3em auto; padding: 0 1em; }}
  h1 {{ font-size: 1.3em; }}
</style>
</head>
<body>
<h1>This saved instance cannot be shown</h1>
<p>{_BROKEN_STATE_REASON}</p>
<p>Nothing of it was changed, and nothing will be until then.</p>
</body>
</html>
"""
_REFUSAL = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>This cannot be shown</title>
  <style>
    body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 42rem; padding: 0 1rem;
      overflow-wrap: anywhere; }
    h1 { font-size: 1.15rem; }
  </style>
</head>
<body>
  <h1>This cannot be shown</h1>
  <p>REASON</p>
</body>
</html>
"""
_INVOKERS = frozenset({_invoke_callback.__code__, _async_invoke_callback.__code__})


def _inner_codes() -> frozenset[CodeType]:
    functions = (inject_callback.__code__, inject_layout.__code__, returning_plain.__code__)
    return frozenset(c for code in functions for c in code.co_consts if isinstance(c, CodeType))


_WRAPPERS = _inner_codes()


def answer(error: Exception, request: HttpRequest, *, debug: bool, prune: bool) -> HttpResponse:
    """Log the error, undo the request's transactions, tell Django's listeners, and answer with status 500.

    Args:
        debug: show the traceback, which Dash's renderer puts into its error popup.
        prune: leave out the frames that are not the user's.
    """
    path = request.path.encode("unicode_escape").decode()  # whoever asks could put lines of a log into it
    logger.error("Error in a Dash app: %s", path, exc_info=error, extra={"request": request, "status_code": 500})
    _roll_back()
    got_request_exception.send(sender=type(error), request=request)
    if debug and call_of(request) is not None:
        response = error_response(traceback_text(error, prune=prune), 500)
    elif debug:
        response = HttpResponse(traceback_page(error, request, prune=prune), status=500)
    else:
        response = error_response("The server could not answer.", 500)
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def refuse(reason: str, status: int, request: HttpRequest) -> HttpResponse:
    """Answer a request that should not have been sent, with one line in Django's request log."""
    is_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    response = _page(reason, status) if is_page else error_response(reason, status)
    log_response("%s: %s", reason, request.path, response=response, request=request)
    return response


def _page(reason: str, status: int) -> HttpResponse:
    response = HttpResponse(_REFUSAL.replace("REASON", escape(reason)), status=status)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"  # it stands in the frame where the app would
    return response


def broken_state(error: BrokenStateError, request: HttpRequest) -> HttpResponse:
    """Answer a request to an instance whose state cannot be read, with status 500. What is wrong is for the log."""
    logger.error("%s", error, extra={"request": request, "status_code": 500})
    if "text/html" in request.headers.get("Accept", "") and request.method == "GET":
        response = HttpResponse(_BROKEN_STATE, status=500)
        response.headers["X-Frame-Options"] = "SAMEORIGIN"  # as the page that would be there
    else:
        response = error_response(_BROKEN_STATE_REASON, 500)
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def traceback_page(error: Exception, request: HttpRequest, *, prune: bool) -> str:
    """Django's page for an error, with source lines and variables, laid out for Dash's popup."""
    trace = user_traceback(error) if prune else error.__traceback__
    reporter: Any = get_exception_reporter_class(request)
    page: str = reporter(request, type(error), error, trace, is_email=False).get_traceback_html()
    return page.replace("</head>", f"{_POPUP_HEAD}</head>", 1)


def traceback_text(error: Exception, *, prune: bool) -> str:
    """The error and where it was raised, for a popup that shows text."""
    trace = user_traceback(error) if prune else error.__traceback__
    return "".join([*traceback.format_exception_only(type(error), error), "\n", *traceback.format_tb(trace)]).strip()


def user_traceback(error: BaseException) -> TracebackType | None:
    """The traceback from the user's function on; the whole of it if the error came from elsewhere."""
    trace, found = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code in _INVOKERS | _WRAPPERS:
            found = trace.tb_next
        trace = trace.tb_next
    return found or error.__traceback__


def _roll_back() -> None:
    """The error does not reach Django's handler, which would have undone the request's transactions."""
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict["ATOMIC_REQUESTS"] and connection.in_atomic_block:
            connection.set_rollback(True)
