from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path

from django_plotly_dash import DjangoDash, access
from django_plotly_dash.exceptions import ConfigurationError

from .helpers import result, shared_token
from .site_clients import COLOURS, ask, fetch
from .site_urls import mount, urls_made_again

seen: list[dict[str, str]] = []


def recording(view: Callable[..., Any], **kwargs: str) -> Callable[..., Any]:
    """A site's decorator that knows nothing of coroutines, as most do."""
    seen.append(kwargs)

    @functools.wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        if "closed" in request.GET:
            return HttpResponse("closed", status=403)
        return view(request, *args, **more)

    return wrapper


NOT_CALLABLE = "a text that is not a function"


def decorate_everything_with(settings: Any, decorator: Any) -> None:
    settings.PLOTLY_DASH = {"view_decorator": decorator}
    mount(settings, path("dash/", include(urls_made_again())))


@pytest.mark.parametrize("decorator", [recording, f"{__name__}.recording"], ids=["function", "dotted path"])
def test_the_decorator_is_told_what_it_decorates(settings: Any, decorator: Any) -> None:
    seen.clear()
    decorate_everything_with(settings, decorator)
    assert {tuple(sorted(kwargs)) for kwargs in seen} == {("name", "route_name", "url_part")}
    assert {(kwargs["route_name"], kwargs["name"]) for kwargs in seen} == {
        (kind, name)
        for kind in ("app", "instance")
        for name in (
            "main",
            "layout",
            "dependencies",
            "update-component",
            "component-suites",
            "asset-redirect",
            "routes",
        )
    }
    assert {kwargs["url_part"] for kwargs in seen if kwargs["name"] == "layout"} == {"_dash-layout"}
    assert {kwargs["url_part"] for kwargs in seen if kwargs["name"] == "main"} == {""}


PARTS = [
    "",
    "_dash-layout",
    "_dash-dependencies",
    "_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js",
    "assets/x.css",
    "some/page",
    f"initial/{shared_token('app echo')}/",
    f"initial/{shared_token('app echo')}/_dash-layout",
]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("part", PARTS)
def test_a_decorator_that_knows_no_coroutines_guards_every_url(settings: Any, part: str, colour: str) -> None:
    decorate_everything_with(settings, recording)
    assert fetch(colour, f"/dash/app/echo/{part}?closed=1").status_code == 403
    assert fetch(colour, f"/dash/app/echo/{part}").status_code == (404 if "x.css" in part else 200)


@pytest.mark.parametrize("colour", COLOURS)
def test_callbacks_pass_a_decorator_that_knows_no_coroutines(settings: Any, apps: Any, colour: str) -> None:
    decorate_everything_with(settings, recording)
    assert result(ask(colour, apps["Second app"], "echoed.children", "x")) == "Second got x"


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("part", PARTS)
def test_login_required_leads_a_stranger_to_the_login_page(settings: Any, part: str, colour: str) -> None:
    decorate_everything_with(settings, "django_plotly_dash.access.login_required")
    response = fetch(colour, f"/dash/app/echo/{part}")
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/?next=/dash/app/echo/")


@pytest.mark.parametrize("colour", COLOURS)
def test_login_required_guards_callbacks(settings: Any, apps: Any, colour: str) -> None:
    decorate_everything_with(settings, access.login_required)
    assert ask(colour, apps["Echo"], "echoed.children", "x").status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", COLOURS)
def test_login_required_lets_a_user_in(settings: Any, apps: Any, django_user_model: Any, colour: str) -> None:
    decorate_everything_with(settings, access.login_required)
    client: Any = Client() if colour == "wsgi" else AsyncClient()
    client.force_login(django_user_model.objects.create_user("maria"))
    assert fetch(colour, "/dash/app/echo/", client).status_code == 200
    assert result(ask(colour, apps["Echo"], "echoed.children", "x", client=client)) == "You wrote x"


def test_without_the_setting_views_are_as_they_are(settings: Any) -> None:
    settings.PLOTLY_DASH = {}
    assert access.view_decorator() is None
    assert access.decorated(test_callbacks_pass, route_name="app", url_part="", name="main") is test_callbacks_pass


def test_callbacks_pass(apps: Any) -> None:
    assert isinstance(apps["Echo"], DjangoDash)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("no.such.module", "No module named 'no'"),
        (
            "django_plotly_dash.access.nothing",
            'Module "django_plotly_dash.access" does not define a "nothing" attribute/class',
        ),
        ("nodots", "nodots doesn't look like a module path"),
    ],
)
def test_a_decorator_that_cannot_be_imported_raises_and_nothing_is_served(
    settings: Any, given: str, reason: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        decorate_everything_with(settings, given)
    assert str(caught.value) == (
        f"settings.PLOTLY_DASH['view_decorator'] is {given!r}, which cannot be imported: {reason}. "
        "Give the dotted path of a function, such as 'django_plotly_dash.access.login_required'."
    )


def test_a_decorator_that_cannot_be_called_raises(settings: Any) -> None:
    given = f"{__name__}.NOT_CALLABLE"
    with pytest.raises(ConfigurationError) as caught:
        decorate_everything_with(settings, given)
    assert str(caught.value) == f"settings.PLOTLY_DASH['view_decorator'] is {given!r}, which cannot be called."
