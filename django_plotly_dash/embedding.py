"""How an app stands in somebody's page: where it answers, its names for CSS, and frames."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from . import addresses
from .conf import app_settings
from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .lookup import Found

CLASS_PREFIX = "django-plotly-dash"
FRAME_MARK = "data-django-plotly-dash-frame"
ASPECTS = ("21by9", "16by9", "4by3", "1by1")
_HEIGHT = re.compile(
    r"\d+(\.\d+)?(px|em|rem|[sld]?v[hw]|vmin|vmax|%|cm|mm|in|pt|pc|ch|ex|cqh|cqw)?"
    r"|(calc|min|max|clamp)\([\w\s.+*/%(),-]+\)"
)


def address(
    found: Found,
    *,
    request: HttpRequest | None,
    initial_arguments: Any = None,
    params: Any = None,
    share: bool = False,
) -> str:
    """The URL path of the app's own page, with what this page hands over to it.

    Args:
        request: of the page, which tells where our URLs are and whom the values are for.
        initial_arguments: ``{component id: {property: value}}``, or its JSON.
        params: a dict that functions of the app can name as ``params``.
        share: whoever has the URL may have the values.

    Raises:
        HandedOverError: the values cannot be handed over.
        ConfigurationError: they are too large for a URL, and cannot be kept as the settings say.
    """
    return addresses.url_of(
        found.slug,
        is_instance=found.instance is not None,
        request=request,
        arguments=initial_arguments,
        parameters=params,
        share=share,
    )


def frame(
    found: Found,
    *,
    url: str,
    request: HttpRequest | None = None,
    ratio: float | str | None = None,
    height: float | str | None = None,
    use_frameborder: bool = False,
    pass_query: bool = False,
    title: str | None = None,
) -> SafeString:
    """An iframe that shows the app's own page. A script of ours gives it its height.

    Args:
        url: where the app answers.
        request: of the page.
        ratio: height of the frame as a part of its width.
        height: height as a CSS length, or a number of pixels; takes the place of ``ratio``. Where neither is given, the
            height follows the content.
        use_frameborder: draw the frame's border.
        pass_query: hand the query string of the page over to the app.
        title: what screen readers say; by default the name of the app or instance.

    Raises:
        ValueError: ``ratio`` is not a positive number, or ``height`` is no length.
    """
    size, how = _size(ratio, height)
    attributes = {**_attributes_of_frame(found, url, request, pass_query, title), **size}
    attributes |= {"width": "100%", "frameborder": "1" if use_frameborder else "0", FRAME_MARK: how}
    return format_html(
        '<div class="{}"><iframe{}></iframe></div>',
        css_classes(found),
        format_html_join("", ' {}="{}"', attributes.items()),
    )


def bootstrap_frame(
    found: Found,
    *,
    url: str,
    request: HttpRequest | None = None,
    aspect: str = "4by3",
    pass_query: bool = False,
    title: str | None = None,
) -> SafeString:
    """An iframe that has its size from Bootstrap's style sheet, of version 4 or 5.

    Args:
        aspect: 21by9, 16by9, 4by3 or 1by1. Other arguments are those of ``frame``.

    Raises:
        ValueError: another aspect was given.
    """
    if aspect not in ASPECTS:
        raise ValueError(f"aspect is {aspect!r}; it has to be one of: {', '.join(ASPECTS)}.")
    attributes = _attributes_of_frame(found, url, request, pass_query, title)
    return format_html(
        '<div class="{} embed-responsive embed-responsive-{} ratio ratio-{}">'
        '<iframe class="embed-responsive-item"{}></iframe></div>',
        css_classes(found),
        aspect,
        aspect.replace("by", "x"),
        format_html_join("", ' {}="{}"', attributes.items()),
    )


def _attributes_of_frame(
    found: Found, url: str, request: HttpRequest | None, pass_query: bool, title: str | None
) -> dict[str, str]:
    query = request.META.get("QUERY_STRING", "") if pass_query and request is not None else ""
    attributes = {
        "src": f"{url}{'&' if '?' in url else '?'}{query}" if query else url,
        "title": title or (str(found.instance) if found.instance is not None else found.app.app_name),
        "loading": "lazy",
    }
    given = {
        "sandbox": _sandbox(app_settings().iframe_sandbox),
        "allow": app_settings().iframe_allow,
        "referrerpolicy": app_settings().iframe_referrerpolicy,
    }
    return attributes | {name: value for name, value in given.items() if value is not None}


def _sandbox(permissions: str | None) -> str | None:
    missing = {"allow-scripts", "allow-same-origin"} - set((permissions or "").split())
    if permissions is None or not missing:
        return permissions
    raise ConfigurationError(
        f"settings.PLOTLY_DASH['iframe_sandbox'] is {permissions!r}, without {' and '.join(sorted(missing))}: "
        "no Dash app works so. Add what is missing, or give None for frames without a sandbox."
    )


def _size(ratio: float | str | None, height: float | str | None) -> tuple[dict[str, str], str]:
    """Attributes of an iframe, and what our script has to know. Not a style, which a strict policy would stop."""
    if height not in (None, ""):
        text = str(height).strip()
        if not _HEIGHT.fullmatch(text):
            raise ValueError(
                f"height is {height!r}; it has to be a number of pixels or one CSS length, such as 600, '30em', '70vh'."
            )
        pixels = text.removesuffix("px")
        if pixels.isdigit():
            return {"height": pixels}, f"height:{pixels}px"
        return {}, f"height:{text}"
    if ratio in (None, ""):
        return {}, "follow"
    try:
        number = float(ratio)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < math.inf:
        raise ValueError(f"ratio is {ratio!r}; it has to be a positive number, the frame's height by its width.")
    return {}, f"ratio:{number:g}"


def identifier(found: Found, postfix: str | None = None) -> str:
    """What tells one app from another in an element id: the slug, and the postfix behind a hyphen."""
    return f"{found.slug}-{postfix}" if postfix else found.slug


def css_classes(
    found: Found, *, prefix: str | None = None, postfix: str | None = None, template_type: str | None = None
) -> str:
    """Three classes: of all embedded apps, of this way to embed, and of this app."""
    base = prefix or CLASS_PREFIX
    return f"{base} {base}-{template_type or 'iframe'} {base}-app-{identifier(found, postfix)}"
