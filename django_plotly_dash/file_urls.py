"""The one place that decides by which URL a page loads a bundle of a component library.

Dash links to bundles below each app's own path. A site has many apps and one set of libraries: with URLs of their own,
browsers would load and keep the same megabytes once for each app. So pages link to a path that all apps of a mount
share; the paths below the apps answer as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import context, prefix
from .conf import app_settings

if TYPE_CHECKING:
    from .djangodash import DjangoDash

SUITES = "_dash-component-suites/"
# It asks the same of everybody, whatever the app.
_ASKS_NOTHING_OF_THE_APP = "django_plotly_dash.access.login_required"

Source = str | dict[str, Any]


def of_page(app: DjangoDash, sources: list[Source], attribute: str) -> list[Source]:
    """Links of a page as Dash has made them, with the URLs that bundles have in this request.

    Args:
        app: the app whose page it is.
        sources: URLs, or attributes of elements.
        attribute: which of those attributes has the URL.
    """
    found = context.current()
    shared = prefix.of_bundles(found.request) if found is not None and are_shared() else None
    if shared is None:
        return sources
    own = f"{app.config.requests_pathname_prefix}{SUITES}"
    return [_changed(source, attribute, lambda url: _moved(url, own, shared)) for source in sources]


def are_shared() -> bool:
    """Whether pages load bundles from the path that the apps have in common: ``PLOTLY_DASH["share_bundles"]``, and
    where that is None, if no decorator may ask for the app's name, which that path does not have."""
    decorator, wanted = app_settings().view_decorator, app_settings().share_bundles
    if wanted is not None:
        return wanted
    if callable(decorator):
        decorator = f"{decorator.__module__}.{getattr(decorator, '__qualname__', '')}"
    return decorator in (None, _ASKS_NOTHING_OF_THE_APP)


def _moved(url: str, own: str, shared: str) -> str:
    return shared + url.removeprefix(own) if url.startswith(own) else url


def _changed(source: Source, attribute: str, change: Callable[[str], str]) -> Source:
    if isinstance(source, dict):
        return {**source, attribute: change(source[attribute])} if attribute in source else source
    return change(source)
