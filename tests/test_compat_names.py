from __future__ import annotations

from importlib import import_module

import pytest
from dash import ALL

import django_plotly_dash
from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import AppNotFoundError


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("django_plotly_dash", ["DjangoDash", "__version__"]),
        ("django_plotly_dash.models", ["DashApp", "StatelessApp"]),
        ("django_plotly_dash.access", ["login_required"]),
        ("django_plotly_dash.apps", ["DjangoPlotlyDashConfig"]),
        ("django_plotly_dash.finders", ["DashAssetFinder", "DashComponentFinder", "DashAppDirectoryFinder"]),
        ("django_plotly_dash.middleware", ["BaseMiddleware", "ExternalRedirectionMiddleware"]),
        ("django_plotly_dash.urls", ["urlpatterns", "app_name"]),
        ("django_plotly_dash.dash_wrapper", ["DjangoDash", "get_local_stateless_by_name", "wid2str"]),
        ("django_plotly_dash.app_name", ["app_name", "main_view_label"]),
        ("django_plotly_dash.templatetags.plotly_dash", ["register"]),
    ],
)
def test_names_that_users_of_the_older_package_import_are_there(module: str, names: list[str]) -> None:
    found = import_module(module)
    assert [name for name in names if not hasattr(found, name)] == []


def test_there_is_one_djangodash() -> None:
    assert import_module("django_plotly_dash.dash_wrapper").DjangoDash is django_plotly_dash.DjangoDash


def test_names_of_urls() -> None:
    names = import_module("django_plotly_dash.app_name")
    assert (names.app_name, names.main_view_label) == ("the_django_plotly_dash", "main")
    assert import_module("django_plotly_dash.urls").app_name == "the_django_plotly_dash"


def test_an_app_is_found_by_name() -> None:
    from django_plotly_dash.dash_wrapper import get_local_stateless_by_name

    app = DjangoDash("Found by name")
    assert get_local_stateless_by_name("Found by name") is app
    with pytest.raises(AppNotFoundError):
        get_local_stateless_by_name("not there")


@pytest.mark.parametrize(
    ("wid", "text"),
    [
        ("plain", "plain"),
        ({"type": "x", "index": 1}, '{"index":1,"type":"x"}'),
        ({"index": 1, "type": "x"}, '{"index":1,"type":"x"}'),
        ({"index": ALL}, '{"index":["ALL"]}'),
    ],
)
def test_ids_as_dash_writes_them(wid: str | dict[str, object], text: str) -> None:
    from django_plotly_dash.dash_wrapper import wid2str

    assert wid2str(wid) == text
