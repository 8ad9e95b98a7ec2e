"""URLs of apps and saved instances, with what a page hands over to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import context, handed_over, initial_arguments, params, prefix

if TYPE_CHECKING:
    from django.http import HttpRequest


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
        HandedOverError: the values cannot be handed over, or are for one visitor and there is no request.
        ConfigurationError: values that are too large for a URL cannot be kept as the settings say.
        NoReverseMatch: our URLs are not in the URLconf.
    """
    found = context.current()
    if request is None and found is not None:
        request = found.request
    given_arguments, given_params = initial_arguments.checked(arguments), params.checked(parameters)
    token = ""
    if given_arguments is not None or given_params is not None:
        token = handed_over.token_of(
            audience(slug, is_instance),
            request,
            initial_arguments=given_arguments,
            params=json.dumps(given_params, separators=(",", ":")) if given_params is not None else None,
            share=share,
        )
    return prefix.url_of(slug, instance=is_instance, request=request, token=token)
