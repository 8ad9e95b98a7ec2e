"""The script for live updating by itself: a real browser whose clock and server are the test's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute

from django_plotly_dash import own_files
from tests.browser.conftest import Troubles
from tests.ports import free_port

pytestmark = pytest.mark.browser
SCRIPT = Path(str(own_files.__file__)).parent
BODY = "<script src='/pipes.js' data-url='/live' data-server='asgi'></script>"


class Server:
    """What answers at the other end of a page's websocket."""

    def __init__(self, page: Page, *, random: float = 0.0, answers: bool = True, body: str = BODY) -> None:
        self.page = page
        self.sockets: list[WebSocketRoute] = []
        self.heard: list[list[Any]] = []
        self.console: list[str] = []
        self.closed: list[int] = []
        url = f"http://127.0.0.1:{free_port()}"
        script = next(SCRIPT.rglob("pipes.js")).read_text()
        page.route(f"{url}/page", lambda route: route.fulfill(body=f"<!doctype html>{body}", content_type="text/html"))
        page.route(f"{url}/pipes.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
        page.on("console", lambda message: self.console.append(message.text))
        if answers:
            page.route_web_socket(f"{url.replace('http', 'ws')}/live?lists=1", self._opened)
        page.add_init_script(f"Math.random = () => {random}")
        page.clock.install(time=0)
        page.goto(f"{url}/page")
        page.clock.pause_at(1_000_000)

    def _opened(self, socket: WebSocketRoute) -> None:
        heard: list[Any] = []
        socket.on_message(lambda text: heard.append(json.loads(text)))
        socket.on_close(lambda *_: self.closed.append(self.sockets.index(socket)))
        self.sockets.append(socket)
        self.heard.append(heard)

    def send(self, **message: Any) -> None:
        """What a pipe or a script says in the page."""
        self.page.evaluate("(message) => window.dpd_wsb.send(message)", message)

    def pipe(self, label: str, **more: Any) -> None:
        self.send(type="connection_triplet", uid="u", channel_name="c", label=label, **more)

    def passes(self, seconds: float) -> None:
        """Let time pass in the page."""
        self.page.clock.run_for(round(seconds * 1000))
        self.page.wait_for_timeout(50)  # of the test's own clock: the browser may do what it has begun

    def until(self, holds: Callable[[], Any]) -> None:
        for _ in range(400):
            if holds():
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"it did not happen: {self.heard} {self.console} {self.closed}")

    def labels(self, kind: str = "connection_triplet") -> list[str]:
        """Which pipes have said this over the newest socket."""
        return [message["label"] for message in self.heard[-1] if message["type"] == kind]

    def close(self, code: int, reason: str = "") -> None:
        number = len(self.sockets)
        self.sockets[-1].close(code=code, reason=reason)
        self.page.wait_for_timeout(50)
        assert len(self.sockets) == number

    def opens_after(self, seconds: float) -> None:
        """The next socket is opened after that time, and not before."""
        number = len(self.sockets)
        self.passes(seconds - 0.01)
        assert len(self.sockets) == number, f"a socket was opened before {seconds} s"
        self.passes(0.01)
        self.until(lambda: len(self.sockets) == number + 1)


@pytest.mark.parametrize(("random", "part"), [(0.0, 0.5), (0.5, 0.75), (0.999999, 1.0)])
def test_a_page_tries_again_later_and_later_and_not_at_the_same_time_as_others(
    page: Page, random: float, part: float
) -> None:
    server = Server(page, random=random)
    server.send(type="connection_triplet", channel_name="c", label="l")
    server.until(lambda: server.labels() == ["l"])
    for seconds in (1, 2, 4, 8, 16, 32, 60, 60):
        server.close(1012)
        server.opens_after(seconds * part)
        server.until(lambda: server.labels() == ["l"])
    # One that has been good begins anew.
    server.passes(6)
    server.close(1012)
    server.opens_after(part)


