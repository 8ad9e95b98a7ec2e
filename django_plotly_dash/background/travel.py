"""What of a request crosses to a worker, and in which form.

Arguments of the callback lie in the broker as the browser sent them. Who asked, at which address, which may hold what
a page has handed over, and the key of the session, which is worth as much as a login, are encrypted under a key derived
from ``SECRET_KEY``. Cookies and headers that can prove who somebody is stay behind.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from dash._utils import AttributeDict
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from .. import csrf, standalone
from ..context import RequestContext
from ..exceptions import ConfigurationError

KEY: Final = "django_plotly_dash"
REQUEST_KEY: Final = "django_plotly_dash_request"
_NOTHING_SEEN: Final[Mapping[str, Any]] = {
    "args": {},
    "path": "",
    "cookies": {},
    "headers": {},
    "remote": None,
    "origin": None,
}
_SALT: Final = "django_plotly_dash.background"
_DASHS_OWN: Final = frozenset({"endId", "cacheKey", "job", "oldJob", "cancelJob"})
_SECRET: Final = re.compile(
    "session|cookie|csrf|xsrf|auth|token|jwt|saml|oidc|secret|passw|credential|key|signature|cert|sso", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Facts:
    """A request, as far as a callback can be given it again.

    Attributes:
        app: slug of the app.
        app_elsewhere: other names of it, for a worker that has imported what is run as a script here.
        callback: id of the callback.
        job: names this run of it.
        prefix: URL path at which the app answered.
        files_prefix: the same without what a page has handed over, or empty if that is nothing.
        instance: slug of the saved instance, or None.
        user: primary key as text, or None for a visitor without a login.
        session: key of the session, or None if there is none or the callback has no use for it.
        language: language code, or None where translations are off.
        timezone: name of the time zone, or its distance from UTC in seconds.
        params: what the page has handed over, or None if there is nothing or the callback has no use for it.
        sees_user: the callback may see who has asked. Where its result is kept for others, it must not.
    """

    app: str
    callback: str
    job: str
    prefix: str
    instance: str | None
    user: str | None
    session: str | None
    language: str | None
    timezone: str | int
    params: dict[str, Any] | None = None
    files_prefix: str = ""
    sees_user: bool = True
    app_elsewhere: list[str] = field(default_factory=list)


def facts_of(
    found: RequestContext, callback_id: str, job: str, wanted: tuple[str, ...], *, sees_user: bool = True
) -> Facts:
    """The facts of the request that is being answered.

    Args:
        wanted: extra arguments that the callback names.
        sees_user: as in ``Facts``.
    """
    return Facts(
        app=found.app.slug,
        callback=callback_id,
        job=job,
        prefix=found.prefix,
        instance=found.instance.slug if found.instance is not None else None,
        user=user_key(found.request),
        session=lasting_session_key(found.request) if "session_state" in wanted else None,
        language=translation.get_language(),
        timezone=timezone_name(),
        params=params_of(found) if "params" in wanted else None,
        files_prefix=found.files_prefix,
        sees_user=sees_user,
        app_elsewhere=standalone.names_elsewhere(found.app.app_name),
    )


def params_of(found: RequestContext) -> dict[str, Any] | None:
    """What the page that the request belongs to has handed over; None if there is nothing."""
    return found.handed.params.copy() or None if found.handed is not None else None


def user_key(request: HttpRequest) -> str | None:
    """The user's primary key as text; None for a visitor without a login."""
    user: Any = getattr(request, "user", None)
    if getattr(user, "pk", None) is None:
        return None
    return str(user._meta.pk.value_to_string(user)) if hasattr(user, "_meta") else str(user.pk)


