"""How an app stands in somebody's page: as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import addresses

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .lookup import Found

CLASS_PREFIX = "django-plotly-dash"


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


def frame(found: Found, *, ratio: float, height: str | None, use_frameborder: bool, url: str) -> SafeString:
    """An iframe that shows the app's own page.

    Args:
        ratio: height of the frame as a part of its width.
        height: height as a CSS length, or a number of pixels; takes the place of ``ratio``.
        use_frameborder: draw the frame's border.
        url: of the app's page (see ``address``).

    Raises:
        ValueError: ``ratio`` is not a positive number.
    """
    title = str(found.instance) if found.instance is not None else found.app.app_name
    border = "1" if use_frameborder else "0"
    if height:
        length = f"{height}px" if str(height).isdigit() else height
        outer = f"height: {length};"
    else:
        if not float(ratio) > 0:
            raise ValueError(f"ratio is {ratio!r}; it has to be a positive number, the frame's height by its width.")
        outer = f"padding-bottom: {float(ratio) * 100:g}%; height: 0;"
    return format_html(
        '<div class="{}" style="position: relative; overflow: hidden; {}">'
        '<iframe src="{}" title="{}" frameborder="{}" '
        'style="position: absolute; box-sizing: border-box; top: 0; left: 0; width: 100%; height: 100%;">'
        "</iframe></div>",
        css_classes(found),
        outer,
        url,
        title,
        border,
    )


def identifier(found: Found, postfix: str | None = None) -> str:
    """What tells one app from another in an element id: the slug, and the postfix behind a hyphen."""
    return f"{found.slug}-{postfix}" if postfix else found.slug


def css_classes(
    found: Found, *, prefix: str | None = None, postfix: str | None = None, template_type: str | None = None
) -> str:
    """Three classes: of all embedded apps, of this way to embed, and of this app."""
    base = prefix or CLASS_PREFIX
    return f"{base} {base}-{template_type or 'iframe'} {base}-app-{identifier(found, postfix)}"
