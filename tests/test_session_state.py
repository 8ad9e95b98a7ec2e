from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dash import Input, Output
from dash.exceptions import PreventUpdate
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.backends.file import SessionStore as FileStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest
from django.test import AsyncClient, Client, RequestFactory

from django_plotly_dash import DjangoDash, session_state
from django_plotly_dash.exceptions import ConfigurationError
from django_plotly_dash.session_state import SESSION_KEY, SessionState

from .helpers import call, callback_body, result
from .site_clients import COLOURS, ask, on_a_loop
from .site_sessions import (
    ENGINES,
    answered_after_logout,
    assert_parallel_callbacks_lose_nothing,
    logged_in,
    session_store,
    writer,
)

WITH_THREADS = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in ENGINES[request.param].items():
        setattr(settings, name, value)
    settings.SESSION_FILE_PATH = str(tmp_path)
    # The class remembers the folder of the first session.
    monkeypatch.setattr(FileStore, "_storage_path", str(tmp_path), raising=False)
    cache.clear()
    return request.param


def app_that(change: Callable[[dict[str, Any]], Any]) -> DjangoDash:
    app = writer()

    @app.callback(Output("done", "children"), Input("key", "value"))
    def run(key: str, session_state: dict[str, Any]) -> str:
        change(session_state)
        return str(session_state)

    return app


def client_with(values: dict[str, Any], **others: Any) -> Client:
    client = Client()
    session = client.session
    session[SESSION_KEY] = values
    session.update(others)
    session.save()
    return client


def stored(client: Client) -> Any:
    return session_store(client.session.session_key).load().get(SESSION_KEY)


# --- one callback ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_callback_reads_what_an_earlier_one_has_written() -> None:
    app = app_that(lambda state: state.update(count=state.get("count", 0) + 1))
    client = Client()
    assert [result(call(client, app, "done.children", "x")) for _ in range(3)] == [
        "{'count': 1}",
        "{'count': 2}",
        "{'count': 3}",
    ]
    assert stored(client) == {"count": 3}


@pytest.mark.django_db
def test_a_view_of_the_site_finds_it_in_the_session() -> None:
    client = Client()
    call(client, app_that(lambda state: state.update(colour="red")), "done.children", "x")
    assert client.session["django_plotly_dash"] == {"colour": "red"}


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("colour", COLOURS)
@WITH_THREADS
def test_changes_are_kept_in_every_colour(colour: str, asynchronous: bool, engine: str) -> None:
    app = writer()
    if asynchronous:

        async def write(key: str, session_state: dict[str, Any]) -> str:
            session_state[key] = 1
            return key

    else:

        def write(key: str, session_state: dict[str, Any]) -> str:
            session_state[key] = 1
            return key

    app.callback(Output("done", "children"), Input("key", "value"))(write)
    client: Any = Client() if colour == "wsgi" else AsyncClient()
    for key in ("a", "b"):
        assert result(ask(colour, app, "done.children", key, client=client)) == key
    assert stored(client) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ({"a": 1}, lambda state: state.update(a=2), {"a": 2}),
        ({"a": 1}, lambda state: state.update(b=None), {"a": 1, "b": None}),
        ({"a": 1, "b": 2}, lambda state: state.pop("a"), {"b": 2}),
        ({"a": 1, "b": 2}, lambda state: state.clear(), {}),
        ({"list": [1, [2]]}, lambda state: state["list"][1].append(3), {"list": [1, [2, 3]]}),
        ({"deep": {"er": {"x": 1}}}, lambda state: state["deep"]["er"].pop("x"), {"deep": {"er": {}}}),
        ("not a dict", lambda state: state.update(a=1), {"a": 1}),
    ],
    ids=["set", "new None", "removed", "cleared", "nested list", "nested dict", "not a dict before"],
)
@pytest.mark.django_db
def test_what_was_changed_is_what_is_stored(before: Any, change: Callable[[dict[str, Any]], Any], after: Any) -> None:
    client = client_with(before, other="of the site")
    response = call(client, app_that(change), "done.children", "x")
    assert result(response) == str(after)
    assert stored(client) == after
    assert client.session["other"] == "of the site"


