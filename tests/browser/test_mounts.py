"""The same app below other paths, served in other ways."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dash import Input, Output, dcc, html
from django.utils.translation import get_language
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash
from django_plotly_dash.models import DashApp, StatelessApp

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]


def test_an_app_below_a_script_name(page: Page, serve: Callable[..., str]) -> None:
    site = serve(script_name="/a site")
    with page.expect_response("**/_dash-update-component*") as answer:
        page.goto(f"{site}/dash/app/echo/")
    assert answer.value.url.startswith(f"{site}/dash/app/echo/".replace(" ", "%20"))
    page.fill("#text", "below")
    expect(page.locator("#echoed")).to_have_text("You wrote below")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.goto(f"{site}/frames/")
    expect(page.frame_locator("iframe[title='Second app']").locator("#echoed")).to_have_text("Second got two")
    graph = page.frame_locator("iframe[title='Echo']").locator(".js-plotly-plot .main-svg").first
    expect(graph).to_be_visible()  # the server must not end while the page loads what draws it
    page.goto(f"{site}/dash/app/decorated/")
    expect(page.locator("h1")).to_have_css("color", "rgb(1, 102, 203)")


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_app_whose_path_names_the_language(
    page: Page, serve: Callable[..., str], settings: Settings, language: str
) -> None:
    settings.ROOT_URLCONF = "tests.site.localised_urls"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    app = DjangoDash("Tongues")
    app.layout = html.Div([dcc.Input(id="text", value="hello"), html.P(id="answer")])

    @app.callback(Output("answer", "children"), Input("text", "value"))
    def answer(text: str) -> str:
        return f"{text} in {get_language()}"

    site = serve()
    page.goto(f"{site}/{language}/dash/app/tongues/")
    expect(page.locator("#answer")).to_have_text(f"hello in {language}")
    page.goto(f"{site}/{language}/pages/frames/")
    with page.expect_response(f"**/{language}/dash/app/second-app/_dash-update-component*"):
        page.frame_locator("iframe[title='Second app']").locator("#text").fill("framed")
    expect(page.frame_locator("iframe[title='Second app']").locator("#echoed")).to_have_text("Second got framed")


@pytest.fixture
def saved(transactional_db: None) -> DashApp:
    return DashApp.objects.create(
        stateless_app=StatelessApp.objects.create(app_name="Echo"), instance_name="A saved one"
    )


def test_a_saved_instance_has_a_page_of_its_own(page: Page, live_server: LiveServer, saved: DashApp) -> None:
    with page.expect_response("**/dash/instance/a-saved-one/_dash-update-component*"):
        page.goto(f"{live_server}/dash/instance/{saved.slug}/")
    page.fill("#text", "saved")
    expect(page.locator("#echoed")).to_have_text("You wrote saved")


def test_compression_by_django(page: Page, serve: Callable[..., str], settings: Settings) -> None:
    settings.MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *settings.MIDDLEWARE]
    encodings = {}
    page.on("response", lambda response: encodings.update({response.url: response.headers.get("content-encoding")}))
    page.goto(f"{serve()}/dash/app/echo/")
    page.fill("#text", "long " * 100)
    expect(page.locator("#echoed")).to_have_text(f"You wrote {'long ' * 100}")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    plotly = [encoding for url, encoding in encodings.items() if "plotly" in url]
    assert plotly
    assert set(plotly) == {"gzip"}
    assert [encoding for url, encoding in encodings.items() if url.endswith("_dash-layout")] == ["gzip"]


@pytest.fixture
def asgi_site() -> Iterator[str]:
    """A process of its own, in which uvicorn serves the test site."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "tests.site.asgi:application", f"--fd={number}", "--log-level=warning"],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            pass_fds=[number],
        )
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            process.terminate()
            process.wait()


def test_an_asgi_server_answers_async_callbacks_on_its_loop(page: Page, asgi_site: str) -> None:
    page.goto(f"{asgi_site}/dash/app/threads/")
    page.fill("#text", "good day")
    expect(page.locator("#async")).to_have_text("good day from the main thread")
    expect(page.locator("#sync")).to_have_text("good day from another thread")
    page.goto(f"{asgi_site}/dash/app/echo/")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.goto(f"{asgi_site}/frames/")
    expect(page.frame_locator("iframe[title='Second app']").locator("#echoed")).to_have_text("Second got two")
