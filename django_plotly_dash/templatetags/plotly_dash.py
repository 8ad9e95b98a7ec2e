"""``{% load plotly_dash %}``: the template tags. They only delegate."""

from __future__ import annotations

from typing import Any, cast

from django import template
from django.urls import get_script_prefix
from django.utils.safestring import SafeString

from .. import csp, direct, embedding, live_page, lookup, own_files, page_parts

register = template.Library()


@register.simple_tag(takes_context=True)
def plotly_app(
    context: template.Context,
    name: str | None = None,
    slug: str | None = None,
    da: object = None,
    ratio: float | None = None,
    height: str | None = None,
    use_frameborder: bool = False,
    initial_arguments: object = None,
    *,
    params: object = None,
    share: bool = False,
    pass_query: bool = False,
    title: str | None = None,
) -> SafeString:
    """Show an app in a frame, whose height follows the content unless a ratio or a height is given.

    Args:
        name: name of an app; or
        slug: slug of a saved instance; or
        da: a ``DashApp`` row or a ``DjangoDash`` object.
        ratio: height of the frame as a part of its width.
        height: height as a CSS length or a number of pixels, instead of ``ratio``.
        use_frameborder: draw the frame's border.
        initial_arguments: ``{component id: {property: value}}``, or its JSON.
        params: a dict that functions of the app can name as ``params``.
        share: whoever has the app's URL may have these values.
        pass_query: hand the query string of the page over to the app.
        title: what screen readers say of the frame; by default the name of the app or instance.
    """
    found, request = lookup.of_tag(name, slug, da), _request(context)
    url = embedding.address(found, request=request, initial_arguments=initial_arguments, params=params, share=share)
    frame = embedding.frame(
        found,
        url=url,
        request=request,
        ratio=ratio,
        height=height,
        use_frameborder=use_frameborder,
        pass_query=pass_query,
        title=title,
    )
    return frame + _parts(context).script(own_files.FRAMES, request)


@register.simple_tag(takes_context=True)
def plotly_app_bootstrap(
    context: template.Context,
    name: str | None = None,
    slug: str | None = None,
    da: object = None,
    aspect: str = "4by3",
    initial_arguments: object = None,
    *,
    params: object = None,
    share: bool = False,
    pass_query: bool = False,
    title: str | None = None,
) -> SafeString:
    """Show an app in a frame that has its shape from Bootstrap, of version 4 or 5.

    Args:
        aspect: 21by9, 16by9, 4by3 or 1by1. The others are those of ``plotly_app``.
    """
    found, request = lookup.of_tag(name, slug, da), _request(context)
    url = embedding.address(found, request=request, initial_arguments=initial_arguments, params=params, share=share)
    return embedding.bootstrap_frame(found, url=url, request=request, aspect=aspect, pass_query=pass_query, title=title)


@register.simple_tag(takes_context=True)
def plotly_direct(
    context: template.Context,
    name: str | None = None,
    slug: str | None = None,
    da: object = None,
    initial_arguments: object = None,
    *,
    params: object = None,
    share: bool = False,
) -> SafeString:
    """Show an app in the page itself, without a frame.

    Args:
        name: name of an app; or
        slug: slug of a saved instance; or
        da: a ``DashApp`` row or a ``DjangoDash`` object.
        initial_arguments: ``{component id: {property: value}}``, or its JSON.
        params: a dict that functions of the app can name as ``params``.
        share: whoever has the app's URL may have these values.
    """
    found, request = lookup.of_tag(name, slug, da), _request(context)
    url = embedding.address(found, request=request, initial_arguments=initial_arguments, params=params, share=share)
    return direct.element(found, url=url, request=request, parts=_parts(context))


@register.simple_tag(takes_context=True)
def plotly_scripts(context: template.Context) -> SafeString:
    """Our scripts, with the page's nonce. For pages whose apps come later, and for policies that name no hosts; tags
    that stand behind it in the same template do not bring the scripts again."""
    request = _request(context)
    _parts(context).has_scripts = True
    nonce = csp.nonce_for_tag(request)
    return page_parts.script(own_files.DIRECT, request, nonce) + page_parts.script(own_files.FRAMES, request, nonce)


@register.simple_tag
def plotly_header() -> SafeString:
    """Where ``BaseMiddleware`` moves the style sheets of in-page apps to. Without it, they stay with their apps."""
    return page_parts.HEADER


@register.simple_tag
def plotly_footer() -> SafeString:
    """Where ``BaseMiddleware`` moves our scripts to. Without it, they stay with the apps that need them."""
    return page_parts.FOOTER


def _request(context: template.Context) -> Any:
    # Without the context processor, a page that is rendered with its request still knows it.
    return context.get("request") or getattr(context, "request", None)


def _parts(context: template.Context) -> page_parts.PageParts:
    """Those of this rendering; templates that are included in it have the same."""
    outermost: Any = context.render_context.dicts[0]
    return cast(page_parts.PageParts, outermost.setdefault("django_plotly_dash", page_parts.PageParts()))


@register.simple_tag(takes_context=True)
def plotly_message_pipe(context: template.Context, url: str | None = None) -> SafeString:
    """Let this page, and the apps in its frames, get messages that are sent to pipes. Once on a page is enough.

    Args:
        url: path or whole URL of the websocket, if it is not ``PLOTLY_DASH["ws_route"]`` below the site's root.
    """
    return live_page.script(_request(context), url)


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
