"""session_state in sessions that a real Redis keeps."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache

from tests.conftest import SERVICES
from tests.site_sessions import (
    ENGINES,
    answered_after_logout,
    assert_parallel_callbacks_lose_nothing,
    logged_in,
    session_store,
)

pytestmark = [pytest.mark.service("redis"), pytest.mark.django_db(transaction=True)]

BACKENDS = ["django.core.cache.backends.redis.RedisCache", "django_redis.cache.RedisCache"]


@pytest.fixture(autouse=True, params=BACKENDS)
def redis_cache(request: pytest.FixtureRequest, settings: Any, _service: None) -> Any:
    pytest.importorskip(request.param.split(".")[0])
    # Keys of a run of its own, so that nothing of somebody else's is touched.
    settings.CACHES = {
        "default": {"BACKEND": request.param, "LOCATION": SERVICES["redis"], "KEY_PREFIX": f"dpd-test-{uuid4().hex}"}
    }
    made: list[str] = []
    yield made
    for key in made:
        cache.delete(f"django.contrib.sessions.cache{key}")
        cache.delete(f"django.contrib.sessions.cached_db{key}")


@pytest.fixture(params=["cache", "cached_db"])
def engine(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.SESSION_ENGINE = ENGINES[request.param]["SESSION_ENGINE"]
    return request.param


def test_parallel_callbacks_of_one_session_lose_no_key(engine: str, redis_cache: list[str]) -> None:
    client = logged_in()
    redis_cache.append(client.session.session_key)
    assert_parallel_callbacks_lose_nothing(client)


@pytest.mark.parametrize(("writes_session", "status"), [(False, 200), (True, 400)])
def test_a_long_callback_does_not_bring_back_a_session_that_was_flushed(
    engine: str, redis_cache: list[str], writes_session: bool, status: int
) -> None:
    client = logged_in()
    redis_cache.append(client.session.session_key)
    answered, key = answered_after_logout(client, writes_session=writes_session)
    assert answered == status
    assert not session_store().exists(key)
    assert session_store(key).load() == {}
