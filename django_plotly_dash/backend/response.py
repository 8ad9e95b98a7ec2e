"""Responses: from whatever a route of Dash returns to Django's ``HttpResponse``."""

from __future__ import annotations

import json
from typing import Any

from dash.backends.base_server import ResponseAdapter
from django.http import HttpResponse, HttpResponseBase

from .. import context, prefix
from ..json_values import written

JSON_TYPE = "application/json"


def make_response(
    data: Any, mimetype: str | None = None, content_type: str | None = None, status: int | None = None
) -> HttpResponse:
    """A response with a text or bytes as body; marks of URL prefixes in a text are resolved."""
    if isinstance(data, str):
        data = prefix.resolve_marks(data)
    elif isinstance(data, bytearray):
        data = bytes(data)  # of anything else that can be iterated Django makes a text
    return HttpResponse(data or b"", content_type=content_type or mimetype or "text/html; charset=utf-8", status=status)


def json_response(value: Any, status: int = 200) -> HttpResponse:
    """A response with ``value`` as JSON, written as Dash writes it.

    Raises:
        SerializationError: something in it cannot be written; the message has its path.
    """
    found = context.current()
    where = f"What is answered at {found.path}" if found else ""
    return make_response(written(value, where), content_type=JSON_TYPE, status=status)


def error_response(reason: str, status: int) -> HttpResponse:
    """A short reason as JSON: ``{"error": reason}``."""
    return HttpResponse(json.dumps({"error": reason}), content_type=JSON_TYPE, status=status)


def coerce(value: Any) -> HttpResponseBase:
    """What views of Dash's hooks and plugins may return: a response, a text, a JSON value, or a tuple of one of
    them with a status and headers."""
    if isinstance(value, HttpResponseBase):
        return value
    if isinstance(value, tuple):
        body, *more = value
        response = coerce(body)
        for part in more:
            if isinstance(part, int):
                response.status_code = part
            else:
                for name, text in dict(part).items():
                    response.headers[name] = text
        return response
    if isinstance(value, (str, bytes, bytearray)):
        return make_response(value)
    return json_response(value)


class DjangoResponseAdapter(ResponseAdapter):
    """What ``dash.ctx.response`` is inside a callback."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._response = HttpResponse(content_type=JSON_TYPE)

    @property
    def callback_response(self) -> HttpResponse:
        return self._response

    def set_cookie(self, key: str, value: str = "", **kwargs: Any) -> None:
        """Set a cookie; arguments as for Django's ``HttpResponse.set_cookie``."""
        self._response.set_cookie(key, value, **kwargs)

    def append_header(self, key: str, value: str) -> None:
        """Add a value to a header, as one comma-separated line (RFC 9110, 5.3); cookies are added as cookies."""
        if key.lower() == "set-cookie":
            self._response.cookies.load(value)
        elif self._response.has_header(key):
            self._response.headers[key] = f"{self._response.headers[key]}, {value}"
        else:
            self._response.headers[key] = value

    def set_header(self, key: str, value: str) -> None:
        """Set a header, replacing what it had."""
        if key.lower() == "set-cookie":
            self._response.cookies.load(value)
        else:
            self._response.headers[key] = value

    def set_response(self, **kwargs: Any) -> HttpResponse:
        """Give the response its body.

        Args:
            data: the JSON text that Dash made.
            status: HTTP status code; 200 if not given.
        """
        self._response.content = prefix.resolve_marks(kwargs.get("data") or "")
        self._response.status_code = kwargs.get("status", 200)
        return self._response
