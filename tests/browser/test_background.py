"""Background callbacks as a user sees them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dash
import diskcache
import pytest
from dash import DiskcacheManager, Input, Output, html
from playwright.sync_api import Page, expect

from django_plotly_dash import DjangoDash
from tests.browser.conftest import Troubles
from tests.helpers import needs_signed_handles

pytestmark = [
    needs_signed_handles,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[DjangoDash]:
    with diskcache.Cache(str(tmp_path / "results")) as cache:
        app = DjangoDash("Background", background_callback_manager=DiskcacheManager(cache), dev_tools=True)
        buttons = [html.Button(name, id=name) for name in ("make", "stop", "fail")]
        places = [html.P("nothing", id=name) for name in ("made", "step", "aside", "failed")]
        app.layout = html.Div([*buttons, *places])

        @app.callback(
            Output("made", "children"),
            Input("make", "n_clicks"),
            background=True,
            interval=100,
            progress=Output("step", "children"),
            progress_default="idle",
            running=[(Output("make", "disabled"), True, False)],
            cancel=Input("stop", "n_clicks"),
            prevent_initial_call=True,
        )
        def make(set_progress: Any, clicks: int) -> str:
            set_progress("working")
            dash.set_props("aside", {"children": "by set_props"})
            while not (tmp_path / "go").exists():
                time.sleep(0.02)
            return f"made {clicks}"

        @app.callback(
            Output("failed", "children"), Input("fail", "n_clicks"), background=True, prevent_initial_call=True
        )
        def fail(clicks: int) -> str:
            raise ValueError("out of paper")

        yield app
        cache.close()


def test_progress_running_cancel_result_and_error(
    app: DjangoDash, serve: Callable[..., str], page: Page, tmp_path: Path, troubles: Troubles
) -> None:
    page.goto(f"{serve()}/dash/app/background/")
    page.click("#make")
    expect(page.locator("#step")).to_have_text("working")
    expect(page.locator("#aside")).to_have_text("by set_props")
    expect(page.locator("#make")).to_be_disabled()
    page.click("#stop")
    expect(page.locator("#make")).to_be_enabled()
    expect(page.locator("#step")).to_have_text("idle")
    expect(page.locator("#made")).to_have_text("nothing")
    page.click("#make")
    expect(page.locator("#step")).to_have_text("working")
    (tmp_path / "go").touch()
    expect(page.locator("#made")).to_have_text("made 2")
    expect(page.locator("#make")).to_be_enabled()
    page.click("#fail")
    expect(page.locator(".test-devtools-error-count")).to_have_text("1")
    troubles.expect("500: POST")
    troubles.expect("BackgroundCallbackError|Callback error|out of paper|console")


def test_nobody_asks_for_a_job_whose_app_has_gone_from_the_page(
    app: DjangoDash, serve: Callable[..., str], page: Page, tmp_path: Path
) -> None:
    page.goto(f"{serve()}/pages/empty/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "&job=" in request.url else None)
    jobs = "window.gone.map((store) => Object.keys(store.getState().callbackJobs).length)"
    page.evaluate("window.gone = []")
    for moment in ("while it works", "before it has a name"):
        page.evaluate(
            """async () => {
                const place = document.getElementById("place");
                place.innerHTML = await (await fetch("/pages/fragment/?app=Background")).text();
                await djangoPlotlyDash.mount(place.querySelector("[data-django-plotly-dash]"));
                const [store] = window.dash_stores;
                window.gone.push(store);
                window.wasNamed = false;
                store.subscribe(() => { window.wasNamed ||= Object.keys(store.getState().callbackJobs).length > 0; });
            }"""
        )
        if moment == "while it works":
            page.click("#make")
            expect(page.locator("#step")).to_have_text("working")
            page.evaluate("document.getElementById('place').replaceChildren()")
        else:
            with page.expect_response("**/_dash-update-component*"):
                page.evaluate(
                    """() => {
                        document.getElementById("make").click();
                        return new Promise((resolve) => {
                            const { fetch } = window;
                            window.fetch = (...args) => {
                                window.fetch = fetch;
                                setTimeout(() => { document.getElementById("place").replaceChildren(); resolve(); });
                                return fetch(...args);
                            };
                        });
                    }"""
                )
        page.wait_for_function("window.dash_stores.length === 0")
        page.wait_for_function(f"window.wasNamed && {jobs}.every((number) => number === 0)")
    before = len(asked)
    page.evaluate("async () => { for (let n = 0; n < 20; n += 1) await fetch('/pages/fragment/'); }")
    page.wait_for_timeout(500)
    assert len(asked) == before
    (tmp_path / "go").touch()
