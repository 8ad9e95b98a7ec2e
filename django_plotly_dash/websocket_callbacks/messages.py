"""What Dash's renderer says over a websocket and what it is told, as text; and the close codes that only it knows."""

from __future__ import annotations

import json
import logging
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponseBase

from ..socket_limits import SERVER_ERROR
from .requests import WebsocketRequest, lost_cookies

logger = logging.getLogger("django_plotly_dash")
REFUSED: Final = 4001  # the only code of Dash's renderer for "do not try again"
CHANGED: Final = 4002  # somebody else by now: the browser opens another socket, with the cookies that it has now
# The renderer's own are shorter. They are kept for as long as a page is known.
_LONGEST_ID: Final = 64


def parsed(text: str | None) -> dict[str, Any] | None:
    """A message of Dash's renderer; None if it is none."""
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    kind = message.get("type")
    if kind == "heartbeat":
        return message
    ids = all(_is_id(message.get(name)) for name in ("rendererId", "requestId"))
    known = kind in ("callback_request", "get_props_response") and isinstance(message.get("payload"), dict)
    return message if ids and known else None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_ID


def refusal(response: HttpResponseBase) -> tuple[int, str]:
    """What it means that something before the app has answered: a close code and a reason."""
    status = response.status_code
    if 300 <= status < 400:
        return REFUSED, "A login is needed. Load the page again."
    if status in (401, 403):
        return REFUSED, "You may not call this app's callbacks."
    if status == 404:
        return REFUSED, "There is no such app at this address."
    if status >= 500 or status == 429:
        return SERVER_ERROR, f"The server could not answer ({status})."
    return REFUSED, f"The site has answered in the place of the app ({status})."


def payload(request: WebsocketRequest, response: HttpResponseBase) -> str:
    """What the renderer is told of a callback's response, as JSON."""
    lost = lost_cookies(request, response)
    if lost:
        logger.warning("A callback over a websocket cannot set cookies: %s are lost.", ", ".join(lost))
    if settings.SESSION_COOKIE_NAME in lost and response.status_code < 400:
        return failure("The callback has begun a session, which only an answer over HTTP can give to the browser.")
    if response.status_code == 204:
        return '{"status":"prevent_update"}'
    text = getattr(response, "content", b"").decode()
    if response.status_code == 200:
        return f'{{"status":"ok","data":{text}}}'
    try:
        return failure(str(json.loads(text)["error"]))
    except (ValueError, KeyError, TypeError):  # a page of the site's own
        return failure(f"The server has answered with status {response.status_code}.")


def failure(message: str) -> str:
    """The payload of a callback that has failed, as JSON."""
    return json.dumps({"status": "error", "message": message})


def error(renderer_id: str, message: str, code: int) -> str:
    """What a page is told before its socket is closed."""
    return json.dumps({"type": "error", "rendererId": renderer_id, "payload": {"message": message, "code": code}})
