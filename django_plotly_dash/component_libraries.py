"""Which files component libraries have for the browser, and where they lie.

A library is known once it has been imported, as in Dash. Files of one that only another process has imported are found
as well, but no library is ever imported because a URL names it.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from dash import _dash_renderer, dash_table, dcc, hooks, html
from dash.development.base_component import ComponentRegistry
from django.core.exceptions import SuspiciousFileOperation
from django.utils._os import safe_join

if TYPE_CHECKING:
    from dash import Dash

# This package has scripts for the browser as well, though no components.
OWN_PACKAGE, OWN_FOLDER = __name__.partition(".")[0], "scripts"
_FOR_BROWSERS = (".js", ".css", ".js.map", ".css.map")
_LISTS_OF_BUNDLES = re.compile(rb"^(?:from\b.*\b)?_(?:js|css)_dist\b", re.MULTILINE)


def import_named(packages: Iterable[str]) -> dict[str, str]:
    """Import libraries, so that all apps have them, whether or not the module of one imports them.

    Gives, by package, why one cannot be imported.
    """
    failed = {}
    for package in packages:
        try:
            import_module(package)
        except ImportError as error:
            failed[package] = str(error)
    return failed


def declared() -> dict[str, set[str]]:
    """Package -> paths in it of all files that the imported libraries have declared, whether or not they exist."""
    return _by_package("relative_package_path", "dev_package_path")


def appended(app: Dash, package: str) -> Iterator[str]:
    """Paths in a package of files that an app has appended to its own scripts and style sheets."""
    for files in (app.scripts, app.css):
        for resource in files._resources._resources:
            if resource.get("namespace") == package:
                yield from _texts(resource.get("relative_package_path", ()), ("relative_package_path",))


def for_production() -> dict[str, list[str]]:
    """Package -> paths in it of the existing files that pages load in production: no maps, nothing for dev tools. This
    package's own scripts are among them."""
    own = os.listdir(os.path.join(os.path.dirname(__file__), OWN_FOLDER))
    found = {OWN_PACKAGE: sorted(f"{OWN_FOLDER}/{name}" for name in own if name.endswith(".js"))}
    for package, paths in _by_package("relative_package_path").items():
        here = folder(package) or ""
        kept = [path for path in sorted(paths) if not path.endswith(".map") and os.path.isfile(f"{here}/{path}")]
        if here and kept:
            found[package] = kept
    return found


@cache
def fingerprint(package: str) -> str:
    """The version of a library, and what its files for production are made of: the same on every machine that has the
    same files. It is computed once per process."""
    digest, here = hashlib.sha256(), folder(package)
    for path in for_production().get(package, ()):
        with open(f"{here}/{path}", "rb") as file:
            digest.update(f"{path}\0".encode() + hashlib.sha256(file.read()).digest())
    version = getattr(sys.modules.get(package), "__version__", "")
    return f"{version}-{digest.hexdigest()[:8]}".lstrip("-")


def folder(package: str) -> str | None:
    """The folder of an imported package; None if it has not been imported, or is no package."""
    file = getattr(sys.modules.get(package), "__file__", None)
    return os.path.dirname(file) if file else None


def locate(package: str, path: str, registered: Iterable[str] = ()) -> str | None:
    """The file behind a path of a library, or None if it has no such file for browsers.

    Args:
        package: name of the library's package.
        path: path in the package, without a fingerprint.
        registered: more paths that count as the library's, as apps may register some of their own.
    """
    here = folder(package)
    if here is not None and (path in registered or path in declared().get(package, ())):
        return os.path.join(here, path)
    return _installed(package, path)


def _installed(package: str, path: str) -> str | None:
    """A file for the browser of an installed component library, whether or not this process has imported it.

    A callback or a layout function may import a library late, in one process only; the files are asked for anywhere.
    Nothing is imported here. A component library is known by the ``metadata.json`` that Dash's generator of components
    leaves beside the bundles, or by the lists of bundles that its ``__init__.py`` has for Dash.
    """
    try:
        spec = find_spec(package) if package.isidentifier() else None
        folders = list(spec.submodule_search_locations or ()) if spec else []  # a module that is no package has none
        full = safe_join(folders[0], path) if folders else ""
    except (ImportError, ValueError, SuspiciousFileOperation):
        return None
    if not full.endswith(_FOR_BROWSERS):
        return None
    has_metadata = os.path.isfile(os.path.join(os.path.dirname(full), "metadata.json"))
    return full if has_metadata or (spec and _lists_bundles(spec.origin or "")) else None


@lru_cache(maxsize=256)
def _lists_bundles(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return _LISTS_OF_BUNDLES.search(file.read()) is not None
    except OSError:
        return False


def _by_package(*keys: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for resource in _resources():
        for key in keys:
            if resource.get("namespace") and not (key == "relative_package_path" and resource.get("dev_only")):
                found.setdefault(resource["namespace"], set()).update(_texts(resource.get(key, ()), keys))
    return found


def _resources() -> Iterator[dict[str, Any]]:
    for attribute in ("_js_dist", "_css_dist"):
        yield from ComponentRegistry.get_resources(attribute)
        yield from getattr(hooks, attribute)
    # Dash's own are not in its registry of libraries.
    yield from _dash_renderer._js_dist_dependencies
    for part in (_dash_renderer, dcc, html, dash_table):
        yield from part._js_dist


def _texts(value: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """A path may be one, a list, or a dict of those for development and for production."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for mode, part in value.items():
            if mode == "prod" or "dev_package_path" in keys:
                yield from _texts(part, keys)
    else:
        for part in value:
            yield from _texts(part, keys)
