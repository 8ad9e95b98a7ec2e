from __future__ import annotations

import inspect
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dash.backends.base_server import RequestAdapter
from django.http import HttpRequest
from django.test import RequestFactory

from django_plotly_dash import context
from django_plotly_dash.backend.request import DjangoRequestAdapter
from django_plotly_dash.exceptions import RequestError

from .site.dash_apps import echo

PREFIX = "/dash/app/echo/"


@contextmanager
def answering(request: HttpRequest, path: str = "") -> Iterator[DjangoRequestAdapter]:
    """The adapter, while the request is being answered."""
    with context.opened(context.RequestContext(request=request, app=echo, prefix=PREFIX, path=path)):
        yield DjangoRequestAdapter()


def posted(rf: RequestFactory, body: bytes, **kwargs: Any) -> HttpRequest:
    return rf.generic("POST", PREFIX, body, content_type="application/json", **kwargs)


def test_every_member_of_dashs_contract_is_our_own() -> None:
    abstract = RequestAdapter.__abstractmethods__
    assert abstract, "Dash's contract has no abstract members any more: look for what took their place"
    assert abstract <= set(vars(DjangoRequestAdapter))
    assert not inspect.isabstract(DjangoRequestAdapter)


def test_properties_read_the_request(rf: RequestFactory) -> None:
    request = rf.get(
        PREFIX + "page/two",
        {"cancelJob": ["1", "2"]},
        headers={"Origin": "https://elsewhere.example", "X-Thing": "seven"},
        REMOTE_ADDR="192.0.2.7",
    )
    request.COOKIES["flavour"] = "oat"
    with answering(request, "page/two") as adapter:
        assert adapter.root == "http://testserver/"
        assert adapter.url == "http://testserver/dash/app/echo/page/two?cancelJob=1&cancelJob=2"
        assert adapter.full_path == "/dash/app/echo/page/two?cancelJob=1&cancelJob=2"
        assert adapter.path == "/page/two"
        assert adapter.args.getlist("cancelJob") == ["1", "2"]
        assert adapter.args.get("cancelJob") == "2"
        assert dict(adapter.cookies) == {"flavour": "oat"}
        assert adapter.headers["x-thing"] == "seven"
        assert adapter.origin == "https://elsewhere.example"
        assert adapter.remote_addr == "192.0.2.7"


def test_a_request_without_origin_has_none(rf: RequestFactory) -> None:
    with answering(rf.get(PREFIX)) as adapter:
        assert adapter.origin is None


def test_one_adapter_reads_whichever_request_is_being_answered(rf: RequestFactory) -> None:
    adapter = DjangoRequestAdapter()
    for number in ("1", "2"):
        with answering(rf.get(PREFIX, {"number": number})):
            assert adapter().args["number"] == number


def test_outside_of_a_request_the_adapter_is_false_and_says_why(rf: RequestFactory) -> None:
    adapter = DjangoRequestAdapter()
    assert not adapter
    with answering(rf.get(PREFIX)):
        assert adapter
    with pytest.raises(RuntimeError, match="only while a request to a Dash app is being answered"):
        _ = adapter.url


def test_context_is_kept_for_the_request_and_not_longer(rf: RequestFactory) -> None:
    with answering(rf.get(PREFIX)) as adapter:
        adapter.context.timing_information = {"query": 1}
        assert DjangoRequestAdapter().context.timing_information == {"query": 1}
    with answering(rf.get(PREFIX)) as adapter:
        assert not hasattr(adapter.context, "timing_information")


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [("application/json", True), ("application/json; charset=utf-8", True), ("text/plain", False)],
)
def test_is_json_goes_by_the_content_type(rf: RequestFactory, content_type: str, expected: bool) -> None:
    with answering(rf.generic("POST", PREFIX, b"{}", content_type=content_type)) as adapter:
        assert adapter.is_json is expected


def test_json_is_read_as_utf_8(rf: RequestFactory) -> None:
    with answering(posted(rf, '{"name": "Zoë"}'.encode())) as adapter:
        assert adapter.get_json() == {"name": "Zoë"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"\xff\xfe\x00",
        b'{"a": "\xff"}',
        b"[" * 100_000,
        b"9" * 5_000,
    ],
    ids=["empty", "cut off", "words", "binary", "latin", "too deep", "a number of too many digits"],
)
def test_a_body_that_cannot_be_read_as_json_is_refused(rf: RequestFactory, body: bytes) -> None:
    with answering(posted(rf, body)) as adapter, pytest.raises(RequestError, match="is not JSON") as caught:
        adapter.get_json()
    assert caught.value.status == 400


def test_a_form_that_somebody_has_read_before_is_refused(rf: RequestFactory) -> None:
    request = rf.post(PREFIX, {"output": "a.b"})  # multipart
    assert request.POST["output"] == "a.b"  # as the CSRF middleware does, looking for its token
    with answering(request) as adapter, pytest.raises(RequestError, match="cannot be read") as caught:
        adapter.get_json()
    assert caught.value.status == 400


def test_a_body_that_breaks_off_is_refused(rf: RequestFactory) -> None:
    class Lost(io.RawIOBase):
        def read(self, *_: int) -> bytes:
            raise OSError("the connection is gone")

    request = posted(rf, b"{}")
    request._stream = Lost()
    with answering(request) as adapter, pytest.raises(RequestError, match="cannot be read"):
        adapter.get_json()


def test_a_body_larger_than_the_setting_allows_is_refused_as_too_large(rf: RequestFactory, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    with answering(posted(rf, b'{"a": "bcdefghij"}')) as adapter, pytest.raises(RequestError) as caught:
        adapter.get_json()
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"CONTENT_LENGTH": "2"}, True),
        ({"CONTENT_LENGTH": "0"}, False),
        ({"CONTENT_LENGTH": ""}, False),
        ({}, False),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, True),
    ],
    ids=["a length", "no bytes", "an empty length", "no length", "in chunks"],
)
def test_has_body_goes_by_the_headers(rf: RequestFactory, headers: dict[str, str], expected: bool) -> None:
    request = rf.get(PREFIX)
    request.META.pop("CONTENT_LENGTH", None)
    request.META.update(headers)
    with answering(request) as adapter:
        assert adapter.has_body is expected
