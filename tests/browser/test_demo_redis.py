"""The demo on Redis, with a Celery worker beside it, as ``make demo`` runs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.test_demo import click_is_seen_by_others, frames, report_is_written
from tests.demo_server import DemoServer, demo_by_make
from tests.redis_server import Redis

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    redis = Redis().start()
    yield redis
    redis.stop()


@pytest.fixture(scope="module")
def server(redis: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    with demo_by_make(tmp_path_factory.mktemp("demo"), REDIS_URL=redis.url) as running:
        yield running


def test_a_job_in_a_worker_tells_how_far_it_is(page: Page, server: DemoServer) -> None:
    (app,) = frames(page, f"{server.url}/report/")
    report_is_written(app)


def test_a_click_is_seen_in_another_browser(page: Page, server: DemoServer, redis: Redis) -> None:
    browser = page.context.browser
    assert browser
    other = browser.new_context().new_page()
    try:
        (app,), (app_of_other,) = (frames(each, f"{server.url}/counter/") for each in (page, other))
        click_is_seen_by_others(app, app_of_other)
        # The number is kept where all processes of the site find it.
        assert any(b"dashboards.counter" in key for key in redis.client.scan_iter())
    finally:
        other.context.close()
