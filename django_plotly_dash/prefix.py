"""The one place that knows at which URL path an app answers.

The same app answers at several paths: as itself and as each saved instance, under every mount, script name and
language. So the path is a property of the request. While a module is imported there is no request; a layout that
is built then (``html.Img(src=app.get_asset_url("logo.png"))``) gets a mark in the place of the path, and the mark
is replaced when the text goes out to the browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from django.urls import NoReverseMatch, ResolverMatch, reverse
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes

from . import context

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .djangodash import DjangoDash

URL_NAMESPACE = "the_django_plotly_dash"
SHARED_BUNDLES = "shared-component-suites"
SCRIPTS = "scripts"
# What our own URL patterns capture; a site may mount them below patterns that capture more.
_OWN_GROUPS = frozenset({"ident", "cache_id", "component", "resource", "path", "script", "fingerprint"})

# Plotly's JSON writer turns a slash into an escape.
_ASSET_MARK = re.compile(r"(?:/|\\u002f)~dpd~([\w.%-]+)~asset~([\w.%-]+)~")
_MARK = re.compile(r"(?:/|\\u002f)~dpd~([\w.%-]+)~(/|\\u002f)?")


def of_request(path: str, local_path: str) -> str:
    """The prefix of a request: its whole path without the part that belongs to the app.

    Args:
        path: ``request.path``, decoded, script name included.
        local_path: what the URL pattern captured behind the app, decoded.
    """
    # Two slashes at the beginning would make the name of another host of what follows.
    return escape_leading_slashes(escape_uri_path(path[: len(path) - len(local_path)]))


def of_app(app: DjangoDash) -> str:
    """The prefix under which ``app`` answers for the code that asks: of this request, else its mark."""
    found = context.current()
    if found is None:
        return f"/~dpd~{quote(app.slug, safe='')}~/"
    return found.prefix if found.app is app else _beside(found, app.slug)


@contextmanager
def of_files() -> Iterator[None]:
    """Inside the ``with`` block the prefix is without what a page has handed over: bundles and assets are the same for
    all pages, and browsers are to keep them for all."""
    found = context.current()
    if found is None or not found.files_prefix:
        yield
        return
    with context.opened(replace(found, prefix=found.files_prefix)):
        yield


def mark_of_asset(app: DjangoDash, path: str) -> str:
    """What stands for the URL of an asset as long as there is no request.

    Args:
        app: whose asset it is.
        path: of the file in the assets folder.
    """
    return f"/~dpd~{quote(app.slug, safe='')}~asset~{quote(path, safe='').replace('~', '%7E')}~"


def url_of(slug: str, *, instance: bool = False, request: HttpRequest | None = None, token: str = "") -> str:
    """The URL path of an app's page, or of a saved instance's, where the site has mounted our URLs.

    Args:
        slug: of the app, or of the instance.
        instance: whether the slug is an instance's.
        request: of the page that asks. Where our URLs are included more than once, below another namespace, or below
            a pattern that captures arguments, its ``current_app`` and ``resolver_match`` tell which.
        token: what the page hands over (see ``handed_over``).

    Raises:
        NoReverseMatch: ``django_plotly_dash.urls`` is not included in the URLconf, or below arguments that the page's
            own URL does not have.
    """
    name = "main" if instance else "app-main"
    if token:
        return _reverse(f"{name}--args", request, ident=slug, cache_id=token)
    return _reverse(name, request, ident=slug)


def of_bundles(request: HttpRequest) -> str | None:
    """The URL path below which all apps of the mount that a request belongs to have their bundles in common; None
    where there is no such mount, but only an app of its own.

    Args:
        request: to an app, or of a page that shows one.
    """
    try:
        url = _reverse(SHARED_BUNDLES, request, component="-", resource="-")
    except NoReverseMatch:
        return None
    return url.removesuffix("-/-")


def of_script(resource: str, request: HttpRequest | None) -> str:
    """The URL path of a script of this package.

    Raises:
        NoReverseMatch: as ``url_of``.
    """
    return _reverse(SCRIPTS, request, resource=resource)


def _reverse(name: str, request: HttpRequest | None, **own: str) -> str:
    """``reverse`` for one of our names, in the mount that a request points at.

    Raises:
        NoReverseMatch: as for ``url_of``.
    """
    match = getattr(request, "resolver_match", None)
    current_app = getattr(request, "current_app", None) or getattr(match, "namespace", None)
    if match is not None:
        outer = {key: value for key, value in match.kwargs.items() if key not in _OWN_GROUPS}
        for namespace in _namespaces(match):
            for number in range(len(outer), -1, -1):
                for keys in combinations(outer, number):
                    kwargs = {key: outer[key] for key in keys}
                    with suppress(NoReverseMatch):
                        return reverse(f"{namespace}:{name}", kwargs={**kwargs, **own}, current_app=current_app)
    return reverse(f"{URL_NAMESPACE}:{name}", kwargs=own, current_app=current_app)


def _namespaces(match: ResolverMatch) -> Iterator[str]:
    """Where our URLs may be, as seen from a page: its own namespace if it is ours, else from the inside outwards."""
    if URL_NAMESPACE in match.app_names:
        yield match.namespace
    for depth in range(len(match.namespaces), -1, -1):
        yield ":".join([*match.namespaces[:depth], URL_NAMESPACE])


def _beside(found: context.RequestContext | None, slug: str) -> str:
    """The URL path of another app, in the same mount as the app that answers this request if that can be told."""
    return url_of(slug, request=found.request if found is not None else None)


def resolve_marks(text: str) -> str:
    """Replace the marks in a text that leaves for the browser by the prefixes of this request."""
    if "~dpd~" not in text:
        return text
    return _MARK.sub(_prefix_of_mark, _ASSET_MARK.sub(_asset_of_mark, text))


def marked(value: Any) -> Any:
    """A value that is to be kept, with marks in the place of this request's prefix: it is shown to others, elsewhere,
    and what a page has handed over in its address is not theirs.

    Args:
        value: as JSON has it. An address in the middle of a text is found if it has what a page has handed over in it;
            one without, at the beginning and behind a host. Assets keep their addresses.
    """
    found = context.current()
    if found is None:
        return value
    bare, mark = found.prefix.rstrip("/"), f"/~dpd~{quote(found.app.slug, safe='')}~"
    if found.files_prefix:  # there is a token, which nobody else has
        return _replaced(value, re.compile(re.escape(bare)), mark)
    if not bare:
        return value
    assets = re.escape(found.app.config.assets_url_path.strip("/"))
    headers = found.request.META
    host = re.escape(headers.get("HTTP_HOST") or headers.get("SERVER_NAME", "-"))
    return _replaced(
        value, re.compile(rf"^((?:https?://{host})?){re.escape(bare)}(?=$|[?#]|/(?!{assets}/))"), rf"\g<1>{mark}"
    )


def _replaced(value: Any, pattern: re.Pattern[str], mark: str) -> Any:
    if isinstance(value, str):
        return pattern.sub(mark, value)
    if isinstance(value, list):
        return [_replaced(item, pattern, mark) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, pattern, mark) for key, item in value.items()}
    return value


def _asset_of_mark(match: re.Match[str]) -> str:
    slug, path, found = unquote(match[1]), unquote(match[2]), context.current()
    if found is not None and found.app.slug == slug:
        return str(found.app.get_asset_url(path))
    try:
        return f"{_beside(found, slug)}assets/{quote(path)}"
    except NoReverseMatch:  # no mark of ours
        return match[0]


def _prefix_of_mark(match: re.Match[str]) -> str:
    slug, found = unquote(match[1]), context.current()
    try:
        prefix = found.prefix if found is not None and found.app.slug == slug else _beside(found, slug)
    except NoReverseMatch:  # no mark of ours: somebody has typed something like it
        return match[0]
    return prefix if match[2] else prefix.rstrip("/")