@pytest.mark.parametrize(
    "look",
    [
        lambda state: None,
        lambda state: state["nested"][0],
        lambda state: state.update(nested=[{"x": 1}]),
        lambda state: state.setdefault("nested", 5),
        lambda state: state.pop("absent", None),
    ],
    ids=["nothing", "read", "set to an equal value", "default not used", "absent key removed"],
)
def test_nothing_is_written_where_nothing_was_changed(
    look: Callable[[dict[str, Any]], Any], django_assert_num_queries: Any, db: None
) -> None:
    app = app_that(look)
    client = client_with({"nested": [{"x": 1}]})
    call(client, app, "done.children", "first")
    with django_assert_num_queries(1) as queries:
        response = call(client, app, "done.children", "x")
    assert response.status_code == 200
    assert queries[0]["sql"].startswith("SELECT")
    assert not response.cookies
    assert stored(client) == {"nested": [{"x": 1}]}


def test_a_callback_that_does_not_name_it_does_not_ask_for_the_session(
    django_assert_num_queries: Any, db: None
) -> None:
    app = writer()
    app.callback(Output("done", "children"), Input("key", "value"))(lambda key: key)
    client = client_with({"a": 1})
    with django_assert_num_queries(0):
        response = call(client, app, "done.children", "x")
    assert not response.cookies


def test_saving_without_a_change_asks_for_nothing(django_assert_num_queries: Any, db: None) -> None:
    state = SessionState(request_of(client_with({"a": 1})))
    assert state.values == {"a": 1}
    with django_assert_num_queries(0):
        state.save()


@pytest.mark.django_db
def test_a_new_session_is_made_only_for_something_to_keep() -> None:
    client = Client()
    assert not call(client, app_that(lambda state: None), "done.children", "x").cookies
    assert not Session.objects.exists()
    response = call(client, app_that(lambda state: state.update(a=1)), "done.children", "x")
    assert "sessionid" in response.cookies
    assert Session.objects.count() == 1


@pytest.mark.django_db
def test_a_change_of_a_known_session_needs_no_new_cookie() -> None:
    client = client_with({"a": 1})
    response = call(client, app_that(lambda state: state.update(a=2)), "done.children", "x")
    assert not response.cookies
    assert stored(client) == {"a": 2}


@pytest.mark.django_db
def test_an_exception_saves_nothing() -> None:
    def change(state: dict[str, Any]) -> None:
        state["a"] = "changed"
        raise ValueError("after the change")

    client = client_with({"a": "as it was"})
    with pytest.raises(ValueError, match="after the change"):
        call(client, app_that(change), "done.children", "x")
    assert stored(client) == {"a": "as it was"}


@WITH_THREADS
@pytest.mark.parametrize("colour", COLOURS)
def test_prevent_update_keeps_changes(colour: str) -> None:
    app = writer()

    @app.callback(Output("done", "children"), Input("key", "value"))
    def write(key: str, session_state: dict[str, Any]) -> str:
        session_state["a"] = key
        raise PreventUpdate

    client: Any = Client() if colour == "wsgi" else AsyncClient()
    assert ask(colour, app, "done.children", "kept", client=client).status_code == 204
    assert stored(client) == {"a": "kept"}


@pytest.mark.django_db
def test_the_session_itself_can_be_written_in_the_same_callback(engine: str) -> None:
    app = writer()

    @app.callback(Output("done", "children"), Input("key", "value"))
    def write(key: str, session_state: dict[str, Any], request: HttpRequest) -> str:
        session_state["mine"] = key
        request.session["of the site"] = key
        return key

    for client in (Client(), client_with({"theirs": 1})):
        before = stored(client) or {}
        call(client, app, "done.children", "x")
        data = session_store(client.session.session_key).load()
        assert data["of the site"] == "x"
        assert data[SESSION_KEY] == {**before, "mine": "x"}


@pytest.mark.django_db
def test_a_callback_may_log_out_and_write() -> None:
    app = writer()

    @app.callback(Output("done", "children"), Input("key", "value"))
    def leave(key: str, session_state: dict[str, Any], request: HttpRequest) -> str:
        logout(request)
        session_state["farewell"] = "bye"
        return key

    client = logged_in()
    old = client.session.session_key
    assert result(call(client, app, "done.children", "x")) == "x"
    assert not session_store().exists(old)
    assert "_auth_user_id" not in client.session
    assert stored(client) == {"farewell": "bye"}


WITHOUT_SESSIONS = [
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]


def test_without_sessions_it_can_be_read(settings: Any) -> None:
    settings.MIDDLEWARE = WITHOUT_SESSIONS
    assert result(call(Client(), app_that(lambda state: state.get("a")), "done.children", "x")) == "{}"


