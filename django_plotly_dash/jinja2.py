"""Functions for Jinja2 templates, with the names and arguments of the template tags.

.. code-block:: python

   def environment(**options):
       return django_plotly_dash.jinja2.add_to(jinja2.Environment(**options))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.template import Context
from jinja2 import pass_context

from .templatetags import plotly_dash as tags

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context as JinjaContext

_OF_PAGE = (
    tags.plotly_app,
    tags.plotly_app_bootstrap,
    tags.plotly_direct,
    tags.plotly_scripts,
    tags.plotly_message_pipe,
)
_OTHERS = (
    tags.plotly_app_identifier,
    tags.plotly_class,
    tags.plotly_header,
    tags.plotly_footer,
    tags.site_root_url,
)


def add_to(environment: Environment) -> Environment:
    """Add the functions to an environment, and give it back.

    They read ``request`` from the template's context, where Django's Jinja2 backend puts it.
    """
    environment.globals.update(functions())
    return environment


def functions() -> Mapping[str, Callable[..., Any]]:
    """The functions by name."""
    return {tag.__name__: _with_context(tag) for tag in _OF_PAGE} | {tag.__name__: tag for tag in _OTHERS}


def _with_context(tag: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def function(context: JinjaContext, *args: Any, **kwargs: Any) -> Any:
        # A context of its own: what a page has already is not known here, and a page may have it twice.
        return tag(Context({"request": context.get("request")}), *args, **kwargs)

    return function
