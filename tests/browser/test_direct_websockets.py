"""Websocket callbacks of apps that stand in a page without frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Troubles
from tests.browser.test_websocket_callbacks import AWAY, advances, environment, folder, running, sockets
from tests.server_processes import Server
from tests.waiting import eventually

__all__ = ["environment", "folder"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
# Which sockets the page itself has, and how many of them are open.
COUNTING = """
(() => {
    const Socket = window.WebSocket;
    window.opened = [];
    window.WebSocket = class extends Socket {
        constructor(...args) { super(...args); window.opened.push(this); }
    };
})();
"""
OPEN = "window.opened.filter((socket) => socket.readyState < 2).map((socket) => new URL(socket.url).pathname).sort()"


@pytest.fixture(scope="module")
def uvicorn(folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    found = Server("uvicorn", folder, **environment).start()
    yield found
    found.stop()


def test_each_app_has_its_own_socket_and_gets_what_is_its_own(page: Page, uvicorn: Server, troubles: Troubles) -> None:
    page.add_init_script(COUNTING)
    page.goto(f"{uvicorn.url}/direct/")
    places = {"#tick": "Tick", "#tock": "Tock", "#again": "Tick"}
    frame = page.frame_locator("iframe")
    # Persistent callbacks stream into every app.
    for place in places:
        advances(page.locator(f"{place} #clock"))
    advances(frame.locator("#clock"))
    assert sorted(running(uvicorn)) == ["Tick", "Tick", "Tock", "Tock"]
    ours = ["/dash/app/tick/_dash-ws-callback", "/dash/app/tick/_dash-ws-callback", "/dash/app/tock/_dash-ws-callback"]
    assert page.evaluate(OPEN) == ours
    # What is pressed at once in all of them is answered in each: what streams, what the page is asked for, the answer.
    page.evaluate("document.querySelectorAll('#go').forEach((button) => button.click())")
    for place, name in places.items():
        expect(page.locator(f"{place} #answer")).to_have_text(f"{name} 1 of the page nobody")
        expect(page.locator(f"{place} #steps")).to_have_text(f"step 2 of {name}")
    expect(page.locator("#quiet #answer")).to_have_text("1 True")
    frame.locator("#go").click()
    expect(frame.locator("#answer")).to_have_text("Tock 1 of the page nobody")
    # One that fails leaves the others alone.
    page.locator("#tick #fail").click()
    page.locator("#tock #go").click()
    expect(page.locator("#tock #answer")).to_have_text("Tock 2 of the page nobody")
    troubles.expect("console: Error: The server could not answer")

    # One that goes takes its socket along, and no other's.
    page.locator("#again #go").click()
    page.evaluate("djangoPlotlyDash.unmount('#tick [data-django-plotly-dash]')")
    expect(page.locator("#again #answer")).to_have_text("Tick 2 of the page nobody")
    eventually(lambda: sorted(running(uvicorn)) == ["Tick", "Tock", "Tock"])
    assert page.evaluate(OPEN) == ours[1:]
    advances(page.locator("#again #clock"))
    page.locator("#tock #go").click()
    expect(page.locator("#tock #answer")).to_have_text("Tock 3 of the page nobody")
    # It comes back with a socket.
    page.evaluate("djangoPlotlyDash.mount('#tick [data-django-plotly-dash]')")
    advances(page.locator("#tick #clock"))
    page.locator("#tick #go").click()
    expect(page.locator("#tick #answer")).to_have_text("Tick 1 of the page nobody")

    # A server that goes and comes back.
    uvicorn.stop()
    uvicorn.start()
    for place in places:
        advances(page.locator(f"{place} #clock"))
    page.locator("#tock #go").click()
    expect(page.locator("#tock #answer")).to_have_text("Tock 4 of the page nobody")
    advances(frame.locator("#clock"))
    assert sorted(running(uvicorn)) == ["Tick", "Tick", "Tock", "Tock"]
    page.goto("about:blank")
    eventually(lambda: running(uvicorn) == [])
    troubles[:] = [trouble for trouble in troubles if not re.search(AWAY, trouble)]


CYCLE = """async ([fragment, pause]) => {
    const place = document.getElementById("place");
    place.innerHTML = fragment;
    const clock = () => place.querySelector("#clock")?.textContent;
    const end = Date.now() + 20000;
    if (pause === null) while (!clock() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    else await new Promise((resolve) => setTimeout(resolve, pause));
    place.replaceChildren();
    await new Promise((resolve) => setTimeout(resolve));
    if (Date.now() > end) throw new Error("The clock did not start.");
}"""


def test_sockets_go_with_their_apps(page: Page, uvicorn: Server) -> None:
    page.add_init_script(COUNTING)
    page.goto(f"{uvicorn.url}/direct/?empty")
    fragment = page.evaluate("async () => (await fetch('/fragment/?app=Tick')).text()")
    for cycle in range(50):
        # Most go when they run, some while they come.
        page.evaluate(CYCLE, [fragment, None if cycle % 5 else cycle * 4])
    page.wait_for_function(f"{OPEN}.length === 0")
    assert page.evaluate("window.opened.length") >= 40
    assert page.evaluate("window.dash_stores.length") == 0
    eventually(lambda: running(uvicorn) == [])
    # One more is as the first.
    page.evaluate("(fragment) => { document.getElementById('place').innerHTML = fragment; }", fragment)
    advances(page.locator("#clock"))
    page.locator("#go").click()
    expect(page.locator("#answer")).to_have_text("Tick 1 of the page nobody")
    assert page.evaluate(OPEN) == ["/dash/app/tick/_dash-ws-callback"]


def test_a_logout_is_seen_by_every_app_of_a_page(page: Page, uvicorn: Server) -> None:
    page.goto(f"{uvicorn.url}/in/")
    page.goto(f"{uvicorn.url}/direct/")
    for place in ("#tick", "#tock"):
        advances(page.locator(f"{place} #clock"))
        page.locator(f"{place} #go").click()
        expect(page.locator(f"{place} #answer")).to_contain_text("1 of the page ada")
    before = len(sockets(uvicorn))
    page.context.request.get(f"{uvicorn.url}/out/")
    eventually(lambda: len(sockets(uvicorn)) >= before + 4)
    for place in ("#tick", "#tock"):
        advances(page.locator(f"{place} #clock"))
        page.locator(f"{place} #go").click()
        expect(page.locator(f"{place} #answer")).to_contain_text("2 of the page nobody")


def test_where_the_renderer_cannot_be_taken_over_http_is_used_and_the_console_says_so(
    page: Page, uvicorn: Server, troubles: Troubles
) -> None:
    page.add_init_script(COUNTING + "Object.defineProperty(Function.prototype, 'bind', { writable: false });")
    page.goto(f"{uvicorn.url}/direct/?empty")
    page.evaluate(
        """async () => {
            document.getElementById("place").innerHTML = await (await fetch("/fragment/?app=Tick")).text();
        }"""
    )
    with page.expect_response(lambda response: response.status == 500):
        page.locator("#fail").click()
    assert page.evaluate("window.opened.length") == 0
    troubles.expect("djangoPlotlyDash: /dash/app/tick/: its websocket callbacks go over HTTP")
    troubles.expect("426: POST .*/_dash-update-component")
    troubles.expect("500: POST")
    page.evaluate("1")
    troubles[:] = [trouble for trouble in troubles if "Callback error" not in trouble]