def test_without_sessions_a_change_raises_with_the_way_out(settings: Any) -> None:
    settings.MIDDLEWARE = WITHOUT_SESSIONS
    with pytest.raises(ConfigurationError) as caught:
        call(Client(), app_that(lambda state: state.update(a=1)), "done.children", "x")
    assert str(caught.value) == (
        "A callback changed session_state, but the request has no session. Add "
        "'django.contrib.sessions.middleware.SessionMiddleware' to settings.MIDDLEWARE."
    )


# --- parallel callbacks ----------------------------------------------------------------------------------------------


@WITH_THREADS
def test_parallel_callbacks_of_one_session_lose_no_key(engine: str) -> None:
    assert_parallel_callbacks_lose_nothing(logged_in())


@WITH_THREADS
def test_parallel_async_callbacks_of_one_session_lose_no_key(engine: str) -> None:
    app, arrived = writer(), 0
    client = AsyncClient()
    session = client.session
    session["of the site"] = "kept"
    session.save()

    async def talk() -> list[Any]:
        everyone = asyncio.Event()

        @app.callback(Output("done", "children"), Input("key", "value"))
        async def write(key: str, session_state: dict[str, Any]) -> str:
            nonlocal arrived
            arrived += 1
            session_state[key] = True
            if arrived == 30:
                everyone.set()
            await asyncio.wait_for(everyone.wait(), timeout=60)
            return key

        async def one(number: int) -> Any:
            other = AsyncClient()
            other.cookies = client.cookies
            return await ask_async(other, app, f"key {number}")

        return await asyncio.gather(*(one(number) for number in range(30)))

    responses = on_a_loop(talk)
    assert [response.status_code for response in responses] == [200] * 30
    data = session_store(client.session.session_key).load()
    assert data == {"of the site": "kept", SESSION_KEY: {f"key {number}": True for number in range(30)}}


async def ask_async(client: AsyncClient, app: DjangoDash, value: str) -> Any:
    body = callback_body(app, "done.children", value)
    return await client.post(f"/dash/app/{app.slug}/_dash-update-component", body, content_type="application/json")


@WITH_THREADS
def test_of_two_callbacks_that_write_one_key_the_last_wins_and_other_keys_stay(engine: str) -> None:
    client = client_with({"shared": 0, "removed": 1, "untouched": {"x": 1}})
    first, second = (SessionState(request_of(client)) for _ in range(2))
    first.values["shared"] = "first"
    second.values["shared"] = "second"
    second.values["own"] = 1
    del first.values["removed"]
    second.save()
    first.save()
    assert stored(client) == {"shared": "first", "own": 1, "untouched": {"x": 1}}


def request_of(client: Client) -> HttpRequest:
    request = HttpRequest()
    request.session = session_store(client.session.session_key)
    return request


# --- a session that ends in the meantime -----------------------------------------------------------------------------


@WITH_THREADS
def test_a_long_callback_does_not_bring_back_a_session_that_was_flushed(engine: str) -> None:
    status, key = answered_after_logout(logged_in())
    assert status == 200
    assert not session_store().exists(key)
    assert session_store(key).load() == {}
    assert not Session.objects.exists()


@WITH_THREADS
def test_nor_does_one_that_writes_the_session_itself_which_django_answers_with_400(engine: str) -> None:
    status, key = answered_after_logout(logged_in(), writes_session=True)
    assert status == 400
    assert not session_store().exists(key)


