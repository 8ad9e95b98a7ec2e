"""An app in somebody's page without a frame: the element at which our script mounts it.

The element says where the app is and which files it needs, and nothing that belongs to a visitor, except for what the
page hands over: that stands in the address, and is of no use to anybody else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import chain
from typing import TYPE_CHECKING, Any

from dash import _dash_renderer, dash_table, dcc, html
from dash.development.base_component import ComponentRegistry
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import context, embedding, own_files, prefix
from .backend import direct_answers
from .page_parts import Attributes, PageParts

if TYPE_CHECKING:
    from .djangodash import DjangoDash
    from .lookup import Found

_BUILD = re.compile(r"\.(min|dev)(?=\.)")  # builds for production and development are one and the same


def element(found: Found, *, url: str, request: HttpRequest | None, parts: PageParts) -> SafeString:
    """The mount element, with the style sheets that the page does not have yet and our script.

    Args:
        url: where the app answers, with a slash at its end; with what the page hands over, if it does.
        request: of the page.
        parts: what other tags of the page have rendered.

    Raises:
        Exception: whatever the app's set-up raises, if this is its first use in this process.
    """
    needs = needs_of(found, url, request)
    return format_html(
        '{}<div class="{}" data-django-plotly-dash="{}"></div>{}',
        parts.styles(needs["styles"]),
        embedding.css_classes(found, template_type="direct"),
        json.dumps(needs, separators=(",", ":")),
        parts.script(own_files.DIRECT, request),
    )


def needs_of(found: Found, url: str, request: HttpRequest | None) -> dict[str, Any]:
    """Where an app answers, and which files it needs, in order. All of it is the same for all visitors, unless ``url``
    holds values for one of them."""
    app = found.app
    # Files are the same whatever this page hands over, and browsers are to keep them for all pages.
    files = prefix.url_of(found.slug, instance=found.instance is not None, request=request)
    with _speaking(found, url, files, request):
        scripts = _tags(app._generate_scripts_html(), "script", "src")
        links = _tags(app._generate_css_dist_html(), "link", "href")  # type: ignore[no-untyped-call]
    keys = {} if app.config.serve_locally else _keys_of_cdns(app)
    for item in scripts:
        if item["src"] in keys:
            item["key"] = keys[item["src"]]
    # An app may be there twice, as itself and as an instance; its scripts are to run once.
    for item in scripts:
        if item["src"].startswith(files) and "_dash-component-suites/" not in item["src"]:
            item["key"] = f"{app.slug}:{item['src'][len(files) :]}"
    functions, launcher = direct_answers.functions_key(app), direct_answers.launcher_key(app)
    if functions:
        scripts.append({"src": f"{files}{direct_answers.FUNCTIONS}?v={functions}", "key": functions})
    if launcher:
        scripts.append({"src": f"{files}{direct_answers.LAUNCHER}?v={launcher}", "key": launcher})
    return {"url": url, "scripts": scripts, "styles": links, "launcher": launcher}


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


@contextmanager
def _speaking(found: Found, url: str, files: str, request: HttpRequest | None) -> Iterator[None]:
    """As if the app answered a request at ``url``; the page's own request is another's."""
    visit = context.RequestContext(
        request=request if request is not None else HttpRequest(),
        app=found.app,
        prefix=url,
        files_prefix=files,
        path="",
        instance=found.instance,
    )
    with context.opened(visit), found.app.speaking():
        found.app.backend.set_up()
        yield


def _tags(text: str, name: str, needed: str) -> list[Attributes]:
    """Attributes of the tags of that name that have the needed one."""
    reader = _Reader(name)
    reader.feed(prefix.resolve_marks(text))
    reader.close()
    return [attributes for attributes in reader.found if needed in attributes]


class _Reader(HTMLParser):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.found: list[Attributes] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == self._name:
            self.found.append({key: value or "" for key, value in attrs})
