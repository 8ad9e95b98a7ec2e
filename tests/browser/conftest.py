"""A real browser, and servers for it.

Playwright's plain API keeps an event loop running in the thread that uses it. In such a thread Django's ORM refuses to
work and pytest-asyncio cannot start loops of its own. So Playwright has a thread to itself: the functions of tests that
ask for ``page`` run there, while fixtures, which may use the database, run in pytest's thread.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, Route, expect, sync_playwright

from tests.conftest import CHROMIUM, missing

FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 20_000  # milliseconds
expect.set_options(timeout=TIMEOUT)


class Troubles(list[str]):
    """What the browser complained about; a test that expects something takes it out."""

    def expect(self, pattern: str) -> None:
        """Take out all that ``pattern`` matches; there has to be something."""
        assert any(re.search(pattern, trouble) for trouble in self), f"no trouble like {pattern!r} in {self}"
        self[:] = [trouble for trouble in self if not re.search(pattern, trouble)]

    def watch(self, page: Page) -> None:
        def console(message: ConsoleMessage) -> None:
            # What did not load is known with its status from the response.
            if message.type in ("error", "assert") and "Failed to load resource" not in message.text:
                self.append(f"console: {message.text}")

        def failed(request: Request) -> None:
            # A page that is left ends the requests that it has under way.
            if request.failure != "net::ERR_ABORTED":
                self.append(f"failed: {request.method} {request.url} {request.failure}")

        def answered(response: Response) -> None:
            if response.status >= 400:
                self.append(f"{response.status}: {response.request.method} {response.url}")

        page.on("console", console)
        page.on("pageerror", lambda error: self.append(f"script: {error}"))
        page.on("requestfailed", failed)
        page.on("response", answered)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    thread = pyfuncitem.funcargs.get("browser_thread")
    if thread is not None:
        function = pyfuncitem.obj

        @wraps(function)
        def in_browser_thread(**arguments: Any) -> None:
            thread.submit(function, **arguments).result()

        pyfuncitem.obj = in_browser_thread
    return (yield)


@pytest.fixture(scope="session")
def browser_thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1, thread_name_prefix="playwright") as thread:
        yield thread


@pytest.fixture(scope="session")
def browser(browser_thread: ThreadPoolExecutor) -> Iterator[Browser]:
    if CHROMIUM is None:
        missing("there is no Chromium: install it, or name it in the environment variable CHROMIUM")
    playwright = browser_thread.submit(sync_playwright().start).result()
    try:
        chromium = browser_thread.submit(playwright.chromium.launch, executable_path=CHROMIUM, args=FLAGS).result()
        try:
            yield chromium
        finally:
            browser_thread.submit(chromium.close).result()
    finally:
        browser_thread.submit(playwright.stop).result()


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def page(browser: Browser, browser_thread: ThreadPoolExecutor, troubles: Troubles) -> Iterator[Page]:
    """An empty page without cookies. The test fails if the browser complains of anything that was not expected."""

    def opened() -> Page:
        context = browser.new_context(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
        context.set_default_timeout(TIMEOUT)
        context.route(_is_elsewhere, _nothing)
        page = context.new_page()
        troubles.watch(page)
        return page

    def closed() -> None:
        page.evaluate("1")  # events that are under way arrive before its answer
        page.context.close()

    page = browser_thread.submit(opened).result()
    try:
        yield page
    finally:
        browser_thread.submit(closed).result()
    assert not troubles, "\n".join(troubles)


def _is_elsewhere(url: str) -> bool:
    return urlsplit(url).hostname not in ("127.0.0.1", "localhost", None)


def _nothing(route: Route) -> None:
    # Dash's dev tools ask the makers of Dash for the newest version.
    route.fulfill(json={}, headers={"Access-Control-Allow-Origin": "*"})


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def serve(transactional_db: None) -> Iterator[Callable[..., str]]:
    """Start a server that has the middleware of this test's settings, and give its address.

    Unlike ``live_server`` it may stand below a path of another server: ``script_name`` is what WSGI calls that path.
    """
    with ExitStack() as stack:
        yield lambda script_name="": stack.enter_context(_server(script_name))


@contextmanager
def _server(script_name: str) -> Iterator[str]:
    handler = WSGIHandler()

    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if not path.startswith(f"{script_name}/"):
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"This belongs to another site."]
        return handler({**environ, "SCRIPT_NAME": script_name, "PATH_INFO": path[len(script_name) :]}, start_response)

    server = ThreadedWSGIServer(("127.0.0.1", 0), _QuietHandler)
    server.set_app(mounted)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{script_name}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
