"""From a name in a URL or a template to an app and, maybe, a saved instance. Nothing here writes."""

from __future__ import annotations

from typing import NamedTuple

from . import dash_globals
from .backend.routes import fits
from .djangodash import DjangoDash
from .exceptions import AppNotFoundError
from .models import DashApp
from .registry import registry


class Found(NamedTuple):
    """An app, and the saved instance if one was asked for."""

    app: DjangoDash
    instance: DashApp | None = None

    @property
    def slug(self) -> str:
        """What stands for it in URLs, element ids and classes."""
        return self.instance.slug if self.instance is not None else self.app.slug


def app(name: str) -> Found:
    """The app of that name.

    Raises:
        AppNotFoundError: there is none.
    """
    return Found(registry[name])


def instance(slug: str) -> Found:
    """The saved instance of that slug, and its app.

    Raises:
        AppNotFoundError: there is no such row, or no app of the name in the row.
    """
    row = DashApp.objects.select_related("stateless_app").filter(slug=slug).first()
    if row is None:
        raise AppNotFoundError("saved instance", slug)
    return Found(row.as_dash_instance(), row)


def has_endpoint(app: DjangoDash, path: str) -> bool:
    """True if a callback of the app has that path, below the app's prefix, as its ``api_endpoint``.

    Raises:
        RegistrationError: it cannot be told whose callback it is.
    """
    if any(fits(rule, path) for rule in app.callback_api_paths):
        return True
    # Before the first request to the app, its callbacks of dash.callback are not yet among its own.
    known = any(fits(rule, path) for rule in dash_globals.all_api_paths())
    return known and any(fits(rule, path) for rule in dash_globals.api_paths_of(app))


def of_tag(name: str | None, slug: str | None, da: object) -> Found:
    """What a template tag's arguments mean.

    Args:
        name: name of an app.
        slug: slug of a saved instance.
        da: a ``DashApp`` row, or a ``DjangoDash`` object.

    Raises:
        AppNotFoundError: there is none of that name or slug.
        ValueError: none of the three, or more than one, or a ``da`` of another kind was given.
    """
    if sum(value not in (None, "") for value in (name, slug, da)) == 1:
        if name:
            return app(name)
        if slug:
            return instance(slug)
        if isinstance(da, DashApp):
            return Found(da.as_dash_instance(), da)
        if isinstance(da, DjangoDash):
            return Found(da)
    raise ValueError(
        "A tag needs one of name (of an app), slug (of a saved instance) or da (a DashApp or DjangoDash object); "
        f"it was given name={name!r}, slug={slug!r}, da={da!r}."
    )
