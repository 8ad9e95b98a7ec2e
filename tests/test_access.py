from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import dash
import pytest
from asgiref.sync import iscoroutinefunction
from dash import Input, Output, html
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from django_plotly_dash import DjangoDash, access
from django_plotly_dash.exceptions import ConfigurationError, RegistrationError
from django_plotly_dash.models import DashApp, StatelessApp

from .helpers import result, shared_token
from .site_clients import COLOURS, AsyncBrowser, ask, fetch, on_a_loop
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
@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("http://testserver/sales/?year=1", "/sales/%3Fyear%3D1"),
        ("https://elsewhere.example.com/x", "/"),
        ("", "/"),
    ],
)
def test_a_stranger_gets_a_link_to_the_login_in_a_frame(settings: Any, colour: str, page: str, back: str) -> None:
    """A login page may not stand in one."""
    decorate_everything_with(settings, "django_plotly_dash.access.login_required")
    response = fetch(colour, "/dash/app/echo/", headers={"Sec-Fetch-Dest": "iframe", "Referer": page})
    assert response.status_code == 401
    assert f'<a href="/accounts/login/?next={back}" target="_top">' in response.text
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


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


def test_a_decorator_that_is_called_in_another_way_is_named(settings: Any) -> None:
    settings.PLOTLY_DASH = {"view_decorator": "django.contrib.auth.decorators.login_required"}
    with pytest.raises(ConfigurationError, match=r"view_decorator.*'django\.contrib\.auth.*access\.login_required'"):
        access.decorated(test_callbacks_pass, route_name="app", url_part="", name="main")


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


# --- the api_endpoint of a callback -----------------------------------------------------------------------------


def naming(view: Callable[..., Any], *, name: str, **kwargs: str) -> Callable[..., Any]:
    """Answers with the name under which a view was decorated; as a function, whatever the view is."""
    return lambda request, **groups: HttpResponse(f"decorated as {name}")


def naming_in_both_colours(view: Callable[..., Any], *, name: str, **kwargs: str) -> Callable[..., Any]:
    if not iscoroutinefunction(view):
        return naming(view, name=name)

    async def named(request: HttpRequest, **groups: str) -> HttpResponse:
        return HttpResponse(f"decorated as {name}, on a loop")

    return named


def send(colour: str, url: str, client: Any = None, body: Any = None) -> HttpResponse:
    data = {"value": "x"} if body is None else body
    if colour == "wsgi":
        return (client or Client()).post(url, data, content_type="application/json")
    return on_a_loop((client or AsyncBrowser()).post, url, data, content_type="application/json")


def make_app_with_endpoint(name: str, registered_with: str, rule: str = "/api/ask") -> DjangoDash:
    app = DjangoDash(name)
    app.layout = html.Div()
    register = app.callback if registered_with == "app.callback" else dash.callback
    register(Output("out", "children"), Input("in", "value"), api_endpoint=rule)(lambda value, dash_app_id: dash_app_id)
    return app


def save(app: DjangoDash, slug: str) -> None:
    stateless, _ = StatelessApp.objects.get_or_create(app_name=app.app_name)
    DashApp.objects.create(stateless_app=stateless, instance_name=slug, slug=slug)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("decorator", [naming, naming_in_both_colours])
@pytest.mark.parametrize("registered_with", ["app.callback", "dash.callback"])
def test_an_api_endpoint_is_decorated_as_a_callback(
    settings: Any, colour: str, decorator: Any, registered_with: str
) -> None:
    with_endpoint = make_app_with_endpoint("With endpoint", registered_with)
    with_variable = make_app_with_endpoint("With variable", "app.callback", "/api/<int:number>/ask")
    without = DjangoDash("Without endpoint")
    for app, slug in ((with_endpoint, "with"), (with_variable, "variable"), (without, "without")):
        save(app, slug)
    decorate_everything_with(settings, decorator)
    loop = ", on a loop" if (colour, decorator) == ("asgi", naming_in_both_colours) else ""
    for part, name in {
        "app/with-endpoint/api/ask": "update-component",
        "app/with-endpoint/initial/5/api/ask": "update-component",
        "app/with-endpoint/api/as": "routes",
        "app/with-variable/api/7/ask": "update-component",
        "app/with-variable/api/seven/ask": "routes",
        "app/without-endpoint/api/ask": "routes",
        "app/nobody/api/ask": "routes",
        "instance/with/api/ask": "update-component",
        "instance/with/initial/5/api/ask": "update-component",
        "instance/with/api/as": "routes",
        "instance/variable/api/7/ask": "update-component",
        "instance/without/api/ask": "routes",
        "instance/nobody/api/ask": "routes",
    }.items():
        assert send(colour, f"/dash/{part}").content.decode() == f"decorated as {name}{loop}", part


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("decorator", [access.login_required, "some let callbacks pass"])
def test_whom_callbacks_are_open_to_may_call_an_endpoint(
    settings: Any, django_user_model: Any, colour: str, decorator: Any
) -> None:
    def callbacks_only(view: Callable[..., Any], *, name: str, **kwargs: str) -> Callable[..., Any]:
        return view if name == "update-component" else lambda request, **groups: HttpResponse(status=403)

    app = make_app_with_endpoint("Open endpoint", "app.callback")
    save(app, "saved-one")
    decorate_everything_with(settings, decorator if callable(decorator) else callbacks_only)
    client: Any = Client() if colour == "wsgi" else AsyncBrowser()
    urls = ["/dash/app/open-endpoint/api/ask", "/dash/instance/saved-one/api/ask"]
    if callable(decorator):
        assert [send(colour, url, client).status_code for url in urls] == [302, 302]
        client.force_login(django_user_model.objects.create_user("maria"))
    assert [send(colour, url, client).content for url in urls] == [b'"open-endpoint"', b'"saved-one"']


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", COLOURS)
def test_an_app_that_a_loader_makes_is_no_exception_at_its_first_request(settings: Any, colour: str) -> None:
    def load(name: str) -> DjangoDash | None:
        return make_app_with_endpoint(name, "app.callback") if name.startswith("loaded") else None

    def guard(view: Callable[..., Any], *, name: str, **kwargs: str) -> Callable[..., Any]:
        return naming(view, name=name) if name == "update-component" else view

    settings.PLOTLY_DASH = {"view_decorator": guard, "stateless_loader": load}
    mount(settings, path("dash/", include(urls_made_again())))
    assert send(colour, "/dash/app/loaded-one/api/ask").content == b"decorated as update-component"
    assert fetch(colour, "/dash/app/loaded-two/a/page").status_code == 200
    assert fetch(colour, "/dash/app/unknown/api/ask").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("form", ["app/exempt-endpoint", "instance/exempt-instance"])
