"""Pipes over channel layers on a real Redis, from processes of all kinds."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from django_plotly_dash import pipe_hub, sender
from django_plotly_dash.consumers import async_send_to_pipe_channel, send_to_pipe_channel
from tests.conftest import SERVICES
from tests.redis_server import Redis
from tests.site_pipes import received, socket, subscribe

pytestmark = [
    pytest.mark.service("redis"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning"),  # by the libraries of Redis
]
ROOT = Path(__file__).parent.parent.parent
BACKENDS = {
    "core": "channels_redis.core.RedisChannelLayer",
    "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
}


@pytest.fixture(params=BACKENDS)
def backend(request: Any) -> str:
    return BACKENDS[request.param]


@pytest.fixture
def layers(backend: str, settings: Any) -> Iterator[Any]:
    # Keys of a run of its own, so that nothing of somebody else's is touched.
    prefix = f"dpd-test-{os.getpid()}-{uuid4().hex}"
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": backend, "CONFIG": {"hosts": [SERVICES["redis"]], "prefix": prefix}}
    }
    yield settings.CHANNEL_LAYERS
    sender.close()
    with redis.Redis.from_url(SERVICES["redis"]) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)


def environment(layers: Any, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.site_live.settings",
        "DPD_TEST_LAYERS": json.dumps(layers),
        **more,
    }


async def test_messages_from_everywhere_arrive_once_and_in_order(layers: Any) -> None:
    async with socket() as page, socket() as other:
        for each in (page, other):
            await subscribe(each, "news", "headline")
        for number in range(150):
            await async_send_to_pipe_channel("news", "headline", number)
        send_to_pipe_channel("news", "headline", "on the loop")
        await asyncio.to_thread(send_to_pipe_channel, "news", "headline", "in a thread")
        thread = threading.Thread(target=send_to_pipe_channel, args=("news", "headline", "while the loop is blocked"))
        thread.start()
        thread.join()
        await asyncio.to_thread(lambda: asyncio.run(async_send_to_pipe_channel("news", "headline", "another loop")))
        expected = [*range(150), "on the loop", "in a thread", "while the loop is blocked", "another loop"]
        for each in (page, other):
            assert [(await received(each))["value"] for _ in expected] == expected
            assert await each.receive_nothing()


async def test_from_a_management_command(layers: Any) -> None:
    async with socket() as page:
        await subscribe(page, "news", "headline")
        command = [sys.executable, "-W", "error", "-m", "django", "tell", "hello"]
        run = await asyncio.to_thread(
            subprocess.run, command, env=environment(layers), cwd=ROOT, capture_output=True, text=True
        )
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
        assert (await received(page))["value"] == "hello"


async def test_from_a_celery_worker(layers: Any, tmp_path: Path) -> None:
    queue = f"dpd-test-{uuid4().hex}"
    variables = environment(layers, DPD_TEST_BROKER=SERVICES["redis"], DPD_TEST_QUEUE=queue)
    log = tmp_path / "worker.log"
    with log.open("w") as file:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tests.site_live.celery", "worker", "-c", "1", "--without-mingle"],
            env=variables,
            cwd=ROOT,
            stdout=file,
            stderr=file,
        )
    try:
        async with socket() as page:
            await subscribe(page, "news", "headline")
            order = "from tests.site_live.celery import report; report.delay(5); report.delay(5)"
            await asyncio.to_thread(
                subprocess.run, [sys.executable, "-c", order], env=variables, cwd=ROOT, check=True, timeout=60
            )
            values = [json.loads(await page.receive_from(timeout=60))["value"] for _ in range(10)]
        assert values == [f"step {step}" for step in range(5)] * 2
    finally:
        worker.terminate()
        worker.wait()
        with redis.Redis.from_url(SERVICES["redis"]) as client:
            client.delete(queue)
    assert "Event loop is closed" not in log.read_text()


def test_senders_leave_no_connections_behind(layers: Any) -> None:
    def connections() -> int:
        with redis.Redis.from_url(SERVICES["redis"]) as client:
            return sum(int(each["id"]) >= first for each in client.client_list())

    with redis.Redis.from_url(SERVICES["redis"]) as client:
        first = int(client.client_id())
    for number in range(30):
        asyncio.run(async_send_to_pipe_channel("c", "l", number))
        send_to_pipe_channel("c", "l", number)
    open_now = connections()
    sender.close()
    # Others use this Redis too; sixty connections would be seen.
    assert open_now < 20
    assert connections() < 20


async def test_nothing_is_left_in_the_layer_of_a_page_that_has_gone(layers: Any) -> None:
    prefix = layers["default"]["CONFIG"]["prefix"]
    async with socket() as page:
        await subscribe(page, "news", "headline")
        await async_send_to_pipe_channel("news", "headline", 1)
        await received(page)
    with redis.Redis.from_url(SERVICES["redis"]) as client:
        assert list(client.scan_iter(f"{prefix}:group:*")) == []
        assert client.pubsub_channels(f"{prefix}*") == []


async def test_a_redis_that_is_restarted_is_found_again(
    backend: str, settings: Any, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(pipe_hub, "REJOIN_SECONDS", 0.2)
    own = Redis()
    await asyncio.to_thread(own.start)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [own.url]}}}
    try:
        async with socket() as page:
            await subscribe(page, "news", "headline")
            await async_send_to_pipe_channel("news", "headline", "before")
            assert (await received(page))["value"] == "before"
            await asyncio.to_thread(own.stop)
            await page.send_json_to({"type": "connection_triplet", "channel_name": "news", "label": "another"})
            while "does not answer; pipes wait for it" not in caplog.text:
                await asyncio.sleep(0.05)
            await asyncio.to_thread(own.start)
            while "answers again" not in caplog.text:
                await asyncio.sleep(0.05)
            for label in ("headline", "another"):
                while not [m for m in await gathered(page) if m["label"] == label]:
                    await async_send_to_pipe_channel("news", label, "after")
    finally:
        await asyncio.to_thread(sender.close)
        await asyncio.to_thread(own.stop)
    assert caplog.text.count("does not answer; pipes wait for it") <= 2  # not a line for each try


async def gathered(page: Any) -> list[Any]:
    """What has come by now."""
    found = []
    while not await page.receive_nothing(timeout=0.2):
        found.append(await received(page))
    return found
