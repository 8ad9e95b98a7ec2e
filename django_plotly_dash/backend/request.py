"""Django's request as Dash wants to see it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from dash.backends.base_server import RequestAdapter
from django.core.exceptions import RequestDataTooBig
from django.http import HttpHeaders, HttpRequest, QueryDict, RawPostDataException, UnreadablePostError

from .. import context
from ..exceptions import RequestError


class DjangoRequestAdapter(RequestAdapter):
    """Reads the request that is being answered, whichever that is at the moment of reading."""

    def __bool__(self) -> bool:
        return context.current() is not None

    @property
    def _request(self) -> HttpRequest:
        return context.require().request

    @property
    def context(self) -> SimpleNamespace:
        """Where Dash keeps what belongs to the request."""
        return context.require().scratch

    @property
    def root(self) -> str:
        """Scheme and host, with a slash behind."""
        return self._request.build_absolute_uri("/")

    @property
    def args(self) -> QueryDict:
        return self._request.GET

    def get_json(self) -> Any:
        """The parsed body.

        Raises:
            RequestError: 400 for a body that is not JSON, 413 for one that Django refuses to read.
        """
        try:
            return json.loads(self._request.body)
        except RequestDataTooBig:
            raise RequestError("The request is larger than DATA_UPLOAD_MAX_MEMORY_SIZE allows.", 413) from None
        except (RawPostDataException, UnreadablePostError):  # a form that a middleware has read; a lost connection
            raise RequestError("The body of the request cannot be read.") from None
        except (ValueError, RecursionError):
            raise RequestError("The body of the request is not JSON.") from None

    @property
    def has_body(self) -> bool:
        meta = self._request.META  # a body that is sent in chunks has no length
        return meta.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in meta

    @property
    def is_json(self) -> bool:
        return self._request.content_type == "application/json"

    @property
    def cookies(self) -> dict[str, str]:
        return self._request.COOKIES

    @property
    def headers(self) -> HttpHeaders:
        return self._request.headers

    @property
    def full_path(self) -> str:
        return self._request.get_full_path()

    @property
    def url(self) -> str:
        return self._request.build_absolute_uri()

    @property
    def remote_addr(self) -> str | None:
        return self._request.META.get("REMOTE_ADDR")

    @property
    def origin(self) -> str | None:
        return self._request.headers.get("Origin")

    @property
    def path(self) -> str:
        """The path below the app, which is what Dash's pages are looked up by."""
        return f"/{context.require().path}"
