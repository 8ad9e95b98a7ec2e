"""Apps in a page without frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dash
import pytest
from dash import html
from django.contrib.auth.views import LoginView
from django.urls import include, path
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash
from tests.site_urls import mount, urls_made_again
from tests.urls import show

from .conftest import Troubles

pytestmark = pytest.mark.browser


def test_each_app_of_a_page_works_by_itself(page: Page, live_server: LiveServer) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{live_server}/pages/direct/")
    parts = {"first": "red", "second": "blue", "third": "red"}
    for part, colour in parts.items():
        app = page.locator(f"#{part}")
        expect(app.locator("#echoed")).to_have_text(f"{colour.title()} got {colour}")
        expect(app.locator("#reversed")).to_have_text(colour[::-1])
        expect(app.locator("#painted")).to_have_text(f"{colour} paints {colour}")
        expect(app.locator("#by-server")).to_have_text(f"the server of {colour} has seen {colour}")
        expect(app.locator(".tab").first).to_have_text(f"{colour} first")
        expect(app.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    for part in parts:
        page.locator(f"#{part} #text").fill(f"for {part}")
    for part, colour in parts.items():
        app = page.locator(f"#{part}")
        expect(app.locator("#echoed")).to_have_text(f"{colour.title()} got for {part}")
        expect(app.locator("#reversed")).to_have_text(f"for {part}"[::-1])
        expect(app.locator("#painted")).to_have_text(f"{colour} paints for {part}")
        app.get_by_text("hello").click()
        expect(app.locator("#counted")).to_have_text(f"1 for for {part}")
    assert page.title() == "The host's title"
    scripts = [url for url in requested if url.split("?")[0].endswith(".js")]
    assert len(scripts) == len(set(scripts))


def test_set_props_finds_the_app_that_is_meant(page: Page, live_server: LiveServer, troubles: Troubles) -> None:
    page.goto(f"{live_server}/pages/direct/")
    first, second, third = (page.locator(f"#{part}") for part in ("first", "second", "third"))
    expect(third.locator("#echoed")).to_have_text("Red got red")
    second.get_by_text("set", exact=True).click()
    expect(second.locator("#noted")).to_have_text("noted by blue")
    third.get_by_text("set later", exact=True).click()
    expect(third.locator("#noted")).to_have_text("noted later by red")
    expect(first.locator("#noted")).to_have_text("")
    # From outside: an id that several apps have needs to be told whose it is.
    message = page.evaluate(
        "() => { try { dash_clientside.set_props('noted', {}) } catch (error) { return error.message } }"
    )
    assert message.startswith('"noted" is in 3 apps of this page.')
    page.evaluate(
        "djangoPlotlyDash.setProps('#second [data-django-plotly-dash]', 'noted', {children: 'noted from outside'})"
    )
    expect(second.locator("#noted")).to_have_text("noted from outside")
    expect(third.locator("#noted")).to_have_text("noted later by red")
    page.evaluate("['#first', '#second'].forEach((part) => document.querySelector(part).replaceChildren())")
    page.wait_for_function("window.dash_stores.length === 1")
    page.evaluate("dash_clientside.set_props('noted', {children: 'the only one'})")
    expect(third.locator("#noted")).to_have_text("the only one")
    assert page.evaluate("dash_component_api.getLayout('noted').props.children") == "the only one"


def test_the_page_keeps_its_own_react_title_and_style(page: Page, live_server: LiveServer) -> None:
    deps = Path(dash.__file__).parent / "deps"
    page.route("**/host/*.js", lambda route: route.fulfill(path=deps / route.request.url.rpartition("/")[2]))
    page.goto(f"{live_server}/pages/host/")
    expect(page.locator("#direct #echoed")).to_have_text("Blue got blue")
    expect(page.locator("#direct .main-svg").first).to_be_visible()
    page.locator("#direct #text").fill("typed")
    expect(page.locator("#direct #painted")).to_have_text("blue paints typed")
    assert page.evaluate("[React.version, ReactDOM.version]") == ["16.14.0", "16.14.0"]
    counter = page.locator("#host button")
    counter.click()
    counter.click()
    expect(counter).to_have_text("clicked 2 times with React 16.14.0")
    # A component that comes later looks for React when its file has been loaded.
    page.locator("#direct").get_by_text("blue second").click()
    expect(page.locator("#dropdown .dash-dropdown")).to_be_visible()
    page.locator("#dropdown .dash-dropdown").click()
    expect(page.locator(".dash-dropdown-content")).to_be_visible()
    assert page.title() == "The host's title"
    assert page.evaluate("getComputedStyle(document.querySelector('#host p')).color") == "rgb(1, 2, 3)"
    assert page.evaluate("window.Plotly !== undefined && window.hostScriptRan === 'at the end'")


def test_a_script_of_others_beside_those_of_the_page_does_not_change_its_react(
    page: Page, serve: Callable[..., str]
) -> None:
    """An app's external script, in a folder in which the page has scripts too."""
    deps = Path(dash.__file__).parent / "deps"
    page.route("**/host/*.js", lambda route: route.fulfill(path=deps / route.request.url.rpartition("/")[2]))
    page.route("**/host/of-app.js", lambda route: route.fulfill(body="window.seenByApp = React.version"))
    page.route("**/host/of-page.js", lambda route: route.fulfill(body="window.seenByPage = React.version"))
    DjangoDash("Beside", external_scripts=["/host/of-app.js"]).layout = html.P("shown", id="shown")
    page.goto(f"{serve()}/pages/host/")
    expect(page.locator("#direct #echoed")).to_have_text("Blue got blue")
    page.evaluate(GADGET, [json.dumps({"url": "/dash/app/beside/"})])
    expect(page.locator("#shown")).to_have_text("shown")
    page.add_script_tag(url="/host/of-page.js")
    assert page.evaluate("[seenByApp, seenByPage]") == ["18.3.1", "16.14.0"]


