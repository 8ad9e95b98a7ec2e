"""The one place that decides by which URL a page loads a bundle of a component library, or an asset.

Dash links to bundles below each app's own path. A site has many apps and one set of libraries: with URLs of their own,
browsers would load and keep the same megabytes once for each app. So pages link to a path that all apps of a mount
share; the paths below the apps answer as well. Where files are among the site's static files, those URLs are used.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dash.fingerprint import build_fingerprint, check_fingerprint

from . import component_libraries, context, prefix, static_files
from .conf import app_settings

if TYPE_CHECKING:
    from .djangodash import DjangoDash

SUITES = "_dash-component-suites/"
_HREF = re.compile(r'href="([^"]*)"')
_HASHED = re.compile(r"\.[0-9a-f]{12}(\.\w+)?$")  # as Django's storages with a manifest write it
# It asks the same of everybody, whatever the app.
_ASKS_NOTHING_OF_THE_APP = "django_plotly_dash.access.login_required"

Source = str | dict[str, Any]


def of_page(app: DjangoDash, sources: list[Source], attribute: str) -> list[Source]:
    """Links of a page as Dash has made them, with the URLs that the files have in this request.

    Args:
        app: the app whose page it is.
        sources: URLs, or attributes of elements.
        attribute: which of those attributes has the URL.
    """
    move = _mover(app)
    return [_changed(source, attribute, move) for source in sources]


def of_icon(link: str) -> str:
    """The link to a page's icon as Dash has written it, with the URL that ``of_page`` would give it."""
    return _HREF.sub(lambda found: f'href="{_without_time(found[1])}"', link)


def of_plotly(app: DjangoDash) -> str | None:
    """The URL of plotly.js, which the renderer loads when the first graph appears; None if it is the one that the
    renderer makes up itself."""
    path = "package_data/plotly.min.js"
    folder = component_libraries.folder("plotly")
    if not app.config.serve_locally or folder is None:
        return None
    version = getattr(sys.modules["plotly"], "__version__", "")
    modified = int(os.stat(os.path.join(folder, path)).st_mtime)
    return _mover(app)(f"{_own_suites(app)}plotly/{build_fingerprint(path, version, modified)}")


def of_asset(app: DjangoDash, path: str) -> str | None:
    """The URL of an asset among the static files; None if the app serves it.

    Args:
        app: whose asset it is.
        path: of the file in the assets folder.
    """
    if app.config.assets_external_path:
        return None
    if context.current() is None:
        # A URL for a layout that is made while a module is imported is decided when the layout is asked for.
        return prefix.mark_of_asset(app, path) if static_files.collects_assets() else None
    return static_files.asset_url(app.config.assets_folder, path)


def are_shared() -> bool:
    """Whether pages load bundles from the path that the apps have in common: ``PLOTLY_DASH["share_bundles"]``, and
    where that is None, if no decorator may ask for the app's name, which that path does not have."""
    decorator, wanted = app_settings().view_decorator, app_settings().share_bundles
    if wanted is not None:
        return wanted
    if callable(decorator):
        decorator = f"{decorator.__module__}.{getattr(decorator, '__qualname__', '')}"
    return decorator in (None, _ASKS_NOTHING_OF_THE_APP)


def _own_suites(app: DjangoDash) -> str:
    with prefix.of_files():
        return f"{app.config.requests_pathname_prefix}{SUITES}"


def _mover(app: DjangoDash) -> Callable[[str], str]:
    """A function that makes of a URL of Dash's the one that the page is to use."""
    own, found = _own_suites(app), context.current()
    shared = prefix.of_bundles(found.request) if found is not None and are_shared() else None

    def move(url: str) -> str:
        if not url.startswith(own):
            return _without_time(url)
        package, _, path = url.removeprefix(own).partition("/")
        static = static_files.bundle_url(package, check_fingerprint(path)[0]) if found is not None else None
        return static or (shared or own) + url.removeprefix(own)

    return move


def _without_time(url: str) -> str:
    """Dash puts the time of an asset's last change behind its URL. One that is signed cannot bear that, and one that is
    hashed has no need of it: the time is another on each machine."""
    base, mark, _ = url.rpartition("?m=")
    return base if mark and ("?" in base or _HASHED.search(base)) else url


def _changed(source: Source, attribute: str, change: Callable[[str], str]) -> Source:
    if isinstance(source, dict):
        return {**source, attribute: change(source[attribute])} if attribute in source else source
    return change(source)
