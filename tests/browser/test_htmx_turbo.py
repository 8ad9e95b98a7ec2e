"""Apps in what htmx and Turbo put into a page and take out of it. Their scripts come with packages of others, which are
not imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from .conftest import Troubles

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.browser.test_htmx_turbo")]

HEAD = """<!DOCTYPE html><html lang="en"><head><title>Page {{ name }}</title>
<script src="/library.js"></script>{% load plotly_dash %}{% plotly_scripts %}</head><body>"""
PAGES = {
    "htmx": """<button id="get" hx-get="/fragment/" hx-target="#place">get</button>
        <button id="other" hx-get="/fragment/?app=Blue" hx-target="#place">get another</button>
        <button id="take" hx-delete="/nothing/" hx-target="#place" hx-swap="innerHTML">take away</button>
        <a id="next" href="/htmx-next/" hx-boost="true">next</a><div id="place"></div>""",
    "htmx-next": "{% plotly_direct name='Blue' %}",
    "turbo": "<a id='to' href='/turbo-next/'>next</a>{% plotly_direct name='Red' %}",
    "turbo-next": """<a id="back" href="/turbo/">back</a>{% plotly_direct name="Blue" %}
        <turbo-frame id="part"><a id="open" href="/turbo-part/">open</a></turbo-frame>""",
    "turbo-part": "<turbo-frame id='part'>{% plotly_direct name='Red' %}<a id='close' href='/turbo-next/'>close</a>"
    "</turbo-frame>",
}


def show(request: HttpRequest, name: str) -> HttpResponse:
    """One of the pages above."""
    if name not in PAGES:
        raise Http404(name)
    return HttpResponse(Template(HEAD + PAGES[name] + "</body></html>").render(RequestContext(request, {"name": name})))


def fragment(request: HttpRequest) -> HttpResponse:
    """An app and nothing around it."""
    text = '{% load plotly_dash %}{% plotly_direct name=request.GET.app|default:"Red" %}'
    return HttpResponse(Template(text).render(RequestContext(request)))


def nothing(request: HttpRequest) -> HttpResponse:
    """What stands there when something is gone."""
    return HttpResponse("")


nothing.csrf_exempt = True  # type: ignore[attr-defined]
urlpatterns = [
    path("dash/", include("django_plotly_dash.urls")),
    path("fragment/", fragment),
    path("nothing/", nothing),
    path("<slug:name>/", show),
]


@pytest.fixture
def with_library(page: Page) -> SimpleNamespace:
    def use(package: str, *scripts: str) -> None:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        files = [Path(spec.origin).parent / "static" / script for script in scripts]
        file = next(file for file in files if file.exists())

        def answer(route: Route) -> None:
            route.fulfill(path=file, content_type="text/javascript")

        page.route("**/library.js", answer)

    return SimpleNamespace(use=use)


def stores(page: Page, number: int) -> None:
    page.wait_for_function("(number) => window.dash_stores.length === number", arg=number)


def test_htmx(page: Page, live_server: LiveServer, with_library: SimpleNamespace) -> None:
    with_library.use("django_htmx", "django_htmx/htmx-2.min.js", "django_htmx/htmx.min.js")  # its name in releases
    page.goto(f"{live_server}/htmx/")
    place = page.locator("#place")
    page.click("#get")
    expect(place.locator("#echoed")).to_have_text("Red got red")
    place.locator("#text").fill("typed")
    expect(place.locator("#painted")).to_have_text("red paints typed")
    page.click("#other")  # in the place of the first
    expect(place.locator("#echoed")).to_have_text("Blue got blue")
    stores(page, 1)
    page.click("#take")
    stores(page, 0)
    expect(place).to_be_empty()
    page.click("#get")
    expect(place.locator("#echoed")).to_have_text("Red got red")
    # A boosted link puts the whole of another page into this one; the way back puts in what htmx has kept of this one.
    page.click("#next")
    expect(page.locator("#echoed")).to_have_text("Blue got blue")
    expect(page).to_have_title("Page htmx-next")
    stores(page, 1)
    page.go_back()
    expect(place.locator("#echoed")).to_have_text("Red got red")
    place.locator("#text").fill("back again")
    expect(place.locator("#echoed")).to_have_text("Red got back again")
    stores(page, 1)
    assert page.evaluate("document.querySelectorAll('#echoed').length") == 1


def test_turbo(page: Page, live_server: LiveServer, with_library: SimpleNamespace) -> None:
    with_library.use("turbo", "turbo/js/turbo.min.js")
    page.goto(f"{live_server}/turbo/")
    expect(page.locator("#echoed")).to_have_text("Red got red")
    page.evaluate("window.sameDocument = true")
    page.click("#to")
    expect(page.locator("#echoed")).to_have_text("Blue got blue")
    stores(page, 1)
    page.click("#open")
    part = page.locator("turbo-frame")
    expect(part.locator("#echoed")).to_have_text("Red got red")
    part.locator("#text").fill("in a part")
    expect(part.locator("#painted")).to_have_text("red paints in a part")
    page.click("#close")
    stores(page, 1)
    # A link back shows what Turbo has kept of the page first, then the page.
    page.click("#back")
    expect(page.locator("#echoed")).to_have_text("Red got red")
    expect(page).to_have_title("Page turbo")
    page.locator("#text").fill("once more")
    expect(page.locator("#echoed")).to_have_text("Red got once more")
    stores(page, 1)
    page.go_back()
    expect(page.locator("#echoed")).to_have_text("Blue got blue")
    page.locator("#text").fill("restored")
    expect(page.locator("#echoed")).to_have_text("Blue got restored")
    page.evaluate(
        """async () => Turbo.renderStreamMessage(
            "<turbo-stream action='append' target='part'><template>" + await (await fetch("/fragment/")).text() +
            "</template></turbo-stream>")"""
    )
    expect(part.locator("#echoed")).to_have_text("Red got red")
    stores(page, 2)
    page.evaluate("Turbo.renderStreamMessage(\"<turbo-stream action='remove' target='part'></turbo-stream>\")")
    stores(page, 1)
    assert page.evaluate("window.sameDocument")


def test_an_element_that_is_emptied_gets_its_app_again(page: Page, live_server: LiveServer, troubles: Troubles) -> None:
    """As by scripts that change a page until it is like a new one, in which the element is empty."""
    page.route("**/library.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(f"{live_server}/turbo/")
    expect(page.locator("#echoed")).to_have_text("Red got red")
    page.evaluate("document.querySelector('[data-django-plotly-dash]').replaceChildren()")
    expect(page.locator("#echoed")).to_have_text("Red got red")
    page.locator("#text").fill("again")
    expect(page.locator("#echoed")).to_have_text("Red got again")
    stores(page, 1)
