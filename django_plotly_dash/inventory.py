"""Which apps this site has, where they answer, and what is saved of them; rows for those that have none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.messages.constants import ERROR, INFO, SUCCESS, WARNING
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import DatabaseError, transaction
from django.db.models import Count
from django.urls import NoReverseMatch, get_resolver, get_script_prefix, reverse

from . import dash_globals
from .djangodash import DjangoDash
from .exceptions import AppNotFoundError
from .models import StatelessApp
from .prefix import URL_NAMESPACE
from .registry import registry, slug_of

# Parts of URL patterns that stand for nothing but themselves
_PLAIN = re.compile(r"[\w/.~-]*")


@dataclass(frozen=True)
class AppInfo:
    """What is known of an app.

    Args:
        module: the module that makes it; None if no module does, and only saved rows speak of it.
        urls: its page's URL path in each mount of our URLs; a pattern where the mount captures arguments.
        callbacks: how many it has.
        background: how many of these run in the background.
        instances: how many saved instances it has; None if the database cannot say.
    """

    name: str
    slug: str
    module: str | None
    urls: tuple[str, ...] = ()
    callbacks: int = 0
    background: int = 0
    instances: int | None = None


@dataclass(frozen=True)
class RowsMade:
    """What ``make_rows`` has done: names of apps that got a row, that could not get one and why, and names of rows
    whose app no module makes."""

    made: list[str]
    failed: dict[str, str]
    missing: list[str]

    def sentences(self) -> list[tuple[int, str]]:
        """For the person who asked: levels of ``django.contrib.messages``, and what to say."""
        said = [(ERROR, f"The app {name} got no row: {reason}") for name, reason in self.failed.items()]
        if self.missing:
            said.append((WARNING, f"No module of this site makes these apps: {', '.join(self.missing)}."))
        if self.made:
            return [(SUCCESS, f"Rows were made for these apps: {', '.join(self.made)}."), *said]
        return said if self.failed else [(INFO, "Every app of this site has a row."), *said]


def every_app() -> list[AppInfo]:
    """All apps of this process by name; behind them, those that only rows speak of. Works before ``migrate``."""
    if getattr(settings, "ROOT_URLCONF", None):
        list(get_resolver().url_patterns)  # importing them makes apps known
    counts = _instances()
    saved = {slug_of(name): (name, number) for name, number in (counts or {}).items()}
    for name, _ in saved.values():
        find(name)  # a loader may know it
    apps = sorted(registry, key=lambda app: app.slug)
    found = [of_app(app, None if counts is None else saved.get(app.slug, ("", 0))[1]) for app in apps]
    missing = [AppInfo(name, slug, None, instances=n) for slug, (name, n) in sorted(saved.items())]
    return found + [info for info in missing if info.name not in registry]


def of_app(app: DjangoDash, instances: int | None = None) -> AppInfo:
    """What is known of one app.

    Args:
        instances: how many saved instances it has, if that has been counted.
    """
    callbacks = {**app.callback_map, **dash_globals.entries_of(app)}
    background = sum(1 for entry in callbacks.values() if entry.get("background"))
    return AppInfo(app.app_name, app.slug, app.module, urls_of(app.slug), len(callbacks), background, instances)


def urls_of(slug: str) -> tuple[str, ...]:
    """URL paths of an app's page, one for each place where our URLs are included."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return ()
    return tuple(dict.fromkeys(_url(route, name, slug) for route, name in _mounts(get_resolver().url_patterns)))


def find(name: str) -> tuple[DjangoDash | None, str]:
    """The app of that name, or None and the reason why there is none."""
    try:
        return registry[name], ""
    except AppNotFoundError as error:
        return None, str(error)
    except Exception as error:  # the site's own loader, which may raise anything; the page that asks shows it
        return None, f"PLOTLY_DASH['stateless_loader'] fails for {name!r}: {type(error).__name__}: {error}"


def make_rows() -> RowsMade:
    """Give each app of this process a row of ``StatelessApp``, so that instances of it can be made."""
    names = list(StatelessApp.objects.order_by("app_name").values_list("app_name", flat=True))
    known = {slug_of(name) for name in names}
    result = RowsMade([], {}, [name for name in names if find(name)[0] is None])
    for app in sorted(registry, key=lambda app: app.slug):
        if app.slug in known:
            continue
        row = StatelessApp(app_name=app.app_name)
        try:
            with transaction.atomic():
                row.full_clean()
                row.save()
        except ValidationError as error:
            result.failed[app.app_name] = " ".join(error.messages)
        except DatabaseError as error:  # another process was quicker, or the database refuses the name
            result.failed[app.app_name] = str(error)
        else:
            result.made.append(app.app_name)
    return result


def _instances() -> dict[str, int] | None:
    """Saved instances by the name of their app; None before ``migrate``, or where there is no database."""
    try:
        with transaction.atomic():
            return dict(StatelessApp.objects.annotate(number=Count("dashapp")).values_list("app_name", "number"))
    except (DatabaseError, ImproperlyConfigured):
        return None


def _mounts(patterns: Iterable[Any], route: str = "", namespaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Where our URLs are included: the route before them, and their namespace."""
    for pattern in patterns:
        if not hasattr(pattern, "url_patterns"):
            continue
        inner = route + str(pattern.pattern)
        names = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
        if pattern.app_name == URL_NAMESPACE:
            yield inner, ":".join(names)
        else:
            yield from _mounts(pattern.url_patterns, inner, names)


def _url(route: str, namespace: str, slug: str) -> str:
    if not _PLAIN.fullmatch(route):
        with suppress(NoReverseMatch):
            return reverse(f"{namespace}:app-main", kwargs={"ident": slug})
    return f"{get_script_prefix()}{route}app/{slug}/"
