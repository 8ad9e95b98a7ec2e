"""The websocket of pipes: who gets which messages, who may what, and what ends a socket."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import plotly.io.json
import pytest
from asgiref.sync import sync_to_async
from channels.layers import BaseChannelLayer
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import translation

from django_plotly_dash import consumers, pipe_access, pipe_hub, scopes, socket_limits
from django_plotly_dash.consumers import MessageConsumer, async_send_to_pipe_channel, send_to_pipe_channel
from django_plotly_dash.routing import application
from tests.site_pipes import IN_MEMORY, headers, received, session_of, settled, socket, subscribe, triplet

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _layer(settings: Any) -> None:
    settings.CHANNEL_LAYERS = IN_MEMORY


# --- who gets what ---------------------------------------------------------------------------------------------------


async def test_a_page_gets_the_messages_of_the_pipes_that_it_names_and_no_others() -> None:
    async with socket() as page, socket() as other:
        await subscribe(page, "c", "l")
        await subscribe(page, "c", "second")
        await subscribe(page, "näme / with 'all' sorts", None)
        await subscribe(other, "c", "third")
        for pipe in (("c", "third"), ("d", "l"), ("c", "l"), ("c", "second"), ("näme / with 'all' sorts", None)):
            await async_send_to_pipe_channel(*pipe, {"sent to": pipe})
        for pipe in (("c", "l"), ("c", "second"), ("näme / with 'all' sorts", None)):
            expected = {"channel_name": pipe[0], "label": pipe[1], "value": {"sent to": list(pipe)}}
            assert await received(page) == expected
        assert (await received(other))["label"] == "third"
        assert await page.receive_nothing()
        assert await other.receive_nothing()


async def test_to_subscribe_again_changes_nothing() -> None:
    async with socket() as page:
        for _ in range(3):
            await subscribe(page)
        send_to_pipe_channel("c", "l", 1)
        assert (await received(page))["value"] == 1
        assert await page.receive_nothing()


async def test_every_page_gets_a_message_once_and_in_order() -> None:
    async with socket() as first, socket() as second:
        for page in (first, second):
            await subscribe(page)
        for number in range(500):  # many more than a channel layer keeps for a channel
            send_to_pipe_channel("c", "l", number)
        for page in (first, second):
            assert [(await received(page))["value"] for _ in range(500)] == list(range(500))


async def test_a_page_that_understands_lists_gets_what_has_waited_at_once() -> None:
    async with socket("/dpd/ws/channel?lists=1") as page:
        await subscribe(page)
        for number in range(3):
            send_to_pipe_channel("c", "l", number)
        assert [message["value"] for message in await received(page)] == [0, 1, 2]
        send_to_pipe_channel("c", "l", 3)
        assert (await received(page))["value"] == 3


async def test_messages_come_from_other_threads_and_loops() -> None:
    async with socket() as page:
        await subscribe(page)
        thread = threading.Thread(target=send_to_pipe_channel, args=("c", "l", 1))
        thread.start()
        thread.join()
        assert (await received(page))["value"] == 1
        await asyncio.to_thread(lambda: asyncio.run(async_send_to_pipe_channel("c", "l", 2)))
        assert (await received(page))["value"] == 2


async def test_nothing_is_left_of_a_page_that_has_gone() -> None:
    tasks = asyncio.all_tasks()
    async with socket() as page:
        await subscribe(page)
        assert pipe_hub.of_this_loop()._listeners
    assert not pipe_hub.of_this_loop()._listeners
    assert asyncio.all_tasks() == tasks


async def test_a_slow_browser_loses_old_messages_and_holds_up_nobody(settings: Any, caplog: Any) -> None:
    settings.PLOTLY_DASH = {"pipe_queue_size": 10}
    goes_on = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        async def slow_send(message: Any) -> None:
            if message["type"] == "websocket.send" and '"value"' in message["text"]:
                await goes_on.wait()
            await send(message)

        await application(scope, receive, slow_send)

    async with socket(application=slow) as page, socket() as other:
        for each in (page, other):
            await subscribe(each)
        send_to_pipe_channel("c", "l", "first")
        assert (await received(other))["value"] == "first"
        for number in range(30):
            send_to_pipe_channel("c", "l", number)
            assert (await received(other))["value"] == number
        goes_on.set()
        assert [(await received(page))["value"] for _ in range(11)] == ["first", *range(20, 30)]
        assert await page.receive_nothing()
    assert caplog.text.count("reads too slowly") == 1


async def test_what_waits_for_a_slow_browser_is_bounded_in_bytes_and_goes_out_in_frames_of_a_size(
    settings: Any, caplog: Any
) -> None:
    settings.PLOTLY_DASH = {"pipe_queue_bytes": 300_000}
    goes_on, frames = asyncio.Event(), []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        async def slow_send(message: Any) -> None:
            if message["type"] == "websocket.send" and '"value"' in message["text"]:
                await goes_on.wait()
                frames.append(len(message["text"].encode()))
            await send(message)

        await application(scope, receive, slow_send)

    async with socket("/dpd/ws/channel?lists=1", application=slow) as page:
        await subscribe(page)
        for number in range(100):
            send_to_pipe_channel("c", "l", [number, "x" * 9_000 + "\ud7ff" * 333])
            await asyncio.sleep(0)
        await settled(page)
        goes_on.set()
        numbers: list[int] = []
        while 99 not in numbers:
            found = await received(page)
            numbers += [message["value"][0] for message in (found if isinstance(found, list) else [found])]
        assert max(frames) < 70_000
        assert len(frames) > 4
        assert 20 <= len(numbers) < 40
        assert numbers[-20:] == list(range(80, 100))
        # one that is larger than all limits is the last, and kept
        for number in (1, 2):
            send_to_pipe_channel("c", "l", [number, "x" * 400_000])
        while numbers[-1] != 2:
            numbers.append((await received(page))["value"][0])
    assert caplog.text.count("reads too slowly") >= 1


# --- who may ---------------------------------------------------------------------------------------------------------


async def test_without_a_hook_nobody_may_send() -> None:
    async with socket() as page, socket() as other:
        await subscribe(other)
        await page.send_json_to({"channel_name": "c", "label": "l", "value": 1})
        refusal = {"type": "refused", "action": "publish", "channel_name": "c", "label": "l"}
        assert await received(page) == refusal
        assert await other.receive_nothing()


CALLS: list[Any] = []


def by_permission(user: User, channel_name: str, label: str, action: str, scope: Any) -> bool:
    """A hook of a site: it asks the database, and says where it ran."""
    CALLS.append((user.get_username(), channel_name, label, action, scope["path"], translation.get_language()))
    return channel_name == "for all" or user.has_perm("auth.view_user")


async def by_permission_async(user: User, channel_name: str, label: str, action: str, scope: Any) -> bool:
    CALLS.append((user.get_username(), channel_name, label, action, scope["path"], translation.get_language()))
    return channel_name == "for all" or await user.ahas_perm("auth.view_user")


class Hook:
    async def __call__(self, *arguments: Any) -> bool:
        return await by_permission_async(*arguments)


HOOKS = [by_permission, by_permission_async, Hook(), "tests.test_consumers.by_permission", lambda *a: by_permission(*a)]


@pytest.fixture(params=HOOKS, ids=["def", "async def", "object", "path", "lambda"])
def hook(request: Any, settings: Any) -> Any:
    CALLS.clear()
    settings.PLOTLY_DASH = {"pipe_access": request.param}
    return request.param


def permit(name: str, *, yes: bool) -> None:
    user = User.objects.get_or_create(username=name)[0]
    getattr(user.user_permissions, "add" if yes else "remove")(Permission.objects.get(codename="view_user"))


async def test_the_hook_decides_who_listens_and_who_sends(hook: Any) -> None:
    session = await sync_to_async(session_of)("ada")
    await sync_to_async(permit)("ada", yes=True)
    async with socket(session=session) as ada, socket() as nobody:
        await subscribe(ada, "c", "l")
        await nobody.send_json_to(triplet("c", "l"))
        assert (await received(nobody))["action"] == "subscribe"
        await subscribe(nobody, "for all", "l")
        await ada.send_json_to({"channel_name": "c", "label": "l", "value": "from a page"})
        assert (await received(ada))["value"] == "from a page"
        await nobody.send_json_to({"channel_name": "c", "label": "l", "value": "forged"})
        assert (await received(nobody))["action"] == "publish"
        assert await ada.receive_nothing()
        assert await nobody.receive_nothing()
    assert CALLS == [
        ("ada", "c", "l", "subscribe", "/dpd/ws/channel", "en-us"),
        ("", "c", "l", "subscribe", "/dpd/ws/channel", "en-us"),
        ("", "for all", "l", "subscribe", "/dpd/ws/channel", "en-us"),
        ("ada", "c", "l", "publish", "/dpd/ws/channel", "en-us"),
        ("", "c", "l", "publish", "/dpd/ws/channel", "en-us"),
    ]


def log_out(session: str) -> None:
    SessionStore(session).flush()


TAKEN_AWAY = {
    "permission": lambda session: permit("ada", yes=False),
    "logout": log_out,
    "deleted": lambda session: User.objects.all().delete(),
    "inactive": lambda session: User.objects.update(is_active=False),
}


@pytest.mark.parametrize("how", TAKEN_AWAY)
@pytest.mark.parametrize("repeats", [True, False], ids=["the page asks again", "the page keeps still"])
async def test_what_is_taken_away_ends_the_subscription(
    settings: Any, monkeypatch: Any, how: str, repeats: bool
) -> None:
    settings.PLOTLY_DASH = {"pipe_access": by_permission}
    monkeypatch.setattr(scopes, "USER_SECONDS", 0)
    monkeypatch.setattr(pipe_access, "ANSWER_SECONDS", 3600 if repeats else 0)
    session = await sync_to_async(session_of)("ada")
    await sync_to_async(permit)("ada", yes=True)
    async with socket(session=session) as ada:
        await subscribe(ada)
        await async_send_to_pipe_channel("c", "l", 1)
        assert (await received(ada))["value"] == 1
        await sync_to_async(TAKEN_AWAY[how])(session)
        if repeats:
            await ada.send_json_to(triplet())
        else:
            await async_send_to_pipe_channel("c", "l", "a secret")
        assert await received(ada) == {"type": "refused", "action": "subscribe", "channel_name": "c", "label": "l"}
        await async_send_to_pipe_channel("c", "l", "another")
        assert await ada.receive_nothing()
        assert not pipe_hub.of_this_loop()._listeners
        if how == "permission":  # and may be given back
            await sync_to_async(permit)("ada", yes=True)
            await subscribe(ada)


def test_times_are_as_documented() -> None:
    assert pipe_access.ANSWER_SECONDS + scopes.USER_SECONDS == 15


def broken(*arguments: Any) -> bool:
    raise KeyError("broken")


async def broken_async(*arguments: Any) -> bool:
    raise KeyError("broken")


@pytest.mark.parametrize(
    "given", [broken, broken_async, lambda user: True, "no.such.function", "tests.helpers.UNSIGNED"]
)
async def test_a_hook_that_fails_refuses(settings: Any, caplog: Any, given: Any) -> None:
    settings.PLOTLY_DASH = {"pipe_access": given}
    async with socket() as page:
        await page.send_json_to(triplet())
        assert (await received(page))["type"] == "refused"
        await page.send_json_to({"channel_name": "c", "label": "l", "value": 1})
        assert (await received(page))["type"] == "refused"
    assert "pipe_access failed for 'l' of the pipe channel 'c': refused." in caplog.text


@pytest.mark.parametrize("repeats", [True, False], ids=["the page asks again", "the page keeps still"])
async def test_while_a_hook_fails_nothing_goes_out_and_the_subscription_stays(
    settings: Any, monkeypatch: Any, repeats: bool
) -> None:
    monkeypatch.setattr(pipe_access, "ANSWER_SECONDS", 3600 if repeats else 0)
    is_broken = False

    def hook(*arguments: Any) -> bool:
        return broken() if is_broken else True

    settings.PLOTLY_DASH = {"pipe_access": hook}
    async with socket() as page:
        await subscribe(page)
        is_broken = True
        if repeats:
            await page.send_json_to(triplet())
            await settled(page)
        send_to_pipe_channel("c", "l", "a secret")
        assert await page.receive_nothing(0.3)
        is_broken = False
        send_to_pipe_channel("c", "l", "later")
        assert (await received(page))["value"] == "later"


async def test_a_hook_runs_where_the_database_may_be_used_and_leaves_no_connection(settings: Any) -> None:
    found: list[Any] = []

    def hook(user: Any, *rest: Any) -> bool:
        User.objects.count()
        found.append((threading.current_thread(), connection.connection))
        return True

    settings.PLOTLY_DASH = {"pipe_access": hook}
    async with socket() as page:
        await subscribe(page)
    ((thread, raw),) = found
    assert thread is not threading.current_thread()
    with pytest.raises(Exception, match="closed database"):
        raw.execute("SELECT 1")


async def test_a_user_of_somebody_elses_middleware_stays(settings: Any) -> None:
    user = await User.objects.acreate(username="token")
    settings.PLOTLY_DASH = {"pipe_access": lambda user, *rest: user.get_username() == "token"}
    consumer = MessageConsumer.as_asgi()

    async def with_token(scope: Any, receive: Any, send: Any) -> None:
        await consumer({**scope, "user": user}, receive, send)

    async with socket(application=with_token) as page, socket(application=consumer) as nobody:
        await subscribe(page)
        await nobody.send_json_to(triplet())
        assert (await received(nobody))["type"] == "refused"


# --- origins ---------------------------------------------------------------------------------------------------------

ORIGINS = [
    ("http://testserver", {}, True),
    (None, {}, True),
    ("HTTP://TestServer", {}, True),
    ("https://testserver", {}, False),
    ("http://testserver:8000", {}, False),
    ("http://evil.example", {}, False),
    ("http://testserver.evil.example", {}, False),
    ("null", {}, False),
    ("", {}, False),
    ("https://partner.example", {"CSRF_TRUSTED_ORIGINS": ["https://partner.example"]}, True),
    ("http://partner.example", {"CSRF_TRUSTED_ORIGINS": ["https://partner.example"]}, False),
    ("https://a.partner.example", {"CSRF_TRUSTED_ORIGINS": ["https://*.partner.example"]}, True),
    ("https://a.partner.example", {"CSRF_TRUSTED_ORIGINS": ["https://partner.example"]}, False),
    ("http://testserver", {"ALLOWED_HOSTS": ["other.example"]}, False),
    ("https://testserver", {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}, True),
    ("http://testserver", {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}, False),
    ("http://front.example", {"USE_X_FORWARDED_HOST": True}, True),
]


@pytest.mark.parametrize(("origin", "values", "is_ours"), ORIGINS)
async def test_only_pages_of_this_site_may_open_a_socket(
    settings: Any, caplog: Any, origin: str | None, values: dict[str, Any], is_ours: bool
) -> None:
    for name, value in values.items():
        setattr(settings, name, value)
    scope = {
        "type": "websocket",
        "path": "/dpd/ws/channel",
        "query_string": b"",
        "headers": headers(origin, x_forwarded_proto="https", x_forwarded_host="front.example"),
        "scheme": "ws",
    }
    told: list[Any] = []
    incoming = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}])

    async def receive() -> Any:
        return next(incoming)

    async def send(message: Any) -> None:
        told.append(message)

    await application(scope, receive, send)
    assert [message["type"] for message in told] == ["websocket.accept" if is_ours else "websocket.close"]
    assert ("CSRF_TRUSTED_ORIGINS" in caplog.text) is not is_ours


# --- what ends a socket ----------------------------------------------------------------------------------------------

ENDS = [
    (["{"], {}, 4400, "not JSON"),
    (["[]"], {}, 4400, "not a JSON object"),
    (["[" * 100_000], {"pipe_max_message_size": 200_000}, 4400, "not JSON"),
    (['{"a": "%s"}' % ("ä" * 60)], {"pipe_max_message_size": 100}, 4413, "more than 100 bytes"),
    (["{}"] * 11, {"pipe_max_rate": 1, "pipe_max_subscriptions": 5}, 4429, "More than 1 messages a second"),
    (
        [json.dumps(triplet())] * 11,
        {"pipe_max_rate": 1, "pipe_max_subscriptions": 5},
        4429,
        "More than 1 messages a second",
    ),
    (
        [json.dumps(triplet("c", str(number))) for number in range(3)],
        {"pipe_max_subscriptions": 2},
        4430,
        "More than 2 subscriptions",
    ),
]


@pytest.mark.parametrize(("texts", "values", "code", "reason"), ENDS)
async def test_limits_end_a_socket_with_a_code_a_reason_and_a_line_in_the_log(
    settings: Any, caplog: Any, texts: list[str], values: dict[str, Any], code: int, reason: str
) -> None:
    settings.PLOTLY_DASH = values
    async with socket() as page:
        for text in texts:
            await page.send_to(text_data=text)
        while True:
            message = await page.receive_output(timeout=20)
            if message["type"] == "websocket.close":
                break
        assert message["code"] == code
        assert reason.lower() in message["reason"].lower()
        assert len(message["reason"].encode()) <= 123
        await page.send_to(text_data=texts[-1])  # what still comes is not looked at
        assert await page.receive_nothing()
    (record,) = [record for record in caplog.records if "was closed with" in record.message]
    assert record.levelname == "WARNING"
    assert str(code) in record.message
    assert record.message.endswith(message["reason"])


async def test_bytes_end_a_socket() -> None:
    async with socket() as page:
        await page.send_to(bytes_data=b"{}")
        assert (await page.receive_output(timeout=20))["code"] == socket_limits.BAD_MESSAGE


@pytest.mark.parametrize(
    ("number", "values"),
    [(100, {}), (500, {"pipe_max_subscriptions": 500}), (60, {"pipe_max_rate": 2})],
    ids=["defaults", "more subscriptions", "a lower rate"],
)
async def test_as_many_subscriptions_as_are_allowed_may_come_at_once(
    settings: Any, number: int, values: dict[str, int]
) -> None:
    settings.PLOTLY_DASH = values
    async with socket() as page:
        for each in range(number):
            await page.send_json_to(triplet("c", str(each)))
        await settled(page)
        send_to_pipe_channel("c", str(number - 1), "the last")
        assert (await received(page))["value"] == "the last"


async def test_pipes_may_repeat_themselves_whatever_the_rate(settings: Any, monkeypatch: Any) -> None:
    """Each does so every ten seconds, be they ever so many."""
    settings.PLOTLY_DASH = {"pipe_max_rate": 1, "pipe_max_subscriptions": 100}
    monkeypatch.setattr(consumers, "_REPEAT_SECONDS", 0)
    async with socket() as page:
        for _ in range(5):
            for number in range(100):
                await page.send_json_to(triplet("c", str(number)))
        await settled(page)


async def test_a_page_may_leave_pipes_and_name_others_for_as_long_as_it_lives(settings: Any) -> None:
    settings.PLOTLY_DASH = {"pipe_max_subscriptions": 2}
    async with socket() as page:
        await subscribe(page, "c", "stays")
        for number in range(5):
            await subscribe(page, "c", str(number))
            await page.send_json_to({"type": "unsubscribe", "channel_name": "c", "label": str(number)})
        await page.send_json_to({"type": "unsubscribe", "channel_name": "c", "label": "never named"})
        await settled(page)
        for label in ("4", "stays"):
            send_to_pipe_channel("c", label, 1)
        assert (await received(page))["label"] == "stays"
        assert await page.receive_nothing()
        assert len(pipe_hub.of_this_loop()._listeners) == 1


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (triplet(None), "channel_name has to be a text of 1 to 1000 characters."),
        (triplet(""), "channel_name has to be"),
        (triplet("x" * 1001), "channel_name has to be"),
        (triplet("c", 5), "label has to be a text of at most 1000 characters, or null."),
        (triplet("c", "x" * 1001), "label has to be"),
        ({"channel_name": "c", "label": "l"}, "A message is a connection_triplet, an unsubscribe, or has a value."),
    ],
)
async def test_a_message_that_makes_no_sense_is_answered_with_the_reason(message: Any, reason: str) -> None:
    async with socket() as page:
        await page.send_json_to(message)
        answer = await received(page)
        assert answer["type"] == "refused"
        assert answer["reason"].startswith(reason)


async def test_a_value_that_cannot_be_written_is_refused_and_the_socket_lives(settings: Any, monkeypatch: Any) -> None:
    pytest.importorskip("orjson")
    monkeypatch.setattr(plotly.io.json.config, "default_engine", "orjson")
    settings.PLOTLY_DASH = {"pipe_access": lambda *arguments: True}
    async with socket() as page:
        await subscribe(page)
        for name, value in (("c", "\ud800"), ("c", 10**30), ("\ud800", 1)):
            await page.send_json_to({"channel_name": name, "label": "l", "value": value})
            assert "cannot be written as JSON" in (await received(page))["reason"]
        await page.send_json_to({"channel_name": "c", "label": "l", "value": 1})
        assert (await received(page))["value"] == 1


async def test_without_a_channel_layer_the_socket_says_so(settings: Any, caplog: Any) -> None:
    settings.CHANNEL_LAYERS = {}
    async with socket() as page:
        await page.send_json_to(triplet())
        assert (await page.receive_output(timeout=20))["code"] == socket_limits.NO_LAYER
    assert "The site has no channel layer." in caplog.text


async def test_an_error_while_writing_closes_the_socket_rather_than_silencing_it(caplog: Any, monkeypatch: Any) -> None:
    async with socket() as page:
        await subscribe(page)
        monkeypatch.setattr(MessageConsumer, "_write_waiting", None)
        await async_send_to_pipe_channel("c", "l", 1)
        assert (await page.receive_output(timeout=20))["code"] == socket_limits.SERVER_ERROR
    assert "was closed" in caplog.text


class UnknownError(Exception):
    pass


@pytest.mark.parametrize("error", [ConnectionResetError, RuntimeError, UnknownError])
@pytest.mark.parametrize("what", ["answer", "message", "receive", "close"])
async def test_nothing_is_left_of_a_socket_however_it_ends(error: type[Exception], what: str) -> None:
    """Servers tell of a browser that has gone by an error of ``send``, and not by a message, if they know it first."""
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    texts: list[str] = []
    is_gone = asyncio.Event()

    async def receive() -> Any:
        if is_gone.is_set() and what == "receive":
            raise error
        return await incoming.get()

    async def send(message: Any) -> None:
        if is_gone.is_set():
            raise error
        texts.append(message.get("text", ""))

    def say(message: Any) -> None:
        incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    scope = {"type": "websocket", "path": "/dpd/ws/channel", "query_string": b"", "headers": headers(), "scheme": "ws"}
    before = asyncio.all_tasks()
    incoming.put_nowait({"type": "websocket.connect"})
    serving = asyncio.create_task(application(scope, receive, send))
    say(triplet())
    say({})
    while not any("refused" in text for text in texts):
        await asyncio.sleep(0.01)
    hub = pipe_hub.of_this_loop()
    assert hub.has_listeners
    is_gone.set()
    send_to_pipe_channel("c", "l", 1) if what == "message" else None
    say({} if what != "close" else [])
    await asyncio.sleep(0.1)
    incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await asyncio.wait([serving], timeout=20)
    ended = serving.exception() if serving.done() else "it goes on"
    assert ended is None or isinstance(ended, error)
    assert not hub.has_listeners
    assert asyncio.all_tasks() == before


# --- a layer that hangs ----------------------------------------------------------------------------------------------


class Remote(BaseChannelLayer):
    """A layer in another process, which may hang."""

    extensions = ["groups"]
    hangs = False
    groups: set[str] = set()

    async def new_channel(self, prefix: str = "") -> str:
        return "channel"

    async def group_add(self, group: str, channel: str) -> None:
        await self._answer()
        self.groups.add(group)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._answer()
        self.groups.discard(group)

    async def receive(self, channel: str) -> dict[str, Any]:
        return await asyncio.get_running_loop().create_future()

    async def _answer(self) -> None:
        if self.hangs:
            await asyncio.sleep(3600)


async def test_a_page_that_leaves_while_the_layer_hangs_holds_up_no_other(settings: Any, monkeypatch: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.Remote"}}
    monkeypatch.setattr(pipe_hub, "LAYER_SECONDS", 0.3)
    monkeypatch.setattr(pipe_hub, "REJOIN_SECONDS", 0.1)
    monkeypatch.setattr(Remote, "groups", set())
    async with socket() as other:
        await subscribe(other, "c", "stays")
        async with socket() as page:
            for number in range(20):
                await subscribe(page, "c", str(number))
            assert len(Remote.groups) == 21
            monkeypatch.setattr(Remote, "hangs", True)
            start = time.monotonic()
        await subscribe(other, "c", "another")
        assert time.monotonic() - start < 10 * pipe_hub.LAYER_SECONDS  # and not once for each of the twenty
        # What could not be left is left when the layer is back.
        monkeypatch.setattr(Remote, "hangs", False)
        while len(Remote.groups) > 2:
            await asyncio.sleep(0.01)
        assert Remote.groups == {pipe_hub.group_name("c", label) for label in ("stays", "another")}


class Listener:
    """A socket as the hub knows it."""

    def put(self, group: str, text: str) -> None:
        """A message has come."""


async def hub_whose_layer_hangs(settings: Any, monkeypatch: Any) -> tuple[pipe_hub.Hub, Listener]:
    """A hub with a group "first", which knows that the layer hangs."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.Remote"}}
    monkeypatch.setattr(pipe_hub, "LAYER_SECONDS", 0.1)
    monkeypatch.setattr(pipe_hub, "REJOIN_SECONDS", 0.01)
    monkeypatch.setattr(Remote, "groups", set())
    hub, listener = pipe_hub.Hub(), Listener()
    await hub.subscribe("first", listener)
    monkeypatch.setattr(Remote, "hangs", True)
    while hub._is_well:
        await asyncio.sleep(0.01)
    return hub, listener


async def test_nobody_waits_for_a_layer_that_is_known_to_hang(settings: Any, monkeypatch: Any) -> None:
    hub, listener = await hub_whose_layer_hangs(settings, monkeypatch)
    monkeypatch.setattr(pipe_hub, "LAYER_SECONDS", 3600)
    while not hub._lock.locked():  # for an hour now
        await asyncio.sleep(0.01)
    await asyncio.wait_for(hub.subscribe("second", listener), 60)
    await asyncio.wait_for(hub.unsubscribe(["first"], listener), 60)
    for task in hub._tasks:
        task.cancel()
    await asyncio.gather(*hub._tasks, return_exceptions=True)


async def test_who_came_while_the_layer_was_away_hears_as_soon_as_it_is_back(settings: Any, monkeypatch: Any) -> None:
    hub, listener = await hub_whose_layer_hangs(settings, monkeypatch)
    monkeypatch.setattr(pipe_hub, "REJOIN_SECONDS", 3600)
    await hub.subscribe("second", listener)
    monkeypatch.setattr(Remote, "hangs", False)
    while "second" not in Remote.groups:
        await asyncio.sleep(0.01)
    await hub.unsubscribe(["first", "second"], listener)
    assert Remote.groups == set()
