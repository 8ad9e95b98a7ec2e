"""Every example works as a page of its own, as a frame in somebody's page, and as a saved instance."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import dash
import pytest
from playwright.sync_api import Browser, Frame, Page, Request

from django_plotly_dash import DjangoDash, dash_globals
from django_plotly_dash.models import DashApp, StatelessApp
from django_plotly_dash.registry import AppRegistry
from tests import examples
from tests.browser.conftest import TIMEOUT, Troubles, _server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings(r"ignore:\s*The dash_table.DataTable will be removed:DeprecationWarning"),
]

# Component libraries come last: a page loads all of those that its process has imported.
EXAMPLES = sorted(
    (found.name for found in pkgutil.iter_modules(examples.__path__) if not found.name.startswith("_")),
    key=lambda name: (name.startswith("library"), name),
)
FORMS = ["page", "frame", "instance"]


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """One server for all examples; a server for each would take longer than the examples do."""
    registered = dict(dash_globals.inbox._registrations)
    hooks = {kind: list(hooked) for kind, hooked in dash.hooks._ns.items()}
    with django_db_blocker.unblock(), _server("") as address:
        yield address
    dash_globals.inbox._registrations.clear()
    dash_globals.inbox._registrations.update(registered)
    dash.hooks._ns.update(hooks)


@pytest.fixture(scope="module")
def loaded() -> dict[str, ModuleType]:
    return {}


@pytest.fixture
def example(name: str, apps: AppRegistry, site: str, loaded: dict[str, ModuleType]) -> ModuleType:
    """The module of an example. The apps of earlier examples are there as well, as in a site with many."""
    for module in loaded.values():
        for app in vars(module).values():
            if isinstance(app, DjangoDash):
                apps.register(app)
    return loaded.setdefault(name, importlib.import_module(f"tests.examples.{name}"))


@pytest.fixture(scope="module")
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture(scope="module")
def tab(browser: Browser, browser_thread: ThreadPoolExecutor, troubles: Troubles) -> Iterator[Page]:
    """One visitor for all examples, with one tab: a browser that starts a process for each, and loads all bundles into
    it, takes twice as long. With a route, as other tests have, it would keep no bundles."""

    def arrive() -> Page:
        context = browser.new_context(
            viewport={"width": 1000, "height": 1000},
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(TIMEOUT)
        page = context.new_page()
        troubles.watch(page)
        return page

    page = browser_thread.submit(arrive).result()
    try:
        yield page
    finally:
        browser_thread.submit(page.context.close).result()


@pytest.fixture
def page(tab: Page, browser_thread: ThreadPoolExecutor, troubles: Troubles) -> Iterator[Page]:
    """The tab of that visitor, who remembers nothing of the other examples."""

    def leave() -> list[str]:
        tab.evaluate("localStorage.clear(), sessionStorage.clear()")  # its answer comes after all events under way
        seen = list(troubles)
        tab.goto("about:blank")
        tab.context.clear_cookies()
        troubles.clear()  # of a page that was left in the midst of something
        return seen

    try:
        yield tab
    finally:
        seen = browser_thread.submit(leave).result()
    assert not seen, "\n".join(seen)


@pytest.fixture
def prefix(form: str, example: ModuleType, transactional_db: None) -> str:
    """The path at which the app answers."""
    app = example.app
    if form != "instance":
        return f"/dash/app/{app.slug}/"
    stateless = StatelessApp.objects.create(app_name=app.app_name)
    saved = DashApp.objects.create(stateless_app=stateless, instance_name=f"Saved {app.app_name}")
    return f"/dash/instance/{saved.slug}/"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_user_sees_what_dash_promises(
    name: str, form: str, example: ModuleType, prefix: str, site: str, page: Page, troubles: Troubles
) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    try:
        example.sees(_open(page, f"{site}/pages/example/?app={example.app.slug}" if form == "frame" else site + prefix))
        page.evaluate("1")  # events that are under way arrive before its answer
    finally:
        page.remove_listener("request", note)
    for pattern in getattr(example, "TROUBLES", ()):
        troubles.expect(pattern)
    paths = {urlsplit(url).path for url in asked if url.startswith(site)} - {"/pages/example/", "/favicon.ico"}
    assert paths
    shared = (prefix, "/dash/_dash-component-suites/", "/dash/_dpd/")
    assert [path for path in paths if not path.startswith(shared)] == []


def _open(page: Page, url: str) -> Frame:
    page.goto(url)
    view = page.frames[-1]
    view.wait_for_url(lambda address: address.startswith("http"))  # a page does not wait for a lazy frame
    return view


def test_there_are_as_many_examples_as_promised() -> None:
    assert len(EXAMPLES) >= 60
