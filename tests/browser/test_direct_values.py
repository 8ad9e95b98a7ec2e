"""Apps without frames that get values from their page or from a saved instance, and what stands in the place of an app
that cannot be shown."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from dash import Input, Output, dcc, html
from django.core.cache import caches
from django.urls import include, path
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash
from django_plotly_dash.models import DashApp
from tests import direct_values
from tests.site_urls import mount, urls_made_again

from .conftest import Troubles
from .test_saved_state import make, with_rows

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.direct_values")]
LARGE = "".join(Random(1).choices(string.ascii_letters, k=9000))


@pytest.fixture
def app() -> DjangoDash:
    app = DjangoDash("Handed")
    app.layout = lambda params: html.Div(
        [
            html.H2(f"Year {params.get('year')}"),
            dcc.Input(id="text", value="default"),
            html.P("default", id={"type": "row", "index": 1}, className="row"),
            html.P(id="out"),
            html.P(id="reversed"),
        ]
    )

    @app.callback(Output("out", "children"), Input("text", "value"))
    def show(text: str, params: Any) -> str:
        return f"{text[:9]}, {params.get('year')}"

    app.clientside_callback(
        "(text) => [...text].reverse().join('')", Output("reversed", "children"), Input("text", "value")
    )
    return app


def show(page: Page, live_server: LiveServer | str, body: str, **values: Any) -> None:
    direct_values.page.body, direct_values.page.values = body, values
    page.goto(f"{live_server}/page/")


def test_the_same_app_with_other_arguments_in_each_place(page: Page, live_server: LiveServer, app: DjangoDash) -> None:
    make(app)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    show(
        page,
        live_server,
        """
        <div id="one">{% plotly_direct name="Handed" initial_arguments=oslo params=old %}</div>
        <div id="two">{% plotly_direct name="Handed" initial_arguments=bergen params=new share=True %}</div>
        <div id="three">{% plotly_direct slug="one" initial_arguments=oslo params=new %}</div>
        <div id="plain">{% plotly_direct name="Handed" %}</div>
        <div id="framed">{% plotly_app_bootstrap name="Handed" initial_arguments=bergen params=old %}</div>
        """,
        oslo={"text": {"value": "Oslo"}, '{"type": "row", "index": 1}': {"children": "the first row"}},
        bergen={"text": {"value": "Bergen", "placeholder": LARGE}},
        old={"year": 1952},
        new={"year": 2007},
    )
    shown = {
        "one": ("Oslo", 1952, "the first row"),
        "two": ("Bergen", 2007, "default"),
        "three": ("Oslo", 2007, "the first row"),
        "plain": ("default", None, "default"),
    }
    for part, (text, year, row) in shown.items():
        place = page.locator(f"#{part}")
        expect(place.locator("#out")).to_have_text(f"{text}, {year}")
        expect(place.locator("h2")).to_have_text(f"Year {year}")
        expect(place.locator(".row")).to_have_text(row)
        expect(place.locator("#reversed")).to_have_text(text[::-1])
    expect(page.locator("#two #text")).to_have_attribute("placeholder", LARGE)
    framed = page.frame_locator("#framed iframe")
    expect(framed.locator("#out")).to_have_text("Bergen, 1952")
    for part in shown:
        page.locator(f"#{part} #text").fill(f"to {part}")
    for part, (_, year, _) in shown.items():
        expect(page.locator(f"#{part} #out")).to_have_text(f"to {part}, {year}")
    # Files are those of every page: they have no values in their addresses.
    assert not [url for url in requested if "/initial/" in url and re.search(r"\.(js|css)\b", url)]


def test_whose_the_values_are(page: Page, live_server: LiveServer, app: DjangoDash, troubles: Troubles) -> None:
    """The page of one visitor in the hands of another, as a badly configured cache would give it."""
    page.goto(f"{live_server}/enter/anna/")
    show(
        page,
        live_server,
        "{% plotly_direct name='Handed' initial_arguments=given %}"
        "{% plotly_direct name='Handed' initial_arguments=given share=True %}",
        given={"text": {"value": "for one"}},
    )
    expect(page.locator("#out").nth(1)).to_have_text("for one, None")
    kept = page.evaluate("fetch('/page/').then((answer) => answer.text())")
    page.goto(f"{live_server}/enter/bert/")
    page.route("**/page/", lambda route: route.fulfill(body=kept, content_type="text/html"))
    page.goto(f"{live_server}/page/")
    expect(page.get_by_role("alert")).to_contain_text("was made for another visitor.")
    expect(page.locator("#out")).to_have_text("for one, None")
    troubles.expect("400: GET .*/initial/.*/_dpd/config")
    troubles.expect("its configuration was answered with status 400")


def test_a_saved_instance_shows_and_keeps_its_state(page: Page, live_server: LiveServer, app: DjangoDash) -> None:
    make(app)
    body = "<div id='saved'>{% plotly_direct slug='one' %}</div><div id='app'>{% plotly_direct name='Handed' %}</div>"
    show(page, live_server, body)
    saved = page.locator("#saved")
    expect(saved.locator("#out")).to_have_text("default, None")
    with page.expect_response("**/dash/instance/one/_dash-update-component*"):
        saved.locator("#text").fill("kept")
    expect(saved.locator("#out")).to_have_text("kept, None")
    page.reload()
    expect(saved.locator("#text")).to_have_value("kept")
    expect(saved.locator("#reversed")).to_have_text("tpek")
    expect(page.locator("#app #text")).to_have_value("default")
    assert with_rows(lambda: DashApp.objects.get().current_state())["text"] == {"value": "kept"}
    # What the page hands over lies on top of it, and is not saved by being shown.
    show(
        page,
        live_server,
        "{% plotly_direct slug='one' initial_arguments=given %}",
        given={"text": {"placeholder": "over"}},
    )
    expect(page.locator("#text")).to_have_value("kept")
    expect(page.locator("#text")).to_have_attribute("placeholder", "over")
    assert "placeholder" not in with_rows(lambda: DashApp.objects.get().current_state())["text"]


# --- instead of an app -----------------------------------------------------------------------------------------------


def test_values_that_are_gone_and_values_that_were_changed(
    page: Page, live_server: LiveServer, settings: Settings, app: DjangoDash, troubles: Troubles
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "direct"}}
    body = "<div id='place'>{% plotly_direct name='Handed' initial_arguments=given params=params %}</div>"
    show(page, live_server, body, given={"text": {"value": LARGE}}, params={"year": 1952})
    expect(page.locator("#text")).to_have_value(LARGE)
    fragment = page.evaluate("fetch('/page/').then((answer) => answer.text())")
    caches["default"].clear()
    page.locator("#text").fill("still")  # who has the page open goes on
    expect(page.locator("#out")).to_have_text("still, 1952")
    page.evaluate("(text) => { document.getElementById('place').innerHTML = text; }", fragment)
    message = page.get_by_role("alert")
    expect(message).to_have_text(
        "What this page was opened with is not kept any more. Reload the page that it stands in."
    )
    assert page.evaluate("document.getElementById('place').innerText").strip() == message.inner_text()
    troubles.expect("410: GET .*/initial/.*/_dpd/config")
    troubles.expect("its configuration was answered with status 410")
    changed = re.sub(r"/initial/(\w{9})\w{3}", r"/initial/\1AAA", fragment)
    assert changed != fragment
    page.evaluate("(text) => { document.getElementById('place').innerHTML = text; }", changed)
    expect(message).to_have_text(re.compile("^This address was changed"))
    troubles.expect("400: GET .*/initial/.*/_dpd/config")
    troubles.expect("its configuration was answered with status 400")
    page.reload()
    expect(page.locator("#text")).to_have_value(LARGE)


def test_an_instance_whose_state_is_broken(
    page: Page, live_server: LiveServer, app: DjangoDash, troubles: Troubles
) -> None:
    make(app)
    with_rows(lambda: DashApp.objects.update(base_state='{"text": '))
    show(page, live_server, "{% plotly_direct slug='one' %}")
    expect(page.get_by_role("alert")).to_have_text(
        "The saved state of this instance cannot be read. An administrator of this site has to correct it."
    )
    troubles.expect("500: GET .*/instance/one/_dpd/config")
    troubles.expect("its configuration was answered with status 500")


def test_under_debug_values_for_what_the_app_does_not_have_are_named_as_text(
    page: Page, live_server: LiveServer, settings: Settings, app: DjangoDash, troubles: Troubles
) -> None:
    settings.DEBUG = True
    name = "<img src=x onerror='document.title=1'>"
    show(page, live_server, "{% plotly_direct name='Handed' initial_arguments=given %}", given={name: {"value": 1}})
    expect(page.get_by_role("alert")).to_contain_text(f"There is no component {name!r}.")
    assert page.locator("[role=alert] *").count() == 0
    assert page.title() == "The host's title"
    troubles.expect("500: GET .*/initial/.*/_dpd/config")
    troubles.expect("its configuration was answered with status 500")


@pytest.mark.parametrize("moment", ["before", "between", "network"])
def test_an_app_whose_layout_does_not_come(
    page: Page, settings: Settings, serve: Callable[..., str], app: DjangoDash, troubles: Troubles, moment: str
) -> None:
    """The login has ended before the page's script asks for the app, or right after it has asked for the first part; or
    the network has."""
    settings.PLOTLY_DASH = {"view_decorator": "django_plotly_dash.access.login_required", "share_bundles": True}
    settings.LOGIN_URL = "/login/"
    urls, name = urls_made_again()
    mount(settings, *direct_values.urlpatterns[:-1], path("dash/", include((urls, name))))
    site = serve()
    page.goto(f"{site}/enter/anna/")

    def ended(route: Any) -> None:
        if moment == "network":
            return route.abort()
        page.context.clear_cookies()
        return route.continue_()

    page.route("**/_dpd/config" if moment == "before" else "**/_dash-layout", ended)
    show(page, site, "<div id='place'>{% plotly_direct name='Handed' %}</div>")
    alert = page.get_by_role("alert")
    if moment == "before":
        expect(alert).to_have_text("You may not see this app, or have to log in first.")
        troubles.expect("its configuration was answered with a redirect")
    else:
        expect(alert).to_have_text("This app cannot be shown.")
        troubles.expect("The layout has not come")
        # the renderer's own, of what came instead
        troubles.expect("startsWith|reading 'children'" if moment == "between" else "failed: GET")
    assert "Loading" not in page.locator("#place").inner_text()
    assert page.evaluate("window.dash_stores?.length ?? 0") == 0
    page.unroute_all()
    page.goto(f"{site}/enter/anna/")
    page.goto(f"{site}/page/")
    expect(page.locator("#out")).to_have_text("default, None")


def test_a_layout_function_that_fails_says_so_in_the_place_of_its_app(
    page: Page, live_server: LiveServer, troubles: Troubles
) -> None:
    app = DjangoDash("Failing")
    app.layout = lambda params: html.P(params["missing"])
    show(page, live_server, "{% plotly_direct name='Failing' %}")
    expect(page.locator("._dash-error")).to_have_text("Error loading layout")
    troubles.expect("500: GET .*_dash-layout")
    troubles.expect("The layout has not come")