@pytest.mark.parametrize("code", [4400, 4413, 4429, 4430, 4503])
def test_what_will_not_be_better_in_a_second_is_tried_once_a_minute_and_told_once(
    page: Page, troubles: Troubles, code: int
) -> None:
    server = Server(page)
    server.pipe("l")
    server.until(lambda: server.labels() == ["l"])
    for _ in range(2):
        server.close(code, "More than allowed")
        server.opens_after(30)
    told = f"django_plotly_dash: the server has ended live updating ({code}): More than allowed."
    assert [text for text in server.console if "has ended" in text] == [told]
    troubles.expect("the server has ended live updating")


def test_a_server_that_gives_no_reason_is_told_by_its_code(page: Page, troubles: Troubles) -> None:
    server = Server(page)
    server.pipe("l")
    server.until(lambda: server.sockets)
    server.close(4999)
    assert "django_plotly_dash: the server has ended live updating (4999): see its log." in server.console
    troubles.expect("4999")


def test_where_no_websocket_answers_at_an_asgi_server_the_console_says_what_to_look_at(
    page: Page, troubles: Troubles
) -> None:
    server = Server(page, answers=False)
    server.pipe("l")

    def told() -> list[str]:
        return [text for text in server.console if text.startswith("django_plotly_dash:")]

    server.until(told)
    server.passes(60)
    (text,) = told()
    assert "no websocket answers at ws://127.0.0.1" in text
    assert "Is django_plotly_dash.routing in the site's ASGI application" in text
    assert "does PLOTLY_DASH['ws_route'] name this path" in text
    assert "WSGI" not in text
    troubles.expect("WebSocket connection to .* failed")


def test_a_page_that_the_browser_puts_aside_closes_its_socket_and_opens_one_when_it_is_back(page: Page) -> None:
    server = Server(page)
    server.pipe("l")
    server.until(lambda: server.labels() == ["l"])
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    server.until(lambda: server.closed == [0])
    server.passes(20)
    assert len(server.sockets) == 1
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    server.until(lambda: len(server.sockets) == 2 and server.labels() == ["l"])


def test_a_page_forgets_pipes_that_have_gone(page: Page) -> None:
    """Otherwise one that names others as long as it lives would have too many at some time."""
    server = Server(page)
    server.send(type="connection_triplet", channel_name="c", label="of a script")
    for number in range(120):
        server.pipe(f"{number}")
        page.clock.run_for(10_000)
        server.pipe("stays")
    server.passes(0.1)
    assert {"of a script", "stays", "0", "119"} <= set(server.labels())
    left = server.labels("unsubscribe")
    assert left == [f"{number}" for number in range(len(left))]
    assert len(left) >= 115
    server.close(1012)
    server.opens_after(0.5)
    server.until(lambda: len(server.labels()) >= 3)
    server.passes(1)
    assert len(server.labels()) == 122 - len(left)
    assert {"of a script", "stays", "119"} <= set(server.labels())
    # One that comes back subscribes.
    server.pipe("0")
    server.until(lambda: "0" in server.labels())
    # A script may leave.
    server.send(type="unsubscribe", channel_name="c", label="of a script")
    server.until(lambda: "of a script" in server.labels("unsubscribe"))


def test_callbacks_of_frames_that_have_gone_are_not_called(page: Page) -> None:
    server = Server(page)
    page.evaluate("""() => {
        window.calls = [];
        for (const name of ["removed", "changed", "stays"]) {
            const frame = document.createElement("iframe");
            frame.id = name;
            document.body.append(frame);
            const script = frame.contentDocument.createElement("script");
            script.textContent = `parent.dpd_wsb.add_callback(() => parent.calls.push("${name}"))`;
            frame.contentDocument.head.append(script);
        }
        window.dpd_wsb.add_callback(async () => window.calls.push("page"));
    }""")
    server.pipe("l")
    server.until(lambda: server.labels() == ["l"])

    def called() -> list[str]:
        page.evaluate("window.calls = []")
        server.sockets[-1].send('{"channel_name": "c", "label": "l", "value": 1}')
        page.wait_for_function("window.calls.includes('page')")
        return list(page.evaluate("window.calls"))

    assert called() == ["removed", "changed", "stays", "page"]
    page.evaluate("""() => {
        document.getElementById("removed").remove();
        document.getElementById("changed").src = "/page";
    }""")
    page.frame_locator("#changed").locator("script").wait_for(state="attached")
    server.passes(10)
    assert called() == ["stays", "page"]
