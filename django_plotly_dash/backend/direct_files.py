"""Which scripts and style sheets an app without a frame needs, in the order of its own page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import chain
from typing import TYPE_CHECKING, Any

from dash import _dash_renderer, dash_table, dcc, html
from dash.development.base_component import ComponentRegistry

from .. import context, prefix
from ..static_files import BUNDLES_ROOT

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

_SUITES = "_dash-component-suites/"
_BUILD = re.compile(r"\.(min|dev)(?=\.)")  # builds for production and development are one and the same


def scripts(app: DjangoDash) -> list[dict[str, Any]]:
    """Attributes of the scripts, while the app answers a request. Besides, ``key``: what says that two are the same, if
    that is not the URL; and ``optional``, if the app can start without it."""
    found = _tags(app._generate_scripts_html(), "script", "src")
    of_cdns = {} if app.config.serve_locally else _keys_of_cdns(app)
    own = files_prefix()
    for item in found:
        source = item["src"]
        if source in of_cdns:
            item["key"] = of_cdns[source]
        elif source.startswith(own) and _SUITES not in source:
            # An app may be there twice, as itself and as an instance; its scripts are to run once.
            item["key"] = f"{app.slug}:{source[len(own) :]}"
        if source not in of_cdns and not _is_bundle(source):
            item["optional"] = True
    return found


def styles(app: DjangoDash) -> list[dict[str, str]]:
    """Attributes of the links to style sheets, while the app answers a request."""
    return _tags(app._generate_css_dist_html(), "link", "href")  # type: ignore[no-untyped-call]


def files_prefix() -> str:
    """Where the app that answers has its files, without what a page has handed over: they are the same whatever that
    is, and browsers are to keep them for all pages."""
    found = context.require()
    return found.files_prefix or found.prefix


def _is_bundle(source: str) -> bool:
    return _SUITES in source or f"/{BUNDLES_ROOT}/" in source


def _keys_of_cdns(app: DjangoDash) -> dict[str, str]:
    """URL of a bundle at its makers' CDN -> library and path of the same bundle in the installed package, so that apps
    with ``serve_locally=False`` and their neighbours without it have one React, and one of everything else."""
    dependencies = [
        {name: value["prod"] if isinstance(value, dict) else value for name, value in each.items()}
        for each in _dash_renderer._js_dist_dependencies
    ]
    lists = (_dash_renderer._js_dist, dcc._js_dist, html._js_dist, dash_table._js_dist)  # type: ignore[attr-defined]
    resources: list[Any] = [*dependencies, *chain(*lists), *ComponentRegistry.get_resources("_js_dist")]
    resources += app.scripts._resources._resources
    found: dict[str, str] = {}
    for resource in resources:
        paths, urls = (_listed(resource.get(name)) for name in ("relative_package_path", "external_url"))
        if len(paths) == len(urls):
            keys = (f"{resource['namespace']}/{path}" for path in paths)
            found.update(zip(urls, (_BUILD.sub("", key.replace("/dash.", "/")) for key in keys), strict=True))
    return found


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _tags(text: str, name: str, needed: str) -> list[dict[str, Any]]:
    """Attributes of the tags of that name that have the needed one."""
    reader = _Reader(name)
    reader.feed(prefix.resolve_marks(text))
    reader.close()
    return [attributes for attributes in reader.found if needed in attributes]


class _Reader(HTMLParser):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.found: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == self._name:
            self.found.append({key: value or "" for key, value in attrs})