def test_pages_of_an_app_are_chosen_in_the_app(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/paged/?kept=1")
    for part in ("one", "two"):
        expect(page.locator(f"#{part} #start")).to_have_text("This is the start")
    page.locator("#two #link").click()
    expect(page.locator("#two #more")).to_have_text("This is more")
    expect(page.locator("#one #start")).to_have_text("This is the start")
    assert page.url == f"{live_server}/pages/paged/?kept=1"
    assert page.title() == "The host's title"


@pytest.mark.parametrize("setting", ["CSRF_USE_SESSIONS", "CSRF_COOKIE_HTTPONLY"])
def test_callbacks_carry_the_token_whatever_the_site_does_with_it(
    page: Page, settings: Any, serve: Callable[..., str], setting: str
) -> None:
    setattr(settings, setting, True)
    page.goto(f"{serve()}/pages/direct/")
    for part, colour in {"first": "red", "second": "blue"}.items():
        expect(page.locator(f"#{part} #echoed")).to_have_text(f"{colour.title()} got {colour}")


def test_who_may_not_see_an_app_is_told_so(
    page: Page, settings: Any, serve: Callable[..., str], troubles: Troubles
) -> None:
    settings.PLOTLY_DASH = {"view_decorator": "django_plotly_dash.access.login_required", "share_bundles": True}
    settings.LOGIN_URL = "/login/"
    urls, name = urls_made_again()
    mount(
        settings,
        path("pages/<slug:template>/", show),
        path("login/", LoginView.as_view(template_name="login.html")),
        path("dash/", include((urls, name))),
    )
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{serve()}/pages/direct/")
    expect(page.locator("#third [role=alert]")).to_have_text("You may not see this app, or have to log in first.")
    expect(page.locator("[role=alert]")).to_have_count(page.locator("[data-django-plotly-dash]").count())
    page.evaluate("1")
    troubles.expect("its configuration was answered with a redirect")
    troubles.expect("Refused to apply style")  # those of the assets are the app's as well
    assert not any("_dash-component-suites" in url for url in requested)


def test_twelve_apps_and_three_frames_on_one_page(page: Page, live_server: LiveServer) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url) if request.frame == page.main_frame else None)
    page.goto(f"{live_server}/pages/many/")
    for number in range(12):
        app = page.locator(f"#app-{number}")
        expect(app.locator("#echoed")).to_have_text(f"{number} got app {number}")
        expect(app.locator(".main-svg").first).to_be_visible()
        app.locator("#text").fill(f"typed {number}")
    for number in range(12):
        expect(page.locator(f"#app-{number} #echoed")).to_have_text(f"{number} got typed {number}")
        expect(page.locator(f"#app-{number} #reversed")).to_have_text(f"{number}: {f'typed {number}'[::-1]}")
    for number in range(3):
        frame = page.frame_locator(f"#frame-{number} iframe")
        frame.locator("#text").fill("in a frame")
        expect(frame.locator("#echoed")).to_have_text(f"{number} got in a frame")
    bundles = [url for url in requested if "_dash-component-suites" in url]
    assert len(bundles) == len(set(bundles)) > 8


