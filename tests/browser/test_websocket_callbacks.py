"""Websocket callbacks in a real browser, over real servers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Troubles
from tests.server_processes import Server
from tests.waiting import eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
SETTINGS = "tests.site_websockets.settings"
TICK, TOCK, QUIET = (f"iframe[title='{name}']" for name in ("Tick", "Tock", "Quiet"))
# What Chromium says of a socket whose server is away.
AWAY = r"WebSocket|ERR_CONNECTION|DashWSWorker"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    found = {"DJANGO_SETTINGS_MODULE": SETTINGS, "DPD_TEST_DATABASE": str(folder / "site.sqlite3")}
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env={**os.environ, **found, "DPD_TEST_LAYERS": "{}"},
        cwd=Path(__file__).parents[2],
        check=True,
    )
    return found


@pytest.fixture(scope="module")
def uvicorn(folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    found = Server("uvicorn", folder, **environment).start()
    yield found
    found.stop()


def running(server: Server) -> list[str]:
    return list(json.loads(server.get("/running/")))


def advances(clock: Locator) -> None:
    """Wait until a clock shows something, and then something else."""
    expect(clock).to_have_text(re.compile(r"\d"))
    before = clock.text_content()
    expect(clock).not_to_have_text(before or "")


def sockets(server: Server) -> list[str]:
    """Apps at which sockets have been opened."""
    return re.findall(r'"WebSocket /dash/app/(\w+)/_dash-ws-callback" \[accepted\]', server.log.read_text())


def test_a_page_with_frames(page: Page, uvicorn: Server, troubles: Troubles) -> None:
    page.goto(f"{uvicorn.url}/page/")
    tick, tock, quiet = (page.frame_locator(frame) for frame in (TICK, TOCK, QUIET))
    # Persistent callbacks stream in both, over one socket for each app.
    advances(tick.locator("#clock"))
    advances(tock.locator("#clock"))
    assert sorted(running(uvicorn)) == ["Tick", "Tock"]
    # What streams, what is asked of the page, and the answer.
    for frame, name in ((tick, "Tick"), (tock, "Tock")):
        frame.locator("#go").click()
        expect(frame.locator("#answer")).to_have_text(f"{name} 1 of the page nobody")
        expect(frame.locator("#steps")).to_have_text(f"step 2 of {name}")
    quiet.locator("#go").click()
    expect(quiet.locator("#answer")).to_have_text("1 True")
    assert sorted(sockets(uvicorn)) == ["tick", "tock"]
    # A failed callback leaves the rest alone.
    tick.locator("#fail").click()
    tick.locator("#go").click()
    expect(tick.locator("#answer")).to_have_text("Tick 2 of the page nobody")
    assert "ValueError: it fails in Tick" in uvicorn.log.read_text()
    troubles.expect("console: Error: The server could not answer")
    # A server that goes and comes back: pages connect again, and what is persistent starts again.
    uvicorn.stop()
    page.wait_for_timeout(300)
    uvicorn.start()
    advances(tick.locator("#clock"))
    advances(tock.locator("#clock"))
    tock.locator("#go").click()
    expect(tock.locator("#answer")).to_have_text("Tock 2 of the page nobody")
    # A page that goes ends what it has begun.
    page.goto("about:blank")
    eventually(lambda: running(uvicorn) == [])
    troubles[:] = [trouble for trouble in troubles if not re.search(AWAY, trouble)]


def test_pages_of_one_browser_share_a_socket_and_end_apart(page: Page, uvicorn: Server, troubles: Troubles) -> None:
    before = len(sockets(uvicorn))
    page.goto(f"{uvicorn.url}/dash/app/tick/")
    advances(page.locator("#clock"))
    second = page.context.new_page()
    troubles.watch(second)
    second.goto(f"{uvicorn.url}/dash/app/tick/")
    advances(second.locator("#clock"))
    assert len(sockets(uvicorn)) == before + 1
    assert running(uvicorn) == ["Tick"] * 2
    second.locator("#go").click()
    expect(second.locator("#answer")).to_have_text("Tick 1 of the page nobody")
    expect(page.locator("#answer")).to_have_text("")
    # The browser does not say that one of them is closed.
    second.close()
    eventually(lambda: running(uvicorn) == ["Tick"])
    advances(page.locator("#clock"))


def test_a_logout_ends_what_streams_and_the_page_begins_anew(page: Page, uvicorn: Server, troubles: Troubles) -> None:
    page.goto(f"{uvicorn.url}/in/")
    page.goto(f"{uvicorn.url}/dash/app/tick/")
    advances(page.locator("#clock"))
    page.locator("#go").click()
    expect(page.locator("#answer")).to_have_text("Tick 1 of the page ada")
    opened = len(sockets(uvicorn))
    page.context.request.get(f"{uvicorn.url}/out/")
    eventually(lambda: len(sockets(uvicorn)) == opened + 1)
    advances(page.locator("#clock"))
    page.locator("#go").click()
    expect(page.locator("#answer")).to_have_text("Tick 2 of the page nobody")


def test_daphne_serves_them_as_well(page: Page, folder: Path, environment: dict[str, str]) -> None:
    server = Server("daphne", folder, **environment).start()
    try:
        page.goto(f"{server.url}/dash/app/tock/")
        advances(page.locator("#clock"))
        page.locator("#go").click()
        expect(page.locator("#answer")).to_have_text("Tock 1 of the page nobody")
        page.goto("about:blank")
        eventually(lambda: running(server) == [])
    finally:
        server.stop()


def test_wsgi_answers_over_http_and_says_what_it_cannot(
    page: Page, folder: Path, environment: dict[str, str], troubles: Troubles
) -> None:
    server = Server("gunicorn", folder, **environment).start()
    try:
        page.goto(f"{server.url}/dash/app/tick/")
        with page.expect_response(lambda response: response.status == 500):
            page.locator("#fail").click()
        assert sockets(server) == []
        troubles.expect(r"426: POST .*/_dash-update-component")
        troubles.expect("500: POST")
        assert "The websocket callbacks of 'Tick' are answered over HTTP" in server.log.read_text()
        page.evaluate("1")
        troubles[:] = [trouble for trouble in troubles if "Callback error" not in trouble]
    finally:
        server.stop()


def test_the_error_popup_says_what_failed(
    page: Page, folder: Path, environment: dict[str, str], troubles: Troubles
) -> None:
    server = Server("uvicorn", folder, **environment, DPD_TEST_DEBUG="1").start()
    try:
        page.goto(f"{server.url}/dash/app/tick/")
        advances(page.locator("#clock"))
        page.locator("#fail").click()
        page.get_by_text("ValueError: it fails in Tick").first.click()
        expect(page.get_by_text('raise ValueError(f"it fails in {name}")').first).to_be_visible()
        if "DPD_SCREENSHOT" in os.environ:
            page.wait_for_timeout(700)
            page.screenshot(path=os.environ["DPD_SCREENSHOT"])
        troubles.expect("console: Error: ValueError: it fails in Tick")
    finally:
        server.stop()
