"""Sending to pipes from everywhere, over the layer in memory and over one that is like a remote one."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import BaseChannelLayer
from dash import Input, Output, dcc, html
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.signals import post_save
from django.test import AsyncClient, Client
from django.utils.translation import gettext_lazy

from django_plotly_dash import DjangoDash, pipe_hub, pipes, sender
from django_plotly_dash.consumers import async_send_to_pipe_channel, send_to_pipe_channel
from django_plotly_dash.exceptions import ConfigurationError, PipeError, SerializationError
from tests.helpers import call, callback_body

LAYER = "tests.test_pipes.Recorder"


class Recorder(BaseChannelLayer):
    """Stands for a layer in another process: what is sent takes a while, and is kept with its loop and thread."""

    extensions = ["groups"]
    sent: list[tuple[str, dict[str, Any]]] = []
    loops: list[Any] = []
    fails: list[Exception] = []
    delay = 0.01

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        assert self.require_valid_group_name(group)
        await asyncio.sleep(self.delay)
        if self.fails:
            raise self.fails.pop()
        self.loops.append(asyncio.get_running_loop())
        self.sent.append((group, json.loads(message["text"])))


@pytest.fixture(autouse=True)
def recorder(settings: Any) -> Iterator[type[Recorder]]:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": LAYER}}
    yield Recorder
    Recorder.sent.clear()
    Recorder.loops.clear()
    Recorder.fails.clear()


def sent() -> list[Any]:
    return [message["value"] for _, message in Recorder.sent]


async def until(number: int) -> list[Any]:
    while len(Recorder.sent) < number:
        await asyncio.sleep(0.01)
    return sent()


# --- names and values ------------------------------------------------------------------------------------------------


def test_names_with_any_characters_make_valid_groups_without_collisions() -> None:
    names = [
        "a",
        "A",
        "ä",
        "a b",
        "a.b",
        "a/b",
        "😀",
        "x" * 500,
        "a\x00b",
        "\ud800",
        "'",
        '"',
        "a,b",
        "[",
        "None",
        "null",
    ]
    pipes = [(name, label) for name in names for label in [*names, None, ""]]
    groups = {pipe_hub.group_name(*pipe) for pipe in pipes}
    assert len(groups) == len(pipes)
    layer = BaseChannelLayer()
    assert all(layer.require_valid_group_name(group) for group in groups)
    assert pipe_hub.group_name("a", "b") == pipe_hub.group_name("a", "b")


def test_values_are_written_as_those_of_callbacks() -> None:
    value = {
        "on": date(2026, 2, 1),
        "price": Decimal("1.5"),
        "id": UUID(int=1),
        "text": gettext_lazy("Yes"),
        "nothing": None,
        "nan": float("nan"),
        "component": html.B("bold"),
    }
    send_to_pipe_channel("prices", "new", value)
    ((group, message),) = Recorder.sent
    assert group == pipe_hub.group_name("prices", "new")
    assert message == {
        "channel_name": "prices",
        "label": "new",
        "value": {
            "on": "2026-02-01",
            "price": 1.5,
            "id": str(UUID(int=1)),
            "text": "Yes",
            "nothing": None,
            "nan": None,
            "component": {"type": "B", "namespace": "dash_html_components", "props": {"children": "bold"}},
        },
    }


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("", "l", 1), TypeError, "The channel's name is ''"),
        ((5, "l", 1), TypeError, "The channel's name is 5"),
        (("c", 5, 1), TypeError, "The label is 5"),
        (("c", "l", {1, 2}), SerializationError, "The value for 'l' of the pipe channel 'c' is a set"),
    ],
)
def test_what_cannot_be_sent_is_an_error_of_the_sender(arguments: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        send_to_pipe_channel(*arguments)
    with pytest.raises(error, match=text):
        async_to_sync(async_send_to_pipe_channel)(*arguments)
    assert not Recorder.sent


@pytest.mark.parametrize("layers", [{}, {"other": {"BACKEND": LAYER}}])
def test_without_a_channel_layer_the_error_says_what_to_add(settings: Any, layers: Any) -> None:
    settings.CHANNEL_LAYERS = layers
    for arguments in ({}, {"on_commit": True}):
        with pytest.raises(ConfigurationError, match=r"CHANNEL_LAYERS has no 'default'.*InMemoryChannelLayer.*pubsub"):
            send_to_pipe_channel("c", "l", 1, **arguments)
        with pytest.raises(ConfigurationError, match="CHANNEL_LAYERS has no 'default'"):
            async_to_sync(async_send_to_pipe_channel)("c", "l", 1, **arguments)


# --- from everywhere -------------------------------------------------------------------------------------------------


def test_from_a_thread_without_an_event_loop() -> None:
    send_to_pipe_channel("c", "l", 1)
    assert sent() == [1]


def test_from_many_threads_at_once_over_one_loop() -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: send_to_pipe_channel("c", "l", number), range(100)))
    assert sorted(sent()) == list(range(100))
    assert len(set(Recorder.loops)) == 1


async def test_from_coroutines() -> None:
    await asyncio.gather(*(async_send_to_pipe_channel("c", "l", number) for number in range(20)))
    assert sent() == list(range(20))


async def test_the_plain_function_on_an_event_loop_does_not_wait_and_keeps_the_order() -> None:
    for number in range(20):
        send_to_pipe_channel("c", "l", number)
    assert sent() == []
    assert await until(20) == list(range(20))


async def test_a_thread_that_the_event_loop_waits_for_may_send() -> None:
    """Whoever blocks the loop meanwhile: nothing that is sent needs it."""
    thread = threading.Thread(target=send_to_pipe_channel, args=("c", "l", 1))
    thread.start()
    thread.join(20)
    assert sent() == [1]
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(async_send_to_pipe_channel("c", "l", 2))).result(20)
    assert sent() == [1, 2]


async def test_through_both_bridges_of_asgiref() -> None:
    await sync_to_async(send_to_pipe_channel)("c", "l", 1)
    await sync_to_async(lambda: async_to_sync(async_send_to_pipe_channel)("c", "l", 2))()
    await sync_to_async(send_to_pipe_channel, thread_sensitive=False)("c", "l", 3)
    assert sent() == [1, 2, 3]


def test_from_event_loops_that_end() -> None:
    for number in range(5):
        asyncio.run(async_send_to_pipe_channel("c", "l", number))
    assert sent() == list(range(5))
    assert len(set(Recorder.loops)) == 1


def test_what_was_sent_on_a_loop_that_ends_at_once_still_arrives() -> None:
    async def hurry() -> None:
        send_to_pipe_channel("c", "l", 1)

    asyncio.run(hurry())
    sender.close()  # as at the end of the process
    assert sent() == [1]
    send_to_pipe_channel("c", "l", 2)
    assert sent() == [1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_from_a_process_that_was_forked() -> None:
    send_to_pipe_channel("c", "l", 1)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            send_to_pipe_channel("c", "l", 2)
            os.write(writing, json.dumps(sent()).encode())
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert json.loads(os.read(reading, 100)) == [1, 2]


def test_the_end_of_a_process_waits_for_what_is_under_way() -> None:
    program = textwrap.dedent("""
        import asyncio, django, json, sys
        from django.conf import settings
        django.setup()
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.test_pipes.Recorder"}}
        from tests.test_pipes import Recorder
        from django_plotly_dash.pipes import send_to_pipe_channel
        Recorder.delay = 0.3
        class Out(list):
            def append(self, item):
                print(json.dumps(item[1]["value"]), flush=True)
        Recorder.sent = Out()
        async def main():
            send_to_pipe_channel("c", "l", "late")
        asyncio.run(main())
    """)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == ('"late"\n', "")


# --- transactions ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_on_commit_waits_for_the_transaction_and_reads_the_value_before() -> None:
    value = [1]
    with transaction.atomic():
        send_to_pipe_channel("c", "l", value, on_commit=True)
        value.append(2)
        assert sent() == []
    assert sent() == [[1]]
    send_to_pipe_channel("c", "l", "no transaction", on_commit=True)
    assert sent() == [[1], "no transaction"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_for_a_transaction_that_is_rolled_back() -> None:
    def fails() -> None:
        with transaction.atomic():
            send_to_pipe_channel("c", "l", 1, on_commit=True)
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert sent() == []


@pytest.mark.django_db(transaction=True)
def test_on_commit_from_a_coroutine_waits_for_the_transaction_around_it() -> None:
    with transaction.atomic():
        async_to_sync(async_send_to_pipe_channel)("c", "l", 1, on_commit=True)
        assert sent() == []
    assert sent() == [1]


async def test_on_commit_with_the_plain_function_on_an_event_loop_says_what_to_use() -> None:
    with pytest.raises(PipeError, match="await async_send_to_pipe_channel"):
        send_to_pipe_channel("c", "l", 1, on_commit=True)


@pytest.mark.django_db(transaction=True)
def test_a_failure_after_the_commit_is_logged_and_harms_nothing(caplog: Any) -> None:
    Recorder.fails += [ConnectionError("no route")] * 2
    with transaction.atomic():
        send_to_pipe_channel("c", "l", 1, on_commit=True)
        transaction.on_commit(lambda: send_to_pipe_channel("c", "l", 2))
    assert sent() == [2]
    assert "no route" in caplog.text


# --- a layer that fails ----------------------------------------------------------------------------------------------


def test_a_layer_that_fails_is_told_to_the_sender() -> None:
    Recorder.fails += [ConnectionError("no route")] * 4
    with pytest.raises(PipeError, match="did not take the message: ConnectionError: no route"):
        send_to_pipe_channel("c", "l", 1)
    with pytest.raises(PipeError, match="no route"):
        async_to_sync(async_send_to_pipe_channel)("c", "l", 1)
    send_to_pipe_channel("c", "l", 2)
    assert sent() == [2]


def test_a_connection_that_has_died_meanwhile_costs_no_message() -> None:
    Recorder.fails.append(ConnectionError("closed by server"))
    send_to_pipe_channel("c", "l", 1)
    assert sent() == [1]


@pytest.fixture
def _hangs(monkeypatch: Any) -> None:
    monkeypatch.setattr(Recorder, "delay", 3600)
    monkeypatch.setattr(pipe_hub, "LAYER_SECONDS", 0.5)


def seconds_until_told(send: Callable[[], Any]) -> float:
    start = time.monotonic()
    with pytest.raises(PipeError, match=r"TimeoutError: no answer within 0\.5 seconds"):
        send()
    return time.monotonic() - start


@pytest.mark.usefixtures("_hangs")
def test_where_the_layer_hangs_each_thread_is_told_in_time_and_of_that() -> None:
    """Those, too, that wait for others that send to the same pipe."""
    with ThreadPoolExecutor(8) as pool:
        times = list(pool.map(lambda n: seconds_until_told(lambda: send_to_pipe_channel("c", "l", n)), range(8)))
    assert max(times) < 4 * min(times)  # one after the other, the last would take eight times as long as the first


@pytest.mark.usefixtures("_hangs")
async def test_where_the_layer_hangs_each_coroutine_is_told_in_time() -> None:
    start = time.monotonic()

    async def told_after(number: int) -> float:
        with pytest.raises(PipeError):
            await async_send_to_pipe_channel("c", "l", number)
        return time.monotonic() - start

    times = await asyncio.gather(*map(told_after, range(10)))
    assert max(times) < 4 * min(times)


@pytest.mark.django_db(transaction=True)
async def test_what_waits_for_a_layer_that_hangs_is_bounded_on_the_loop_of_a_server(
    monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(pipes, "_MOST_WAITING", 10)
    monkeypatch.setattr(Recorder, "delay", 0.3)
    monkeypatch.setattr(pipe_hub, "serves_here", lambda: True)
    for number in range(30):
        send_to_pipe_channel("c", "l", number)
    send_to_pipe_channel("c", "another", "not held up")
    while len(pipes._under_way) > 11:
        await asyncio.sleep(0.01)
    told = [record.message for record in caplog.records]
    assert told == ["10 messages of this pipe wait for the channel layer already; this one is lost."] * 20
    assert sorted(await until(2), key=str) == [0, "not held up"]
    monkeypatch.setattr(Recorder, "delay", 0)
    assert (await until(11))[2:] == list(range(1, 10))


@pytest.mark.usefixtures("_hangs")
def test_a_layer_that_blocks_is_told_apart_from_a_thread_that_does_not_run(monkeypatch: Any) -> None:
    async def block(self: Any, group: str, message: Any) -> None:
        time.sleep(1)

    monkeypatch.setattr(Recorder, "group_send", block)
    monkeypatch.setattr(pipes, "_GRACE_SECONDS", -0.4)
    with pytest.raises(PipeError, match="blocks the thread"):
        send_to_pipe_channel("c", "l", 1)
    sender.sender().submit(asyncio.sleep(0.01)).result(20)
    sender.close()
    may_run, run = threading.Event(), sender.Sender._run
    monkeypatch.setattr(sender.Sender, "_run", lambda self: may_run.wait(20) and run(self))
    with pytest.raises(PipeError, match="Under uWSGI, set enable-threads"):
        send_to_pipe_channel("c", "l", 1)
    may_run.set()
    sender.sender().submit(asyncio.sleep(0.01)).result(20)
    sender.close()


async def test_a_failure_that_nobody_waits_for_is_logged(caplog: Any) -> None:
    Recorder.fails += [ConnectionError("no route")] * 2
    send_to_pipe_channel("c", "l", 1)
    send_to_pipe_channel("c", "l", 2)
    await until(1)
    while "no route" not in caplog.text:
        await asyncio.sleep(0.01)
    assert "did not take the message" in caplog.text


# --- from views, callbacks and signals -------------------------------------------------------------------------------


def sending_app() -> DjangoDash:
    app = DjangoDash("Sending")
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="sync"), html.Div(id="async"), html.Div(id="mixed")])

    @app.callback(Output("sync", "children"), Input("in", "value"))
    def plain(value: str) -> str:
        send_to_pipe_channel("c", "l", value)
        return value

    @app.callback(Output("async", "children"), Input("in", "value"))
    async def coroutine(value: str) -> str:
        await async_send_to_pipe_channel("c", "l", value)
        return value

    @app.callback(Output("mixed", "children"), Input("in", "value"))
    async def mixed(value: str) -> str:
        send_to_pipe_channel("c", "l", value)
        return value

    return app


def test_from_callbacks_under_wsgi(client: Client) -> None:
    app = sending_app()
    for name in ("sync", "async", "mixed"):
        assert call(client, app, f"{name}.children", name).status_code == 200
    assert async_to_sync(until)(3) == ["sync", "async", "mixed"]


async def test_from_callbacks_under_asgi() -> None:
    app = sending_app()
    for name in ("sync", "async", "mixed"):
        body = json.dumps(callback_body(app, f"{name}.children", name))
        url = "/dash/app/sending/_dash-update-component"
        assert (await AsyncClient().post(url, body, content_type="application/json")).status_code == 200
    assert await until(3) == ["sync", "async", "mixed"]


@pytest.mark.django_db(transaction=True)
async def test_from_a_signal() -> None:
    def tell(instance: User, **_: Any) -> None:
        send_to_pipe_channel("users", "new", instance.username, on_commit=True)

    post_save.connect(tell, sender=User)
    try:
        await User.objects.acreate(username="ada")
    finally:
        post_save.disconnect(tell, sender=User)
    assert sent() == ["ada"]
