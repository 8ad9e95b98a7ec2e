"""When sockets of apps without frames beat, end and come back: a real browser, and the test's clock and websockets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Troubles
from tests.browser.test_direct_websockets import uvicorn
from tests.browser.test_websocket_callbacks import environment, folder
from tests.server_processes import Server

__all__ = ["environment", "folder", "uvicorn"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
# A server that answers heartbeats, unless it is mute, and opens sockets, unless it is away.
SERVER = """
window.made = [];
window.isAway = window.isMute = false;
window.WebSocket = class {
    static OPEN = 1;
    constructor(url) {
        Object.assign(this, { url, readyState: 0, sent: [], code: null });
        window.made.push(this);
        queueMicrotask(() => {
            if (window.isAway) return this.close(1006);
            this.readyState = 1;
            this.onopen();
        });
    }
    send(text) {
        this.sent.push(text);
        if (!window.isMute && JSON.parse(text).type === "heartbeat")
            queueMicrotask(() => this.onmessage({ data: '{"type": "heartbeat_ack"}' }));
    }
    close(code, reason = "") {
        Object.assign(this, { readyState: 3, code });
        queueMicrotask(() => this.onclose({ code, reason }));
    }
};
"""
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def still(page: Page, uvicorn: Server) -> str:
    return f"{uvicorn.url}/direct/?empty"


def opened(page: Page, url: str, *, is_away: bool = False) -> None:
    """A page with an app that waits for somebody to use it."""
    page.add_init_script(SERVER + f"window.isAway = {json.dumps(is_away)};")
    page.clock.install()
    page.goto(url)
    page.evaluate(
        """async () => {
            document.getElementById("place").innerHTML = await (await fetch("/fragment/?app=Still")).text();
        }"""
    )
    expect(page.locator("#answer")).to_have_text("still")
    page.wait_for_function("window.made.length > 0")


def codes(page: Page) -> list[Any]:
    """How the page's sockets have ended; None for one that has not."""
    return list(page.evaluate("window.made.map((socket) => socket.code)"))


def beats(page: Page) -> int:
    return int(page.evaluate("window.made.at(-1).sent.filter((text) => text.includes('heartbeat')).length"))


def test_a_socket_beats_and_one_that_is_not_answered_is_opened_anew(page: Page, still: str) -> None:
    opened(page, still)
    page.clock.run_for(21_000)
    assert beats(page) == 1
    page.clock.run_for(20_000)
    assert beats(page) == 2
    assert codes(page) == [None]
    page.evaluate("window.isMute = true")
    page.clock.run_for(20_000)
    assert codes(page) == [None]
    page.clock.run_for(10_000)
    assert codes(page)[0] == 4000
    page.clock.run_for(2_000)
    assert codes(page) == [4000, None]


def test_a_socket_that_nobody_uses_ends_and_comes_back_when_somebody_looks(page: Page, still: str) -> None:
    opened(page, still)
    for _ in range(4):
        page.clock.run_for(20_000)
    assert codes(page) == [None]
    page.clock.run_for(45_000)
    assert codes(page) == [4001]
    page.clock.run_for(600_000)
    assert codes(page) == [4001]
    page.evaluate(LOOK)
    page.clock.run_for(100)
    assert codes(page) == [4001, None]
    # Or when a callback is called.
    page.clock.run_for(125_000)
    assert codes(page) == [4001, 4001]
    page.locator("#go").click()
    page.wait_for_function("window.made.length === 3")
    page.wait_for_function("window.made[2].sent.some((text) => text.includes('callback_request'))")


def test_a_server_that_is_away_is_tried_ten_times_more_and_then_when_somebody_looks(
    page: Page, still: str, troubles: Troubles
) -> None:
    opened(page, still, is_away=True)
    for _ in range(40):
        page.clock.run_for(15_000)
    assert codes(page) == [1006] * 11
    troubles.expect("djangoPlotlyDash: ws://.*/dash/app/still/_dash-ws-callback: The server does not answer")
    assert not troubles  # it is told once
    page.evaluate("window.isAway = false")
    page.clock.run_for(600_000)
    assert codes(page) == [1006] * 11
    page.evaluate(LOOK)
    page.clock.run_for(100)
    assert codes(page) == [*[1006] * 11, None]
