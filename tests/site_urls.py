"""Other URLconfs for the site under test, made while a test runs."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from types import ModuleType
from typing import Any

import django_plotly_dash.urls

_numbers = itertools.count()


def mount(settings: Any, *patterns: Any) -> str:
    """Let the site answer at ``patterns`` for the length of a test; gives the URLconf's name."""
    module = ModuleType(f"tests.site_urlconf_{next(_numbers)}")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    return module.__name__


def urls_made_again() -> tuple[list[Any], str]:
    """Our URL patterns as a process makes them that starts with the settings of this moment."""
    spec = importlib.util.find_spec(django_plotly_dash.urls.__name__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.urlpatterns, module.app_name