@WITH_THREADS
def test_a_session_that_ends_while_it_is_saved_stays_ended(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_with({"a": 1})
    request = request_of(client)
    state = SessionState(request)
    state.values["a"] = 2

    def save(self: SessionBase, must_create: bool = False) -> None:
        raise UpdateError

    monkeypatch.setattr(type(request.session), "save", save)
    state.save()
    monkeypatch.undo()
    assert not request.session.modified
    assert session_store(client.session.session_key).load()[SESSION_KEY] == {"a": 1}


@pytest.mark.django_db
def test_what_a_dead_session_would_have_kept_is_mentioned_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    client = client_with({"a": 1})
    state = SessionState(request_of(client))
    state.values["a"] = 2
    client.session.flush()
    with caplog.at_level("INFO", logger="django_plotly_dash"):
        state.save()
    assert caplog.messages == ["session_state of a session that has ended was not saved"]


# --- engines of other kinds ------------------------------------------------------------------------------------------


def test_signed_cookies_keep_the_last_answer_and_never_fail(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    app, together = writer(), threading.Barrier(2)

    @app.callback(Output("done", "children"), Input("key", "value"))
    def write(key: str, session_state: dict[str, Any]) -> str:
        session_state[key] = 1
        if key != "first":
            together.wait(timeout=60)
        return key

    client = Client()
    call(client, app, "done.children", "first")
    cookie = client.cookies["sessionid"].value
    answers: dict[str, Any] = {}

    def talk(key: str) -> None:
        other = Client()
        other.cookies["sessionid"] = cookie
        answers[key] = call(other, app, "done.children", key)

    threads = [threading.Thread(target=talk, args=(key,)) for key in ("b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for key, response in answers.items():
        assert result(response) == key
        other = Client()
        other.cookies["sessionid"] = response.cookies["sessionid"].value
        assert other.session[SESSION_KEY] == {"first": 1, key: 1}


class RememberingStore(SessionBase):
    """An engine of a site's own, which keeps sessions in a dict."""

    kept: dict[str, dict[str, Any]] = {}

    def exists(self, session_key: str) -> bool:
        return session_key in self.kept

    def create(self) -> None:
        self._session_key = self._get_new_session_key()
        self.kept[self._session_key] = {}

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
        if self.session_key not in self.kept:
            raise UpdateError
        self.kept[self.session_key] = self._get_session()

    def load(self) -> dict[str, Any]:
        return dict(self.kept.get(self.session_key, {}))


@pytest.mark.parametrize(("ended", "expected"), [(False, {"a": 1, "b": 2}), (True, None)])
def test_an_engine_that_nobody_knows_is_merged_under_a_lock_of_the_process(ended: bool, expected: Any) -> None:
    request = HttpRequest()
    request.session = RememberingStore()
    request.session.create()
    state = SessionState(request)
    state.values["b"] = 2
    key = request.session.session_key
    RememberingStore.kept[key] = {SESSION_KEY: {"a": 1}}
    if ended:
        RememberingStore.kept.clear()
    state.save()
    assert RememberingStore.kept.get(key, {}).get(SESSION_KEY) == expected
    RememberingStore.kept.clear()


# --- the lock of cache sessions --------------------------------------------------------------------------------------


@pytest.fixture
def cache_session(settings: Any) -> Client:
    settings.SESSION_ENGINE = ENGINES["cache"]["SESSION_ENGINE"]
    cache.clear()
    return client_with({"a": 1})


def lock_key(client: Client) -> str:
    return f"django.contrib.sessions.cache{client.session.session_key}.lock"


def test_the_lock_is_gone_after_a_save(cache_session: Client) -> None:
    call(cache_session, app_that(lambda state: state.update(a=2)), "done.children", "x")
    assert stored(cache_session) == {"a": 2}
    assert cache.get(lock_key(cache_session)) is None


def test_a_lock_that_is_held_is_waited_for(cache_session: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = lock_key(cache_session)
    cache.add(key, "somebody else's", 60)
    slept: list[float] = []
    sleep_of_others, here = time.sleep, threading.get_ident()

    def sleep(seconds: float) -> None:
        if threading.get_ident() != here:  # threads of other tests may be left
            sleep_of_others(seconds)
            return
        slept.append(seconds)
        if len(slept) == 3:
            cache.delete(key)

    monkeypatch.setattr(session_state.time, "sleep", sleep)
    call(cache_session, app_that(lambda state: state.update(a=2)), "done.children", "x")
    assert len(slept) == 3
    assert stored(cache_session) == {"a": 2}


def test_a_lock_that_is_never_given_back_does_not_block_for_ever(
    cache_session: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key = lock_key(cache_session)
    cache.add(key, "somebody else's", 60)
    monkeypatch.setattr(session_state, "_LOCK_SECONDS", 0.0)
    call(cache_session, app_that(lambda state: state.update(a=2)), "done.children", "x")
    assert stored(cache_session) == {"a": 2}
    assert caplog.messages == [f"session_state was saved without a lock: {key} is held for too long"]
    assert cache.get(key) == "somebody else's"


class ReadsFromAReplica:
    """A router of databases that sends reads elsewhere."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


@pytest.mark.django_db
def test_the_row_is_locked_and_read_where_it_is_written(settings: Any) -> None:
    session = SessionStore()
    session.create()
    settings.DATABASE_ROUTERS = [ReadsFromAReplica()]
    request = RequestFactory().post("/")
    request.session = SessionStore(session.session_key)
    request.session._session_cache = {}
    state = SessionState(request)
    state.values["key"] = "kept"
    state.save()  # asking the replica, which does not exist, would raise
    settings.DATABASE_ROUTERS = []
    assert SessionStore(session.session_key)["django_plotly_dash"] == {"key": "kept"}
