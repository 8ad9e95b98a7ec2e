"""``{% load plotly_dash %}``: the template tags. They only delegate."""

from __future__ import annotations

from django import template
from django.urls import get_script_prefix
from django.utils.safestring import SafeString

from .. import embedding, live_page, lookup

register = template.Library()


@register.simple_tag(takes_context=True)
def plotly_app(
    context: template.Context,
    name: str | None = None,
    slug: str | None = None,
    da: object = None,
    ratio: float = 0.1,
    height: str | None = None,
    use_frameborder: bool = False,
) -> SafeString:
    """Show an app in a frame.

    Args:
        name: name of an app; or
        slug: slug of a saved instance; or
        da: a ``DashApp`` row or a ``DjangoDash`` object.
        ratio: height of the frame as a part of its width.
        height: height as a CSS length or a number of pixels, instead of ``ratio``.
        use_frameborder: draw the frame's border.
    """
    return embedding.frame(
        lookup.of_tag(name, slug, da),
        ratio=ratio,
        height=height,
        use_frameborder=use_frameborder,
        request=context.get("request"),
    )


@register.simple_tag(takes_context=True)
def plotly_message_pipe(context: template.Context, url: str | None = None) -> SafeString:
    """Let this page, and the apps in its frames, get messages that are sent to pipes. Once on a page is enough.

    Args:
        url: path or whole URL of the websocket, if it is not ``PLOTLY_DASH["ws_route"]`` below the site's root.
    """
    return live_page.script(context.get("request"), url)


@register.simple_tag
def plotly_app_identifier(
    name: str | None = None, slug: str | None = None, da: object = None, postfix: str | None = None
) -> str:
    """A text that tells this app from others, to be used in element ids."""
    return embedding.identifier(lookup.of_tag(name, slug, da), postfix)


@register.simple_tag
def plotly_class(
    name: str | None = None,
    slug: str | None = None,
    da: object = None,
    prefix: str | None = None,
    postfix: str | None = None,
    template_type: str | None = None,
) -> str:
    """CSS classes of an embedded app."""
    return embedding.css_classes(
        lookup.of_tag(name, slug, da), prefix=prefix, postfix=postfix, template_type=template_type
    )


@register.simple_tag
def site_root_url() -> str:
    """The path at which the site answers."""
    return get_script_prefix()
