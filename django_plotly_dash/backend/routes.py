"""The object that Dash calls ``server``: a table of routes below the app's prefix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponseNotAllowed
from django.urls.resolvers import RoutePattern
from django.utils.crypto import salted_hmac

from ..exceptions import ConfigurationError, RequestError

View = Callable[..., Any]
# Werkzeug's names for converters, in which Dash and its hooks write rules, where they differ from Django's.
_WERKZEUG = re.compile(r"<(?:string|default):")


@dataclass(frozen=True, slots=True)
class Route:
    """A view and the methods that it answers; ``pattern`` is None for a rule without variables."""

    rule: str
    view: View
    methods: frozenset[str]
    pattern: RoutePattern | None


class Routes:
    """Routes of one app. Rules begin with a slash, which stands for the app's prefix."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.base = "/"
        self.fallback: View | None = None
        self._static: dict[str, list[Route]] = {}
        self._variable: list[Route] = []

    @property
    def secret_key(self) -> str:
        """What Dash signs handles of background callbacks with: one secret per app, the same in all processes."""
        salt = "django_plotly_dash.backend"
        return salted_hmac(salt, self.name, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()

    @secret_key.setter
    def secret_key(self, value: Any) -> NoReturn:
        raise ConfigurationError(
            f"Django signs with settings.SECRET_KEY; app.server (of {self.name}) takes no other key."
        )

    if not TYPE_CHECKING:  # where it would hide mistakes of our own

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("__"):  # what Python's own protocols ask for
                raise AttributeError(name)
            raise AttributeError(
                f"app.server of a DjangoDash app (of {self.name}) is no Flask app: it has no {name!r}. Take Django's: "
                "settings for config, urls.py or dash.hooks.route for route, app.run() for run, middleware for "
                "before_request and after_request, django.core.cache for caches, django.contrib.auth for logins."
            )

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """For those who serve ``app.server``, as Dash's documentation shows for Flask.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(
            f"app.server of a DjangoDash app (of {self.name}) is not a WSGI or ASGI application of its own. Include "
            "django_plotly_dash.urls in your URLconf and serve your Django project, or call app.run() in a lone script."
        )

    def add(self, rule: str, view: View, methods: Iterable[str] | None = None) -> None:
        """Add a rule, such as ``/_dash-layout`` or ``/item/<int:number>``.

        Raises:
            ConfigurationError: the rule has a converter that Django does not know.
        """
        rule = rule if rule.startswith("/") else f"/{rule}"
        allowed = frozenset(method.upper() for method in methods or ("GET",))
        if "<" not in rule:
            self._static.setdefault(rule, []).insert(0, Route(rule, view, allowed, None))
            return
        self._variable.append(Route(rule, view, allowed, _compiled(rule)))

    def match(self, local_path: str, method: str) -> tuple[View, dict[str, Any]] | HttpResponseNotAllowed:
        """The view for a path below the app's prefix, and its keyword arguments.

        Raises:
            RequestError: 404, nothing answers there.
        """
        path = self.base + local_path
        method = "GET" if method == "HEAD" else method
        allowed: set[str] = set()
        for route, kwargs in self._candidates(path):
            if method in route.methods:
                return route.view, kwargs
            allowed |= route.methods
        if allowed:
            return HttpResponseNotAllowed(sorted(allowed))
        if self.fallback is None or local_path.startswith("_dash-"):
            raise RequestError("Nothing answers at this path.", 404)
        return (self.fallback, {}) if method == "GET" else HttpResponseNotAllowed(["GET"])

    def _candidates(self, path: str) -> Iterable[tuple[Route, dict[str, Any]]]:
        for route in self._static.get(path, ()):
            yield route, {}
        for route in self._variable:
            match = route.pattern.match(path) if route.pattern else None
            if match:
                yield route, match[2]


def fits(rule: str, local_path: str) -> bool:
    """Whether a rule, with or without its first slash, answers at a path below the app's prefix."""
    if "<" not in rule:
        return rule.removeprefix("/") == local_path
    return _compiled(rule.removeprefix("/")).match(local_path) is not None


def is_page_or_file(rule: str) -> bool:
    """Whether a rule, with or without its first slash, lies where an app has its page or its files. Those may be open
    to people who may not call callbacks, so nothing that does so may answer there."""
    return rule.lstrip("/").startswith(("_dash-", "_dpd/", "assets/")) or not rule.strip("/")


@lru_cache(maxsize=1024)
def _compiled(rule: str) -> RoutePattern:
    try:
        pattern = RoutePattern(_WERKZEUG.sub("<str:", rule), is_endpoint=True)
        pattern.converters  # noqa: B018 - compiles it  # pragma: no branch
    except (ImproperlyConfigured, KeyError) as error:
        raise ConfigurationError(f"The route {rule!r} cannot be served by Django: {error}") from error
    return pattern
