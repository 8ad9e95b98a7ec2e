"""URLs of apps and saved instances, with what a page hands over to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from . import context, fragment_cache, handed_over, initial_arguments, params, prefix
from .exceptions import HandedOverError

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .models import DashApp


def audience(slug: str, is_instance: bool) -> str:
    """Whom a token is for: it is of no use at another app or instance."""
    return f"{'instance' if is_instance else 'app'} {slug}"


def url_of(
    slug: str,
    *,
    is_instance: bool = False,
    request: HttpRequest | None = None,
    arguments: Any = None,
    parameters: Any = None,
    share: bool = False,
) -> str:
    """The URL path of an app's page, or of a saved instance's.

    Args:
        slug: of the app, or of the instance.
        request: of the page that asks; by default the one that an app is answering. It tells where the site has our
            URLs, and for which visitor the values are.
        arguments: initial arguments, a dict or JSON.
        parameters: params, a dict.
        share: whoever has the URL may have the values.

    Raises:
        HandedOverError: the values cannot be handed over, or are for one visitor and there is no request, or a
            ``{% cache %}`` block would keep them for others.
        ConfigurationError: values that are too large for a URL cannot be kept as the settings say.
        NoReverseMatch: our URLs are not in the URLconf.
    """
    found = context.current()
    if request is None and found is not None:
        request = found.request
    given_arguments, given_params = initial_arguments.checked(arguments), params.checked(parameters)
    token = ""
    if given_arguments is not None or given_params is not None:
        if not share:
            _keep_from_others(request)
        token = handed_over.token_of(
            audience(slug, is_instance),
            request,
            initial_arguments=given_arguments,
            params=json.dumps(given_params, separators=(",", ":")) if given_params is not None else None,
            share=share,
        )
    return prefix.url_of(slug, instance=is_instance, request=request, token=token)


def _keep_from_others(request: HttpRequest | None) -> None:
    """A token can be opened by its visitor only, but anybody can read it."""
    if fragment_cache.is_being_filled():
        raise HandedOverError(
            "Values for an app are for one visitor, and a {% cache %} block would show them to others. Put the tag "
            "outside of the block, or say share=True if anybody may have the values."
        )
    if request is not None:
        fragment_cache.leave_out(request)


class Addressed:
    """What an app answers when it is asked for URLs. ``DjangoDash`` is one."""

    slug: str

    def get_absolute_url(
        self,
        params: Mapping[str, Any] | None = None,
        instance: DashApp | str | None = None,
        initial_arguments: Mapping[str, Any] | str | None = None,
        request: HttpRequest | None = None,
        share: bool = False,
    ) -> str:
        """The URL path of this app's page, or of a saved instance's, with values for it.

        Args:
            params: a dict that functions of the app can name as ``params``.
            instance: a ``DashApp`` row of this app, or its slug.
            initial_arguments: ``{component id: {property: value}}``, or its JSON.
            request: of the visitor whom the values are for; in a callback or layout function it is known.
            share: whoever has the URL may have the values. Otherwise they are this visitor's alone.

        Raises:
            HandedOverError: the values cannot be handed over, or there is no request and they are not shared.
            ValueError: the instance is one of another app.
        """
        if instance is not None and not isinstance(instance, str):
            if instance.as_dash_instance() is not cast(Any, self):
                raise ValueError(f"The saved instance {instance.slug!r} is one of another app than {self!r}.")
            instance = instance.slug
        return url_of(
            instance or self.slug,
            is_instance=instance is not None,
            request=request,
            arguments=initial_arguments,
            parameters=params,
            share=share,
        )
