"""``{% load plotly_dash %}``: the template tags. They only delegate."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import get_script_prefix
from django.utils.safestring import SafeString

from .. import embedding, lookup

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
    initial_arguments: Any = None,
    params: Any = None,
    share: bool = False,
) -> SafeString:
    """Show an app in a frame.

    Args:
        name: name of an app; or
        slug: slug of a saved instance; or
        da: a ``DashApp`` row or a ``DjangoDash`` object.
        ratio: height of the frame as a part of its width.
        height: height as a CSS length or a number of pixels, instead of ``ratio``.
        use_frameborder: draw the frame's border.
        initial_arguments: ``{component id: {property: value}}``, or its JSON.
        params: a dict that functions of the app can name as ``params``.
        share: whoever has the frame's URL may have these values.
    """
    found = lookup.of_tag(name, slug, da)
    url = embedding.address(
        found, request=_request(context), initial_arguments=initial_arguments, params=params, share=share
    )
    return embedding.frame(found, ratio=ratio, height=height, use_frameborder=use_frameborder, url=url)


def _request(context: template.Context) -> Any:
    # Without the context processor, a page that is rendered with its request still knows it.
    return context.get("request") or getattr(context, "request", None)


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
