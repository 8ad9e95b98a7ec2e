"""Pipes in real browsers, over real servers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.conftest import Troubles
from tests.redis_server import Redis
from tests.server_processes import Server

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
NEWS = "iframe[title='News']"
OTHER = "iframe[title='Other news']"
# What Chromium says of a socket whose server is away, and of a request that it had under way.
AWAY = r"WebSocket (connection to|is already)|ERR_CONNECTION|ERR_EMPTY|ERR_SOCKET|503"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    found = Server("uvicorn", folder).start()
    yield found
    found.stop()


class Sockets(list[Any]):
    """The websockets of a page."""

    def __init__(self, page: Page) -> None:
        page.on("websocket", lambda socket: self.append(socket))


def told(page: Page) -> list[str]:
    """What this package writes to the console."""
    found: list[str] = []
    page.on("console", lambda message: "django_plotly_dash:" in message.text and found.append(message.text))
    return found


def subscribed(page: Page, *apps: Any) -> None:
    """Wait until a page gets what is sent: send until it does."""
    for app in apps:
        expect(app.locator("#send")).to_be_visible()
    page.wait_for_function("window.dpd_wsb !== undefined")


def send_until(server: Server, value: str, *apps: Page | FrameLocator | Locator) -> None:
    """Send a value again and again until all of these show it."""
    for _ in range(60):
        with contextlib.suppress(OSError):
            server.get(f"/send/?value={value}")
        try:
            for app in apps:
                expect(app.locator("#shown")).to_contain_text(f"[{value}]", timeout=1000)
        except AssertionError:
            continue
        return
    raise AssertionError(f"{value} did not arrive")


def test_a_message_reaches_all_pipes_of_a_page_over_one_socket(page: Page, server: Server, troubles: Troubles) -> None:
    sockets, console = Sockets(page), told(page)
    page.goto(f"{server.url}/page/")
    first, second = page.frame_locator(NEWS), page.frame_locator(OTHER)
    subscribed(page, first, second)
    send_until(server, "hello", first, second)
    before = first.locator("#shown").inner_text()
    server.get("/send/?value=once")
    for app in (first, second):
        expect(app.locator("#shown")).to_have_text(re.compile(r"\[once\]$"))
    assert first.locator("#shown").inner_text() == f"{before}[once]"
    assert len(sockets) == 1
    assert sockets[0].url == f"{server.url.replace('http', 'ws')}/dpd/ws/channel?lists=1"

    # From callbacks, of either colour, to both apps.
    first.locator("#send").click()
    second.locator("#send-async").click()
    for app in (first, second):
        expect(app.locator("#shown")).to_contain_text("[from a callback of News]")
        expect(app.locator("#shown")).to_contain_text("[from a coroutine of Other news]")

    # What the site's pipe_access says.
    refusals = [text for text in console if "does not let this visitor" in text]
    assert refusals == [
        'django_plotly_dash: the site does not let this visitor subscribe (channel "secret", label "password").'
    ]
    page.evaluate("window.dpd_wsb.add_callback((message) => { window.heard = message; })")
    page.evaluate("window.dpd_wsb.send({type: 'connection_triplet', channel_name: 'open', label: 'mic'})")
    page.evaluate("window.dpd_wsb.send({channel_name: 'open', label: 'mic', value: [1]})")
    page.wait_for_function("window.heard && window.heard.label === 'mic'")
    assert page.evaluate("window.heard") == {"channel_name": "open", "label": "mic", "value": [1]}
    page.evaluate("window.dpd_wsb.send({channel_name: 'news', label: 'headline', value: 'fake news'})")
    page.evaluate("window.dpd_wsb.send({channel_name: 'open', label: 'mic', value: 2})")
    page.wait_for_function("window.heard.value === 2")
    assert "fake news" not in first.locator("#shown").inner_text()


@pytest.mark.parametrize("query", ["?tag", ""], ids=["with the tag", "without the tag"])
def test_pipes_of_apps_without_frames(page: Page, server: Server, query: str) -> None:
    sockets = Sockets(page)
    page.goto(f"{server.url}/direct/{query}")
    apps = [page.locator("#first"), page.locator("#second"), page.frame_locator(NEWS)]
    subscribed(page, *apps)
    send_until(server, "hello", *apps)
    assert len(sockets) == 1
    page.locator("#second #send").click()
    for app in apps:
        expect(app.locator("#shown")).to_contain_text("[from a callback of Other news]")
    # An app that goes leaves the pipes of the others.
    page.evaluate("djangoPlotlyDash.unmount('#first [data-django-plotly-dash]')")
    send_until(server, "later", *apps[1:])
    page.evaluate("djangoPlotlyDash.mount('#first [data-django-plotly-dash]')")
    send_until(server, "back", *apps)
    assert len(sockets) == 1


def test_an_app_that_is_opened_alone_has_its_own_socket(page: Page, server: Server) -> None:
    sockets = Sockets(page)
    page.goto(f"{server.url}/dash/app/news/")
    subscribed(page, page)
    send_until(server, "alone", page)
    assert len(sockets) == 1


def test_an_app_in_a_frame_without_the_tag_around_it_has_its_own_socket(page: Page, server: Server) -> None:
    sockets = Sockets(page)
    page.goto(f"{server.url}/send/?value=no")  # any page of the site
    page.evaluate(
        """() => { const frame = document.createElement("iframe"); frame.title = "News"; frame.height = 300;
        frame.src = "/dash/app/news/"; document.body.append(frame); }"""
    )
    send_until(server, "framed", page.frame_locator(NEWS))
    assert len(sockets) == 1


def test_a_page_finds_its_server_again(page: Page, folder: Path, troubles: Troubles) -> None:
    server = Server("daphne", folder).start()
    try:
        console = told(page)
        page.goto(f"{server.url}/dash/app/news/")
        subscribed(page, page)
        send_until(server, "before", page)
        server.stop()
        server.start()
        send_until(server, "after", page)
        assert any("is connected again" in text for text in console)
        assert "[before]" in page.locator("#shown").inner_text()  # the page was not loaded again
    finally:
        page.goto("about:blank")
        server.stop()
    troubles[:] = [trouble for trouble in troubles if not re.search(AWAY, trouble)]


def test_under_wsgi_the_console_says_what_is_wrong_once(page: Page, folder: Path, troubles: Troubles) -> None:
    server = Server("gunicorn", folder).start()
    try:
        console, sockets = told(page), Sockets(page)
        page.goto(f"{server.url}/page/")
        first = page.frame_locator(NEWS)
        first.locator("#send").click()  # the app works, without messages
        while len(sockets) < 3:
            page.wait_for_timeout(100)
        (text,) = console
        assert "no websocket answers at ws://127.0.0.1" in text
        assert "This page comes from a WSGI server" in text
        assert "django_plotly_dash.routing.application" in text
    finally:
        page.goto("about:blank")
        server.stop()
    page.evaluate("1")
    troubles.expect(r"WebSocket connection to .* failed|404: GET .*/dpd/ws/channel")


LAYERS = ["channels_redis.pubsub.RedisPubSubChannelLayer", "channels_redis.core.RedisChannelLayer"]


@pytest.mark.parametrize("backend", LAYERS, ids=["pubsub", "core"])
def test_two_processes_and_a_redis_that_is_restarted(
    page: Page, folder: Path, troubles: Troubles, backend: str
) -> None:
    redis = Redis().start()
    layers = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [redis.url]}}}
    servers = [Server(kind, folder, layers).start() for kind in ("uvicorn", "daphne")]
    try:
        pages = [page, page.context.new_page()]
        troubles.watch(pages[1])
        console = told(pages[0])
        for each, server in zip(pages, servers, strict=True):
            each.goto(f"{server.url}/dash/app/news/")
            subscribed(each, each)
        for number, server in enumerate(servers):
            send_until(server, f"from process {number}".replace(" ", "-"), *pages)
        redis.stop()
        redis.start()
        for number, server in enumerate(servers):
            send_until(server, f"after-{number}", *pages)
        for each in pages:
            assert "[from-process-0]" in each.locator("#shown").inner_text()  # no page was loaded again
        assert [text for text in console if "no websocket" in text] == []
    finally:
        for each in page.context.pages:
            each.goto("about:blank")
        for server in servers:
            server.stop()
        redis.stop()
    troubles[:] = [trouble for trouble in troubles if not re.search(AWAY, trouble)]