def test_each_app_has_its_own_dev_tools(page: Page, serve: Callable[..., str], apps: Any) -> None:
    tools = {"dev_tools_ui": True, "dev_tools_hot_reload": False, "dev_tools_props_check": False}
    app = DjangoDash("Watched", dev_tools=tools)
    app.layout = html.Div("seen", style={"height": "300px"})
    page.goto(f"{serve()}/pages/watched/")
    expect(page.locator(".dash-debug-menu__outer")).to_have_count(2)
    bottoms = [menu.bounding_box()["y"] for menu in page.locator(".dash-debug-menu__outer").all()]  # type: ignore[index]
    assert abs(bottoms[1] - bottoms[0] - 300) < 20


@pytest.mark.parametrize("kept", ["first", "second"])
def test_a_style_sheet_stays_for_as_long_as_an_app_needs_it(page: Page, serve: Callable[..., str], kept: str) -> None:
    """A tag links to a style sheet that several apps need once, beside the first of them."""
    page.goto(f"{serve()}/pages/empty/")
    page.evaluate(
        """async () => {
            const text = async () => (await fetch("/pages/fragment/?app=Red")).text();
            const place = document.getElementById("place");
            place.innerHTML = `<div id="first">${await text()}</div><div id="second">${await text()}</div>`;
            document.querySelectorAll("#second link").forEach((link) => link.remove());
        }"""
    )
    colour = "id => getComputedStyle(document.querySelector(`#${id} .app-red`)).getPropertyValue('--of-red')"
    for part in ("first", "second"):
        expect(page.locator(f"#{part} #echoed")).to_have_text("Red got red")
        page.wait_for_function(f"({colour})('{part}') !== ''")
    gone = {"first": "second", "second": "first"}[kept]
    page.evaluate("id => document.getElementById(id).remove()", gone)
    page.wait_for_function("window.dash_stores.length === 1")
    page.wait_for_function(f"({colour})('{kept}') !== ''")


def test_an_app_is_tried_again_when_a_script_asks_for_it(
    page: Page, serve: Callable[..., str], troubles: Troubles
) -> None:
    page.goto(f"{serve()}/pages/empty/")
    page.route("**/app/red/_dpd/config", lambda route: route.abort(), times=1)
    page.evaluate(GADGET, [json.dumps({"url": "/dash/app/red/"})])
    expect(page.locator(".gadget [role=alert]")).to_have_text("This app cannot be shown.")
    troubles.clear()
    page.evaluate("djangoPlotlyDash.mount('.gadget').then(() => null)")
    expect(page.locator(".gadget #echoed")).to_have_text("Red got red")
    refused = page.evaluate("djangoPlotlyDash.mount('#nothing').catch((error) => error.message)")
    assert refused.startswith("djangoPlotlyDash.mount needs an element")


def test_elements_of_others_do_not_pass_for_our_scripts(page: Page, serve: Callable[..., str]) -> None:
    """An element with an id is in the window under that name."""
    names = ("djangoPlotlyDash", "djangoPlotlyDashFrames")
    page.add_init_script(
        "new MutationObserver((_, observer) => { if (document.body) { observer.disconnect();"
        + "".join(
            f"document.body.insertAdjacentHTML('afterbegin', '<form id={n}><input name=mount></form>');" for n in names
        )
        + "} }).observe(document, { childList: true, subtree: true })"
    )
    page.goto(f"{serve()}/pages/mixed/")
    assert page.locator("form[id^=djangoPlotlyDash]").count() == 2
    expect(page.locator("[data-django-plotly-dash] #echoed").first).to_be_visible()
    page.wait_for_function("document.querySelector('iframe').style.display === 'block'")


