"""Whose a request is, as far as values may be kept from anybody else: a login, or else a browser.

Who is logged in is known by the user's key, wherever and whenever. An anonymous visitor often has no session, and a GET
is not to make one; what a browser does have is its CSRF secret, which Django sends with every page that has a form or
an app. The secret changes at a login, and a page from before the login may still be open: a digest of the old secret
is kept in the session, which a login writes anyhow.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from . import csrf
from .exceptions import ConfigurationError

_BEFORE_LOGIN: Final = "_django_plotly_dash_before_login"
_REMEMBERED: Final = 3


def mark_of(request: HttpRequest) -> str:
    """A text that stands for the visitor; the same in all of their requests, and not to be guessed.

    The page that is being rendered will set the CSRF cookie, if it takes that to know the browser again.

    Raises:
        ConfigurationError: there is nothing to know the visitor by.
    """
    user = _user_mark(request)
    if user:
        return user
    if csrf.is_on():
        csrf.send_cookie(request)
        return _browser_mark(csrf.secret(request))
    session = getattr(request, "session", None)
    if session is not None and session.session_key:
        return _digest("session", session.session_key)
    raise ConfigurationError(
        "Values for this visitor alone cannot be put into a URL: there is no login, no session, and no CSRF middleware "
        "whose cookie would tell one browser from another. Add 'django.middleware.csrf.CsrfViewMiddleware' to "
        "settings.MIDDLEWARE, or say share=True if anybody may have the values."
    )


def marks_of(request: HttpRequest) -> list[str]:
    """All texts that stand for the visitor of this request, those from before a login included."""
    session = getattr(request, "session", None)
    key = getattr(session, "session_key", None)
    marks = [
        _user_mark(request),
        _browser_mark(csrf.secret(request)),
        _digest("session", key) if key and not csrf.is_on() else "",
        *(session.get(_BEFORE_LOGIN, ()) if session is not None else ()),
    ]
    return [mark for mark in marks if mark]


def _user_mark(request: HttpRequest) -> str:
    user: Any = getattr(request, "user", None)
    return _digest("user", str(user.pk)) if getattr(user, "is_authenticated", False) else ""


def _browser_mark(secret: str | None) -> str:
    return _digest("browser", secret) if secret else ""


def _digest(kind: str, text: str) -> str:
    return sha256(f"django_plotly_dash {kind} {text}".encode()).hexdigest()


def _remember(sender: object, request: HttpRequest | None = None, **_: Any) -> None:
    """At a login: keep what stood for the browser until now."""
    session = getattr(request, "session", None)
    if request is None or session is None:
        return
    mark = _browser_mark(csrf.secret_of_cookie(request.COOKIES.get(settings.CSRF_COOKIE_NAME)))
    before = session.get(_BEFORE_LOGIN, [])
    if mark and mark not in before:
        session[_BEFORE_LOGIN] = [*before, mark][-_REMEMBERED:]


user_logged_in.connect(_remember, dispatch_uid="django_plotly_dash.visitors")
