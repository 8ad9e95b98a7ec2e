"""Jobs in a Celery worker that go wrong, as a user sees them: an error or a result, never a spinner without end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from django_plotly_dash import DjangoDash
from tests.browser.conftest import Troubles
from tests.celery_processes import FIXTURES, Worker
from tests.helpers import needs_signed_handles
from tests.redis_server import Redis
from tests.site_celery import SETTINGS

pytestmark = [
    needs_signed_handles,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning"),  # by Celery
]
app, celery_module, server, shared_worker, worker = FIXTURES
BUTTONS = ["plain", "handled"]


@pytest.fixture
def address(app: DjangoDash, worker: Worker, settings: Any, serve: Callable[..., str]) -> str:
    # Celery takes seconds to notice that a process has ended which it has terminated, and to give its next job away.
    settings.PLOTLY_DASH = {**SETTINGS, "background_callback_queue_timeout": 15}
    return f"{serve()}/dash/app/celery-jobs-that-are-seen/"


def press(page: Page, *buttons: str) -> None:
    for button in buttons:
        page.click(f"#{button}")
    for button in buttons:
        expect(page.locator(f"#step-{button}")).to_have_text("working")
        expect(page.locator(f"#spinner-{button}")).to_be_visible()
        expect(page.locator(f"#{button}")).to_be_disabled()


def comes_to_rest(page: Page) -> None:
    """Nothing spins, and everything can be pressed again."""
    for button in BUTTONS:
        expect(page.locator(f"#{button}")).to_be_enabled()
        expect(page.locator(f"#step-{button}")).to_have_text("idle")
        expect(page.locator(f"#spinner-{button}")).to_have_count(0)
    expect(page).not_to_have_title("Updating...")


def test_a_worker_that_is_killed_in_mid_job(
    address: str, worker: Worker, page: Page, tmp_path: Path, troubles: Troubles
) -> None:
    page.goto(address)
    page.fill("#folder", str(tmp_path))
    press(page, *BUTTONS)
    worker.kill()
    expect(page.locator("#of-handled")).to_contain_text("Sorry: ")
    expect(page.locator("#of-handled")).to_contain_text("The job was lost")
    expect(page.locator(".test-devtools-error-count")).to_have_text("1")
    expect(page.locator("#of-plain")).to_have_text("nothing")
    comes_to_rest(page)
    troubles.expect("500: POST")
    troubles.expect("Callback error updating of-plain.children")
    worker.start()
    (tmp_path / "go").touch()
    for button in BUTTONS:
        page.click(f"#{button}")
        expect(page.locator(f"#of-{button}")).to_have_text("made 2")
    comes_to_rest(page)


def test_a_job_that_is_cancelled(address: str, page: Page, tmp_path: Path) -> None:
    page.goto(address)
    page.fill("#folder", str(tmp_path))
    press(page, *BUTTONS)
    page.click("#stop")
    comes_to_rest(page)
    press(page, "plain")
    (tmp_path / "go").touch()
    expect(page.locator("#of-plain")).to_have_text("made 2")
    expect(page.locator("#of-handled")).to_have_text("nothing")
    comes_to_rest(page)
    assert [path.name for path in tmp_path.glob("ended-*")] == ["ended-plain-2"]


def test_a_redis_that_is_away_for_a_moment(
    address: str, worker: Worker, server: Redis, page: Page, tmp_path: Path, troubles: Troubles
) -> None:
    page.goto(address)
    page.fill("#folder", str(tmp_path))
    press(page, "plain")
    server.stop()
    for _ in range(2):
        with page.expect_response("**/_dash-update-component**"):
            pass
    page.click("#handled")
    expect(page.locator("#spinner-handled")).to_be_visible()
    server.start()
    (tmp_path / "go").touch()
    expect(page.locator("#of-plain")).to_have_text("made 1")
    expect(page.locator("#of-handled")).not_to_have_text("nothing")
    comes_to_rest(page)