def test_an_endpoint_asks_for_the_token_unless_the_site_exempts_it(settings: Any, colour: str, form: str) -> None:
    def exempting(view: Callable[..., Any], **kwargs: str) -> Callable[..., Any]:
        return csrf_exempt(view)

    save(make_app_with_endpoint("Exempt endpoint", "app.callback"), "exempt-instance")
    for decorator, status in ((recording, 403), (exempting, 200)):
        decorate_everything_with(settings, decorator)
        client: Any = (Client if colour == "wsgi" else AsyncBrowser)(enforce_csrf_checks=True)
        assert send(colour, f"/dash/{form}/api/ask", client).status_code == status


@pytest.mark.parametrize("rule", ["/", "/assets/ask", "_dash-layout", "/_dash-component-suites/dash/ask"])
@pytest.mark.parametrize("registered_with", ["app.callback", "dash.callback"])
def test_an_endpoint_may_not_lie_where_the_page_and_its_files_are(rule: str, registered_with: str) -> None:
    app = make_app_with_endpoint("Hidden endpoint", registered_with, rule)
    with pytest.raises(ConfigurationError, match=f"The api_endpoint '{rule}' of a callback lies where"):
        Client().get(f"/dash/app/{app.slug}/")


def test_whose_endpoint_it_is_has_to_be_known(settings: Any, write: Any) -> None:
    decorate_everything_with(settings, naming)
    register = "dash.callback(dash.Output('out', 'children'), dash.Input('in', 'value'), api_endpoint='/of/nobody')"
    write({"shared_asks/calls.py": f"import dash\n{register}(len)"})
    for name in ("one", "two"):
        write({f"shared_asks/{name}.py": f"from django_plotly_dash import DjangoDash\napp = DjangoDash('Asks {name}')"})
    for name in ("calls", "one", "two"):
        importlib.import_module(f"shared_asks.{name}")
    with pytest.raises(RegistrationError, match="could belong to any of these apps"):
        Client().post("/dash/app/asks-one/of/nobody")
    assert Client().post("/dash/app/asks-one/a/page").content == b"decorated as routes"


def guarding_the_page(view: Callable[..., Any], *, name: str, **kwargs: str) -> Callable[..., Any]:
    """A site's decorator that guards the page alone, and reads the app's name from the URL."""

    @functools.wraps(view)
    def wrapper(request: HttpRequest, ident: str, **more: Any) -> HttpResponse:
        if name == "main":
            return HttpResponse(f"closed: {ident}", status=403)
        return view(request, ident=ident, **more)

    return wrapper


@pytest.mark.django_db
@pytest.mark.parametrize("colour", COLOURS)
def test_what_the_page_of_an_app_without_a_frame_asks_for_is_the_pages(settings: Any, colour: str) -> None:
    decorate_everything_with(settings, guarding_the_page)
    at = f"/dash/app/echo/initial/{shared_token('app echo')}/"
    for path_of_app in ("/dash/app/echo/", at, "/dash/instance/unknown/"):
        for part in ("", "_dpd/config", "_dpd/functions.js?v=1", "_dpd/launcher.js"):
            assert fetch(colour, f"{path_of_app}{part}").status_code == 403, part
    assert fetch(colour, "/dash/app/echo/_dash-layout").status_code == 200
    assert fetch(colour, "/dash/app/echo/assets/x.css").status_code == 404


@pytest.mark.parametrize("colour", COLOURS)
def test_a_decorator_that_reads_the_apps_name_has_no_shared_bundles(settings: Any, colour: str) -> None:
    decorate_everything_with(settings, guarding_the_page)
    bundle = "_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js"
    assert fetch(colour, f"/dash/{bundle}").status_code == 404
    assert fetch(colour, f"/dash/app/echo/{bundle}").status_code == 200
