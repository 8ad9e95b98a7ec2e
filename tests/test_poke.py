"""Messages for pipes by HTTP: closed by default, and open to those whom the settings let in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import plotly.io.json
import pytest
from asgiref.sync import async_to_sync
from channels.testing import HttpCommunicator
from django.contrib.auth.models import User
from django.test import Client
from django.urls import include, path

from django_plotly_dash import poke
from django_plotly_dash.routing import application
from tests.site_urls import mount
from tests.test_pipes import LAYER, Recorder, sent

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/dpd/views/poke/"
TOKEN = "the token"
MESSAGE = {"channel_name": "c", "label": "l", "value": {"a": [1, None]}}
Answer = tuple[int, Any, dict[str, str]]
Post = Callable[..., Answer]


def by_wsgi(client: Client, body: bytes, method: str, url: str, headers: dict[str, str]) -> Answer:
    response = client.generic(method, url, body, content_type="application/json", headers=headers)
    return response.status_code, json.loads(response.content), dict(response.items())


def by_asgi(client: Client, body: bytes, method: str, url: str, headers: dict[str, str]) -> Answer:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    sent_with = {"host": "testserver", "content-type": "application/json", "cookie": cookies, **headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in sent_with.items()]
    raw.append((b"content-length", str(len(body)).encode()))

    async def ask() -> Any:
        communicator = HttpCommunicator(application, method, url, body, raw)
        found = await communicator.get_response(timeout=20)
        await communicator.wait(timeout=20)  # connections to the database are closed at the very end
        return found

    response = async_to_sync(ask)()
    return response["status"], json.loads(response["body"]), {k.decode(): v.decode() for k, v in response["headers"]}


@pytest.fixture(params=[by_wsgi, by_asgi], ids=["wsgi", "asgi"])
def post(request: Any, settings: Any) -> Any:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": LAYER}}
    if request.param is by_wsgi:  # the ASGI application has the address by itself
        mount(settings, path("", include("django_plotly_dash.poke_urls")), path("", include("tests.urls")))
    enforcing = Client(enforce_csrf_checks=True)

    def send(
        body: Any = MESSAGE, *, method: str = "POST", url: str = URL, client: Client = enforcing, **headers: str
    ) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return request.param(client, content, method, url, {k.replace("_", "-"): v for k, v in headers.items()})

    yield send
    Recorder.sent.clear()
    Recorder.fails.clear()
    Recorder.loops.clear()


@pytest.fixture
def token(settings: Any) -> dict[str, str]:
    settings.PLOTLY_DASH = {"http_poke_token": TOKEN}
    return {"Authorization": f"Bearer {TOKEN}"}


def refused(answer: Answer, status: int, text: str) -> None:
    assert (answer[0], list(answer[1])) == (status, ["error"])
    assert text in answer[1]["error"]
    assert sent() == []


def test_it_is_closed_by_default(post: Post) -> None:
    refused(post(Authorization="Bearer "), 403, "Poking is off. PLOTLY_DASH['http_poke_token'] or")


def test_an_empty_token_opens_nothing(post: Post, settings: Any) -> None:
    settings.PLOTLY_DASH = {"http_poke_token": ""}
    refused(post(Authorization="Bearer "), 403, "Poking is off")


def test_a_token_lets_in(post: Post, token: Any) -> None:
    assert post(**token)[:2] == (200, {"sent": True})
    assert post(Authorization=f"bearer {TOKEN}")[0] == 200
    assert post(Authorization=f"Bearer {TOKEN}", Origin="https://elsewhere.example")[0] == 200  # no cookie counts here
    assert post({**MESSAGE, "label": None}, url=URL.removesuffix("/"), **token)[0] == 200
    assert sent() == [MESSAGE["value"]] * 4
    assert Recorder.sent[0][1]["channel_name"] == "c"


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer the tökén"])
def test_without_the_token_it_is_401(post: Post, token: Any, given: str) -> None:
    answer = post(b"no JSON, which nobody looks at", Authorization=given)
    refused(answer, 401, "Send the header Authorization: Bearer")
    assert answer[2]["WWW-Authenticate"] == "Bearer"


def test_the_token_is_compared_in_constant_time(post: Post, token: Any, monkeypatch: Any) -> None:
    compared = []
    monkeypatch.setattr(poke, "constant_time_compare", lambda *pair: compared.append(pair) or False)
    refused(post(**token), 401, "Bearer")
    assert compared == [(TOKEN, TOKEN)]


def test_it_can_be_taken_away(post: Post, settings: Any) -> None:
    settings.PLOTLY_DASH = {"http_poke_token": TOKEN, "http_poke_enabled": False}
    refused(post(Authorization=f"Bearer {TOKEN}"), 404, "There is nothing here.")


def test_other_methods_are_405(post: Post, token: Any) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = post(method=method, **token)
        refused(answer, 405, "Messages are posted.")
        assert answer[2]["Allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "The body is not JSON."),
        (b"\xff", "The body is not JSON."),
        (b"[" * 100_000, "The body is not JSON."),
        ([], "The body is not a JSON object."),
        ({**MESSAGE, "channel_name": 5}, "channel_name has to be a text that is not empty."),
        ({**MESSAGE, "channel_name": ""}, "channel_name has to be a text that is not empty."),
        ({**MESSAGE, "label": []}, "label has to be a text, or null."),
        ({"channel_name": "c", "label": "l"}, "There is no value."),
    ],
)
def test_what_makes_no_sense_is_400(post: Post, token: Any, body: Any, reason: str) -> None:
    refused(post(body, **token), 400, reason)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {"value": "\ud800"},
            "at .value is a str, which cannot be written as JSON. It has one half of a surrogate pair",
        ),
        ({"value": {"a": [10**30]}}, "at .value.a[0] is an int, which cannot be written as JSON."),
        ({"channel_name": "\ud800"}, "at .channel_name is a str, which cannot be written as JSON."),
        ({"label": "\ud800"}, "at .label is a str, which cannot be written as JSON."),
        (b'{"channel_name": "c", "value": ' + b"[" * 900 + b"]" * 900 + b"}", "levels"),
    ],
)
def test_what_cannot_be_written_is_400(post: Post, token: Any, monkeypatch: Any, given: Any, reason: str) -> None:
    pytest.importorskip("orjson")
    monkeypatch.setattr(plotly.io.json.config, "default_engine", "orjson")
    refused(post(given if isinstance(given, bytes) else {**MESSAGE, **given}, **token), 400, reason)


def test_too_much_is_413(post: Post, token: Any, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    refused(post({**MESSAGE, "value": "x" * 100}, **token), 413, "DATA_UPLOAD_MAX_MEMORY_SIZE")


@pytest.mark.parametrize("fails", [True, False], ids=["layer fails", "no layer"])
def test_without_a_layer_that_works_it_is_503(post: Post, token: Any, settings: Any, caplog: Any, fails: bool) -> None:
    if fails:
        Recorder.fails += [ConnectionError("no route")] * 2
    else:
        settings.CHANNEL_LAYERS = {}
    refused(post(**token), 503, "its log says why")
    assert ("no route" if fails else "CHANNEL_LAYERS") in caplog.text


# --- http_poke_access ------------------------------------------------------------------------------------------------


def staff_only(request: Any, channel_name: str, label: str) -> bool:
    assert (channel_name, label) == ("c", "l")
    return request.user.is_staff


async def staff_only_async(request: Any, channel_name: str, label: str) -> bool:
    return (await request.auser()).is_staff


def broken(*arguments: Any) -> bool:
    raise KeyError("broken")


def logged_in(*, staff: bool) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username=f"staff {staff}", is_staff=staff))
    return client


@pytest.mark.parametrize("hook", [staff_only, staff_only_async, "tests.test_poke.staff_only"])
def test_a_function_may_decide(post: Post, settings: Any, hook: Any) -> None:
    settings.PLOTLY_DASH = {"http_poke_access": hook}
    refused(post(), 403, "http_poke_access does not allow this.")
    refused(post(client=logged_in(staff=False)), 403, "http_poke_access")
    assert post(client=logged_in(staff=True))[0] == 200
    assert sent() == [MESSAGE["value"]]


def test_a_cookie_alone_does_not_let_another_site_in(post: Post, settings: Any) -> None:
    settings.PLOTLY_DASH = {"http_poke_access": staff_only}
    staff = logged_in(staff=True)
    for origin in ("http://evil.example", "http://testserver"):
        refused(post(client=staff, Origin=origin), 403, "CSRF")
    secret = "a" * 32
    staff.cookies["csrftoken"] = secret
    assert post(client=staff, Origin="http://testserver", X_CSRFToken=secret)[0] == 200


@pytest.mark.parametrize("hook", [broken, "no.such.function", "tests.helpers.UNSIGNED"])
def test_a_function_that_fails_refuses(post: Post, settings: Any, hook: Any) -> None:
    settings.PLOTLY_DASH = {"http_poke_access": hook}
    status, answer, _ = post()
    assert status in (403, 503)
    assert answer["error"]
    assert sent() == []


def test_with_both_a_token_or_the_function_lets_in(post: Post, settings: Any) -> None:
    settings.PLOTLY_DASH = {"http_poke_access": staff_only, "http_poke_token": TOKEN}
    refused(post(Authorization="Bearer wrong", client=logged_in(staff=True)), 401, "Bearer")
    refused(post(), 403, "http_poke_access")
    assert post(Authorization=f"Bearer {TOKEN}")[0] == 200


def by_key(request: Any, channel_name: str, label: str | None) -> bool:
    return bool(request.headers.get("Authorization") == "Key abc")


def test_with_both_the_function_may_go_by_an_authorization_of_its_own(post: Post, settings: Any) -> None:
    settings.PLOTLY_DASH = {"http_poke_access": by_key, "http_poke_token": TOKEN}
    refused(post(Authorization="Key wrong"), 403, "http_poke_access")
    assert post(Authorization="Key abc")[0] == 200
    assert post(Authorization=f"Bearer {TOKEN}")[0] == 200


def test_the_address_is_as_the_setting_says(post: Post, settings: Any) -> None:
    settings.PLOTLY_DASH = {"http_poke_token": TOKEN, "http_route": "/other/"}
    assert post(url="/other/poke/", Authorization=f"Bearer {TOKEN}")[0] == 200