def timezone_of(name: str | int) -> tzinfo:
    """The time zone of ``Facts.timezone``."""
    return ZoneInfo(name) if isinstance(name, str) else timezone.get_fixed_timezone(name // 60)


def crossing(values: Mapping[str, Any], facts: Facts, *, sees_request: bool = True) -> AttributeDict:
    """Dash's context of a callback as it goes to the worker: without credentials, with the sealed facts.

    Args:
        values: Dash's context.
        facts: what the worker makes the request's surroundings of.
        sees_request: ``dash.ctx`` has what ``seen_of_request`` gives there. It is sealed too.
    """
    kept = {
        **values,
        **dict.fromkeys(_NOTHING_SEEN),
        "updated_props": {},
        KEY: seal(facts),
        REQUEST_KEY: _sealed(seen_of_request(values) if sees_request else {**_NOTHING_SEEN}),
    }
    return AttributeDict(kept)


def seen_of_request(values: Mapping[str, Any]) -> dict[str, Any]:
    """Cookies, headers, addresses and query of the request, as far as ``dash.ctx`` may have them in a worker.

    Args:
        values: Dash's context.
    """
    cookies = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, csrf.cookie_name()}
    return {
        "args": {name: value for name, value in _plain(values.get("args")).items() if name not in _DASHS_OWN},
        "path": str(values.get("path") or "").partition("?")[0],
        "cookies": _harmless(values.get("cookies") or {}, cookies),
        "headers": _harmless(values.get("headers") or {}, {csrf.header_name()}),
        "remote": values.get("remote"),
        "origin": values.get("origin"),
    }


def seal(facts: Facts) -> str:
    """The facts, readable and changeable only by whoever has ``SECRET_KEY``."""
    return _sealed(asdict(facts))


def unseal(text: str) -> Facts:
    """The facts of a sealed text.

    Raises:
        ConfigurationError: the worker has another ``SECRET_KEY``.
    """
    return Facts(**unsealed(text))


def _sealed(values: dict[str, Any]) -> str:
    text: str = _fernet().encrypt(json.dumps(values).encode()).decode()
    return text


def unsealed(text: str) -> dict[str, Any]:
    """The values of a sealed text. Errors are those of ``unseal``."""
    from cryptography.fernet import InvalidToken

    try:
        values: dict[str, Any] = json.loads(_fernet().decrypt(text))
        return values
    except InvalidToken:
        raise ConfigurationError(
            "A background callback came with facts that cannot be read here. The worker and the web server need "
            "the same settings.SECRET_KEY, or the other's among SECRET_KEY_FALLBACKS."
        ) from None


def _fernet() -> Any:
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ImportError as error:
        raise ConfigurationError(
            'Background callbacks need the package cryptography: pip install "django_plotly_dash[celery]", '
            "or [diskcache]."
        ) from error
    return MultiFernet([Fernet(_derived(key)) for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]])


def _derived(secret: str | bytes) -> bytes:
    return base64.urlsafe_b64encode(salted_hmac(_SALT, "facts", secret=secret, algorithm="sha256").digest())


def _harmless(values: Mapping[str, Any], named: set[str]) -> dict[str, Any]:
    names = {name.lower() for name in named}
    return {name: value for name, value in values.items() if not (name.lower() in names or _SECRET.search(name))}


def _plain(args: Any) -> dict[str, Any]:
    values: dict[str, Any] = args.dict() if hasattr(args, "dict") else dict(args or {})
    return values


def lasting_session_key(request: HttpRequest) -> str | None:
    """The key of the session; a visitor who has none gets one, since the worker has no way to hand one out."""
    session = getattr(request, "session", None)
    if session is not None and session.session_key is None:
        session.save()
        session.modified = True
    return getattr(session, "session_key", None)


def timezone_name() -> str | int:
    """Name of the active time zone, or its distance from UTC in seconds if it has none."""
    current = timezone.get_current_timezone()
    key = getattr(current, "key", None)
    if isinstance(key, str):
        return key
    offset = current.utcoffset(None)
    return int(offset.total_seconds()) if offset is not None else timezone.get_default_timezone_name()
