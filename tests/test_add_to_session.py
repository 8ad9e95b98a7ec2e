"""The view that puts a value into the session, where callbacks find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dash import Input, Output, dcc, html
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import ConfigurationError
from django_plotly_dash.views import add_to_session

from .helpers import call, result

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]
urlpatterns = [
    path("count/", add_to_session, {"template_name": "counted.html", "word": "hello"}),
    path("nothing/", lambda request: HttpResponse()),
    path("dash/", include("django_plotly_dash.urls")),
]


@pytest.fixture(autouse=True)
def _template(settings: Settings) -> None:
    loader = ("django.template.loaders.locmem.Loader", {"counted.html": "{{ word }} {{ request.path }}"})
    (engine,) = settings.TEMPLATES
    options = {**engine["OPTIONS"], "loaders": [loader]}
    settings.TEMPLATES = [{"BACKEND": engine["BACKEND"], "OPTIONS": options}]


@pytest.fixture
def app() -> DjangoDash:
    app = DjangoDash("Counted")
    app.layout = html.Div([dcc.Input(id="in"), html.P(id="out")])

    @app.callback(Output("out", "children"), Input("in", "value"))
    def show(value: str, session_state: dict[str, Any]) -> str:
        session_state["seen"] = value
        return str(session_state.get("add_counter"))

    return app


def test_callbacks_see_how_often_the_page_was_opened(client: Client, app: DjangoDash) -> None:
    assert result(call(client, app, "out.children", "x")) == "None"
    for number in (1, 2):
        assert client.get("/count/").content == b"hello /count/"
        assert result(call(client, app, "out.children", "x")) == str(number)
    assert client.session["django_plotly_dash"] == {"add_counter": 2, "seen": "x"}
    assert result(call(Client(), app, "out.children", "x")) == "None"


def test_without_sessions_the_error_says_what_is_missing(client: Client, settings: Settings) -> None:
    settings.MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
    with pytest.raises(ConfigurationError, match="SessionMiddleware"):
        client.get("/count/")
