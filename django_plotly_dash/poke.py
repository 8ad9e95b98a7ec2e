"""Messages for pipes by HTTP, from programs that are not of this site. Closed unless a setting opens it."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from . import csrf
from .conf import app_settings
from .exceptions import ConfigurationError, PipeError, RequestError, SerializationError
from .pipes import send_to_pipe_channel

logger = logging.getLogger("django_plotly_dash")


@csrf_exempt  # a token is required, which no browser sends by itself; without one, _authorise checks
def poke(request: HttpRequest) -> HttpResponseBase:
    """POST a JSON object with ``channel_name``, ``label`` and ``value``. Refusals are JSON: ``{"error": reason}``."""
    try:
        _check_door(request)
        channel_name, label, value = _message(request)
        refusal = _authorise(request, channel_name, label)
        if refusal is not None:
            return refusal
        send_to_pipe_channel(channel_name, label, value)
    except RequestError as error:
        response = JsonResponse({"error": error.reason}, status=error.status)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        if error.status == 405:
            response.headers["Allow"] = "POST"
        return response
    except SerializationError as error:
        return JsonResponse({"error": str(error)}, status=400)
    except (ConfigurationError, PipeError) as error:
        logger.error("A poke could not be sent: %s", error)
        return JsonResponse({"error": "The site cannot send messages to pipes now; its log says why."}, status=503)
    return JsonResponse({"sent": True})


def access_hook() -> Callable[..., Any] | None:
    """The function that ``PLOTLY_DASH["http_poke_access"]`` names.

    Raises:
        ConfigurationError: it cannot be imported, or cannot be called.
    """
    given = app_settings().http_poke_access
    try:
        found = import_string(given) if isinstance(given, str) else given
    except ImportError as error:
        raise ConfigurationError(
            f"settings.PLOTLY_DASH['http_poke_access'] is {given!r}, which cannot be imported: {error}. "
            "Give the dotted path of a function (request, channel_name, label) -> bool."
        ) from error
    if found is not None and not callable(found):
        raise ConfigurationError(f"settings.PLOTLY_DASH['http_poke_access'] is {given!r}, which cannot be called.")
    return found


def _check_door(request: HttpRequest) -> None:
    """All that can be known before the body is read."""
    if not app_settings().http_poke_enabled:
        raise RequestError("There is nothing here.", 404)
    if request.method != "POST":
        raise RequestError("Messages are posted.", 405)
    if not app_settings().http_poke_token and app_settings().http_poke_access is None:
        raise RequestError(
            "Poking is off. PLOTLY_DASH['http_poke_token'] or PLOTLY_DASH['http_poke_access'] lets somebody in.", 403
        )
    if app_settings().http_poke_access is None:
        _check_token(request)


def _check_token(request: HttpRequest) -> None:
    """
    Raises:
        RequestError: 401, there is no token, or another one.
    """
    scheme, given = _scheme_and_credentials(request)
    token = app_settings().http_poke_token
    if scheme != "bearer" or not token or not constant_time_compare(given, token):
        raise RequestError("Send the header Authorization: Bearer <http_poke_token>.", 401)


def _scheme_and_credentials(request: HttpRequest) -> tuple[str, str]:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower(), given.strip()


def _message(request: HttpRequest) -> tuple[str, str | None, Any]:
    try:
        content = json.loads(request.body)
    except RequestDataTooBig:
        raise RequestError("The message is larger than DATA_UPLOAD_MAX_MEMORY_SIZE.", 413) from None
    except (ValueError, RecursionError):
        raise RequestError("The body is not JSON.") from None
    if not isinstance(content, dict):
        raise RequestError("The body is not a JSON object.")
    channel_name, label = content.get("channel_name"), content.get("label")
    if not isinstance(channel_name, str) or not channel_name:
        raise RequestError("channel_name has to be a text that is not empty.")
    if label is not None and not isinstance(label, str):
        raise RequestError("label has to be a text, or null.")
    if "value" not in content:
        raise RequestError("There is no value.")
    return channel_name, label, content["value"]


def _authorise(request: HttpRequest, channel_name: str, label: str | None) -> HttpResponseBase | None:
    """Let a token pass, and else whom ``http_poke_access`` lets. The latter may go by a cookie, so CSRF is checked.

    Raises:
        RequestError: 401 for a wrong token, 403 for others.
    """
    if app_settings().http_poke_access is None:
        return None  # the token was checked before the body was read
    if app_settings().http_poke_token and _scheme_and_credentials(request)[0] == "bearer":
        _check_token(request)
        return None
    if csrf.refusal(request) is not None:
        raise RequestError("CSRF verification failed: send Django's CSRF token in a header.", 403)
    hook = access_hook()
    try:
        answer = hook(request, channel_name, label) if hook is not None else False
        if inspect.isawaitable(answer):
            answer = async_to_sync(_awaited)(answer)
    except Exception:  # whatever the site's function raises: nothing is open by mistake
        logger.exception("http_poke_access failed for the pipe channel %r: refused.", channel_name)
        answer = False
    if not answer:
        raise RequestError("http_poke_access does not allow this.", 403)
    return None


async def _awaited(answer: Any) -> Any:
    return await answer