GADGET = """(values) => {
    for (const value of values) {
        const element = document.createElement("div");
        element.className = "gadget";
        element.setAttribute("data-django-plotly-dash", value);
        document.body.append(element);
    }
}"""


def test_an_element_that_somebody_has_written_loads_nothing_of_his(
    page: Page, live_server: LiveServer, troubles: Troubles
) -> None:
    """HTML that users have written keeps such attributes when it is made safe."""
    bad = "https://localhost/evil"
    files = {"config": {}, "scripts": [{"src": f"{bad}/run.js"}], "styles": [], "launcher": None}
    ours = {"X-Django-Plotly-Dash": "config"}
    allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}
    asked: list[str] = []

    def of_other_site(route: Any) -> None:
        asked.append(route.request.url)
        if route.request.url.endswith(".js"):
            route.fulfill(body="window.wasRun = true", content_type="text/javascript")
        else:
            route.fulfill(json=files, headers={**ours, **allowed})

    page.route("https://localhost/**", of_other_site)
    page.route("**/uploaded/_dpd/config", lambda route: route.fulfill(json=files))
    page.route("**/page/_dpd/config", lambda route: route.fulfill(body="{}", content_type="text/html", headers=ours))
    page.route(
        "**/leads/_dpd/config", lambda route: route.fulfill(status=302, headers={"Location": f"{bad}/_dpd/config"})
    )
    page.goto(f"{live_server}/pages/empty/")
    values: list[Any] = [
        {"url": "/dash/app/red/", **files},
        *(
            {"url": url, **files}
            for url in (f"{bad}/", "//localhost/evil/", "/.//localhost/evil/", "/\\localhost/evil/")
        ),
        *(
            {"url": f"/{path}", **files}
            for path in ("uploaded/", "page/", "leads/", "uploaded/?a=/", "uploaded/#/", "no")
        ),
        {"url": None},
        {},
    ]
    page.evaluate(GADGET, [*map(json.dumps, values), "no JSON"])
    expect(page.locator(".gadget #echoed")).to_have_text("Red got red")  # its own files, whatever the element says
    expect(page.locator(".gadget [role=alert]")).to_have_count(len(values))
    assert page.evaluate("window.wasRun") is None
    assert asked == []
    assert not page.evaluate("[...document.scripts].some((script) => script.src.includes('evil'))")
    troubles.expect("an element: its address is no path of this site's")
    troubles.expect("/(uploaded|page)/: its configuration was answered with status 200, by another than an app")
    troubles.expect("/leads/: its configuration was answered with a redirect")


def test_a_script_or_style_of_others_that_is_not_there_does_not_stop_an_app(
    page: Page, serve: Callable[..., str], troubles: Troubles
) -> None:
    app = DjangoDash("Watched", external_scripts=["/gone.js"], external_stylesheets=["/gone.css"])
    app.layout = html.Div("seen", id="seen")
    address = serve()
    page.goto(f"{address}/pages/empty/")
    with (
        page.expect_console_message(lambda message: "/gone.js cannot be loaded" in message.text),
        page.expect_console_message(lambda message: "/gone.css cannot be loaded" in message.text),
    ):
        page.evaluate(GADGET, [json.dumps({"url": "/dash/app/watched/"})])
    expect(page.locator("#seen")).to_have_text("seen")
    page.evaluate("1")
    troubles.expect(r"/dash/app/watched/: http.*/gone\.(js|css) cannot be loaded")
    troubles.expect(r"404: GET .*/gone\.")
    troubles.expect(r"Refused to (apply style|execute script) .*/gone\.")


def test_a_script_of_dash_that_is_not_there_is_told_of(
    page: Page, serve: Callable[..., str], troubles: Troubles
) -> None:
    DjangoDash("Watched").layout = html.Div("seen", id="seen")
    page.route("**/dash_renderer.*", lambda route: route.fulfill(status=404))
    page.goto(f"{serve()}/pages/empty/")
    page.evaluate(GADGET, [json.dumps({"url": "/dash/app/watched/"})])
    expect(page.locator(".gadget [role=alert]")).to_have_text("This app cannot be shown.")
    page.evaluate("1")
    troubles.expect("dash_renderer")
    troubles.clear()
