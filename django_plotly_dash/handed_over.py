"""The token in a URL's ``initial/<token>/``: values that a page has handed to an app, signed or kept on the server.

Small values lie in the token. Of larger ones the token has the key under which Django's cache or the visitor's session
keeps them. The signature holds for one app or instance, and for one visitor unless the values are shared. It has no
date: a page that is opened again much later shows what it showed before.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from hashlib import sha256
from typing import Any, Final

from django.core.cache import caches
from django.core.signing import BadSignature, Signer, b64_decode, b64_encode
from django.http import HttpRequest

from . import session_state, visitors
from .conf import app_settings
from .exceptions import ConfigurationError, HandedOverError, RequestError
from .params import Params

SESSION_KEY: Final = "django_plotly_dash_initial"
_CACHE_PREFIX: Final = "django_plotly_dash.initial."
_ARGUMENTS, _PARAMS = "a", "p"
# A token's first letter: who may use it.
_OWN, _SHARED = "v", "s"
# What a session keeps, of all apps and pages; the oldest goes first.
_MOST_IN_SESSION: Final = 16
_MOST_TEXT_IN_SESSION: Final = 32 * 2**20
_FOREIGN: Final = (
    "This address was changed, or was made for another visitor. Open the page that it stands in, or reload that page."
)
_EXPIRED: Final = "What this page was opened with is not kept any more. Reload the page that it stands in."


def token_of(
    audience: str,
    request: HttpRequest | None,
    *,
    initial_arguments: str | None = None,
    params: str | None = None,
    share: bool = False,
) -> str:
    """A token that gives the values to whoever may have them.

    Args:
        audience: the app or instance that they are for.
        request: of the visitor that they are for; not needed if they are shared.
        initial_arguments: as JSON.
        params: as JSON.
        share: anybody who has the token may have the values.

    Raises:
        HandedOverError: there is no request, and the values are not shared.
        ConfigurationError: values that are too large for a URL cannot be kept as the settings say.
    """
    if request is None and not share:
        raise HandedOverError(
            "Values for an app are for one visitor, and there is no request that tells which. Give the request (in a "
            "template: render it with the request), or say share=True if anybody may have the values."
        )
    mark = "" if share or request is None else visitors.mark_of(request)
    signer, letter = _signer(audience, mark), _SHARED if share else _OWN
    limit = app_settings().initial_arguments_url_limit
    texts = {name: text for name, text in ((_ARGUMENTS, initial_arguments), (_PARAMS, params)) if text is not None}
    parts = dict(texts)
    while True:
        is_short = sum(map(len, parts.values())) <= 20 * limit  # more than that no compression makes short enough
        if is_short or not texts:
            body = "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"
            token = signer.sign(letter + b64_encode(zlib.compress(body.encode(), 9)).decode())
            if len(token) <= limit or not texts:
                return token
        longest = max(texts, key=lambda name: len(texts[name]))
        text = texts.pop(longest)
        del parts[longest]
        key = sha256(f"{audience} {mark} {longest} {text}".encode()).hexdigest()
        parts[longest.upper()] = json.dumps(_keep(key, text, None if share else request))


class HandedOver:
    """What came with a request in its token. What is kept on the server is fetched when it is asked for.

    Args:
        values: what the token holds.
        request: the request.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, request: HttpRequest | None = None) -> None:
        self._values = dict(values or {})
        self._request = request

    @property
    def has_arguments(self) -> bool:
        """Whether there are initial arguments."""
        return bool({_ARGUMENTS, _ARGUMENTS.upper()} & self._values.keys())

    @property
    def initial_arguments(self) -> dict[str, dict[str, Any]]:
        """Component id -> property -> value.

        Raises:
            RequestError: 410, they are not kept any more.
        """
        return self._value(_ARGUMENTS)

    @property
    def params(self) -> Params:
        """What functions of the app may name as ``params``. Errors are those of ``initial_arguments``."""
        return Params(self._value(_PARAMS))

    def laid_over(self, values: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
        """Other values of components with the initial arguments on top of them.

        Args:
            values: component id -> property -> value.
        """
        return _LaidOver(values, self) if self.has_arguments else values

    def require(self) -> None:
        """Make sure that whatever is kept on the server still is, without fetching it.

        Raises:
            RequestError: 410, it is not.
        """
        for name, key in self._values.items():
            if name.isupper() and not _is_kept(key, self._request):
                raise RequestError(_EXPIRED, 410)

    def _value(self, name: str) -> dict[str, Any]:
        if name.upper() in self._values:
            text = _fetch(self._values.pop(name.upper()), self._request)
            self._values[name] = json.loads(text)
        found: dict[str, Any] = self._values.get(name, {})
        return found


class _LaidOver(Mapping[str, Mapping[str, Any]]):
    """Put together when it is read, since a callback has no use for it and what is kept may be large."""

    def __init__(self, values: Mapping[str, Mapping[str, Any]], handed: HandedOver) -> None:
        self._given = values, handed

    @cached_property
    def _together(self) -> dict[str, Mapping[str, Any]]:
        values, handed = self._given
        upper = handed.initial_arguments
        return {**values, **{key: {**values.get(key, {}), **upper[key]} for key in upper}}

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        return self._together[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._together)

    def __len__(self) -> int:
        return len(self._together)


def opened(token: str, audience: str, request: HttpRequest) -> HandedOver:
    """What a token holds.

    Raises:
        RequestError: 400, it was changed, or is for another visitor, app or instance.
    """
    marks = [""] if token.startswith(_SHARED) else visitors.marks_of(request)
    for mark in marks:
        try:
            body = _signer(audience, mark).unsign(token)[1:]
        except BadSignature:
            continue
        return HandedOver(json.loads(zlib.decompress(b64_decode(body.encode()))), request)
    raise RequestError(_FOREIGN)


def _signer(audience: str, mark: str) -> Signer:
    return Signer(salt=f"django_plotly_dash.initial {audience} {mark}")


# --- what is too large for a URL --------------------------------------------------------------------------------


def _keep(key: str, text: str, request: HttpRequest | None) -> str:
    """Keep a text, and give the key that it is found under."""
    if app_settings().cache_arguments:
        cache, name = caches["default"], f"{_CACHE_PREFIX}{key}"
        cache.set(name, text, app_settings().cache_timeout_initial_arguments)
        if not cache.has_key(name):
            raise ConfigurationError(
                f"Values for an app are too large for a URL ({len(text)} characters), and the cache 'default' of "
                f"settings.CACHES ({type(cache).__name__}) does not keep them: it is no real cache, takes no value of "
                "that size, or PLOTLY_DASH['cache_timeout_initial_arguments'] is 0. Choose another cache, or set "
                "PLOTLY_DASH['cache_arguments'] = False to keep them in the session."
            )
        return f"c{key}"
    session: Any = getattr(request, "session", None)
    if session is None or type(session).__module__.endswith("signed_cookies"):
        reason = "they are shared" if request is None else "there is none" if session is None else "it is a cookie"
        raise ConfigurationError(
            f"Values for an app are too large for a URL ({len(text)} characters), and cannot be kept in the visitor's "
            f"session: {reason}. Set PLOTLY_DASH['cache_arguments'] = True to keep them in the cache."
        )
    if key not in list(_of_session(session))[-_MOST_IN_SESSION // 2 :]:
        # Pages that are made at once, and callbacks, write to the same session.
        session_state.change(session, SESSION_KEY, partial(_with, key, text))
    return f"s{key}"


def _with(key: str, text: str, stored: Any) -> dict[str, str]:
    """What a session keeps with one text more, which is the newest."""
    kept = _texts(stored)
    kept.pop(key, None)
    kept[key] = text
    while len(kept) > 1 and (len(kept) > _MOST_IN_SESSION or sum(map(len, kept.values())) > _MOST_TEXT_IN_SESSION):
        del kept[next(iter(kept))]
    return kept


def _fetch(key: str, request: HttpRequest | None) -> str:
    if key.startswith("c"):
        cache, name = caches["default"], f"{_CACHE_PREFIX}{key[1:]}"
        text = cache.get(name)
        # A page that is in use keeps what it was opened with.
        cache.touch(name, app_settings().cache_timeout_initial_arguments)
    else:
        text = _of_session(getattr(request, "session", None)).get(key[1:])
    if not isinstance(text, str):
        raise RequestError(_EXPIRED, 410)
    return text


def _is_kept(key: str, request: HttpRequest | None) -> bool:
    if key.startswith("c"):
        return caches["default"].has_key(f"{_CACHE_PREFIX}{key[1:]}")
    return key[1:] in _of_session(getattr(request, "session", None))


def _of_session(session: Any) -> dict[str, str]:
    return _texts(session.get(SESSION_KEY) if session is not None else None)


def _texts(found: Any) -> dict[str, str]:
    return {k: text for k, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}
