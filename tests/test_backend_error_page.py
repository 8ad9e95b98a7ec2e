from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from dash import Input, Output, dcc, html
from dash.exceptions import PreventUpdate
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import connections
from django.http import Http404
from django.test import AsyncClient, Client, RequestFactory

from django_plotly_dash import DjangoDash, dev_tools
from django_plotly_dash.backend import error_page

from .helpers import call, callback_body, post

URL = "/dash/app/failing/"
SECRET = "the secret of the callback"


def failing(error: Exception | None = None, *, colour: str = "sync", **kwargs: Any) -> DjangoDash:
    """An app whose callback raises."""
    app = DjangoDash("Failing", **kwargs)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    def raise_it(value: str) -> None:
        local_of_the_user = value
        raise error or ValueError(f"{SECRET} and {local_of_the_user}")

    async def raise_it_later(value: str) -> None:
        raise_it(value)

    app.callback(Output("out", "children"), Input("in", "value"))(raise_it if colour == "sync" else raise_it_later)
    return app


def answer(app: DjangoDash, *, asgi: bool = False, **kwargs: Any) -> Any:
    body = callback_body(app, "out.children", "x")
    if not asgi:
        return post(Client(raise_request_exception=False, **kwargs), app, body)
    client = AsyncClient(raise_request_exception=False, **kwargs)
    return async_to_sync(client.post)(f"{URL}_dash-update-component", body, content_type="application/json")


def files(page: str) -> list[str]:
    """Names of the files whose frames a traceback page shows."""
    found = re.findall(r'<code class="fname">(.*?)</code>', page)
    assert found, "Django's page has changed"
    return [Path(path).name for path in found]


@pytest.fixture
def signalled() -> Iterator[list[Any]]:
    """Errors that Django's listeners were told."""
    seen: list[Any] = []

    def listen(sender: Any, request: Any, **_: Any) -> None:
        seen.append((sender, request.path))

    got_request_exception.connect(listen)
    yield seen
    got_request_exception.disconnect(listen)


under_both = pytest.mark.parametrize("asgi", [False, True], ids=["WSGI", "ASGI"])
both_colours = pytest.mark.parametrize("colour", ["sync", "async"])


@under_both
@both_colours
def test_an_exception_is_logged_once_with_its_traceback(
    caplog: Any, signalled: list[Any], asgi: bool, colour: str
) -> None:
    response = answer(failing(colour=colour), asgi=asgi)
    assert response.status_code == 500
    (record,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.name == "django_plotly_dash"
    assert record.getMessage() == f"Error in a Dash app: {URL}_dash-update-component"
    assert record.status_code == 500
    assert record.request.path == f"{URL}_dash-update-component"
    assert record.exc_info[0] is ValueError
    assert caplog.text.count(f"ValueError: {SECRET} and x") == 1
    assert signalled == [(ValueError, f"{URL}_dash-update-component")]


@under_both
@both_colours
def test_without_dev_tools_nothing_of_it_is_sent(asgi: bool, colour: str) -> None:
    response = answer(failing(colour=colour), asgi=asgi)
    assert response.status_code == 500
    assert response.json() == {"error": "The server could not answer."}


@under_both
@both_colours
def test_with_dev_tools_the_page_begins_at_the_users_function(settings: Any, asgi: bool, colour: str) -> None:
    settings.DEBUG = True
    response = answer(failing(colour=colour), asgi=asgi)
    page = response.content.decode()
    assert response.status_code == 500
    assert response.headers["Content-Type"].startswith("text/html")
    assert f"{SECRET} and x" in page
    assert "raise_it" in page
    assert "local_of_the_user" in page
    assert set(files(page)) == {"test_backend_error_page.py"}


@under_both
@both_colours
def test_the_whole_traceback_is_shown_where_it_is_wanted(asgi: bool, colour: str) -> None:
    page = answer(failing(colour=colour, dev_tools={"dev_tools_prune_errors": False}), asgi=asgi).content.decode()
    assert {"views.py", "answering.py", "_callback.py", "test_backend_error_page.py"} <= set(files(page))


@both_colours
def test_a_callback_with_extra_arguments_is_pruned_as_well(client: Client, colour: str) -> None:
    app = DjangoDash("Failing", dev_tools=True)
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    def raise_it(value: str, dash_app_id: str) -> None:
        raise ValueError(SECRET)

    async def raise_it_later(value: str, dash_app_id: str) -> None:
        raise_it(value, dash_app_id)

    app.callback(Output("out", "children"), Input("in", "value"))(raise_it if colour == "sync" else raise_it_later)
    page = answer(app).content.decode()
    assert SECRET in page
    assert set(files(page)) == {"test_backend_error_page.py"}


@pytest.mark.parametrize("debug", [True, False])
@both_colours
def test_a_layout_function_that_raises_is_answered_likewise(
    settings: Any, caplog: Any, debug: bool, colour: str
) -> None:
    settings.DEBUG = debug
    app = DjangoDash("Failing")

    def layout(dash_app_id: str) -> html.Div:
        raise ValueError("the secret of the layout")

    async def layout_async(dash_app_id: str) -> html.Div:
        return layout(dash_app_id)

    app.layout = layout if colour == "sync" else layout_async
    response = Client(raise_request_exception=False).get(f"{URL}_dash-layout")
    assert response.status_code == 500
    assert (b"the secret of the layout" in response.content) is debug
    if debug:
        shown = set(files(response.content.decode()))
        assert "test_backend_error_page.py" in shown
        assert not shown & {"views.py", "server.py", "injection.py", "dash.py"}
    assert caplog.text.count("ValueError: the secret of the layout") == 1


def test_an_error_outside_of_the_users_functions_shows_its_whole_traceback(settings: Any) -> None:
    settings.DEBUG = True
    app = DjangoDash("Failing")  # it has no layout
    dev_tools.switch(app, app._dev_tools_wanted)
    response = Client(raise_request_exception=False).get(f"{URL}_dash-layout")
    assert response.status_code == 500
    assert b"NoLayoutException" in response.content
    assert "views.py" in files(response.content.decode())


def test_a_browser_that_asks_for_the_page_gets_the_sites_own_500(caplog: Any, signalled: list[Any]) -> None:
    app = failing()

    def broken() -> None:
        raise ValueError(SECRET)

    app.backend.before_request(broken)
    client = Client(raise_request_exception=False)
    response = client.get(URL, headers={"Accept": "text/html,*/*"})
    assert response.status_code == 500
    assert b"Server Error (500)" in response.content
    assert SECRET not in response.content.decode()
    assert [record.name for record in caplog.records if record.levelno >= logging.ERROR] == ["django.request"]
    assert len(signalled) == 1


@under_both
@pytest.mark.parametrize(
    ("error", "status"),
    [(Http404("nothing there"), 404), (PermissionDenied("no"), 403), (SuspiciousOperation("odd"), 400)],
    ids=lambda value: type(value).__name__,
)
def test_djangos_own_exceptions_mean_what_they_mean_in_a_view(asgi: bool, error: Exception, status: int) -> None:
    assert answer(failing(error), asgi=asgi).status_code == status


@under_both
@both_colours
def test_on_error_of_the_app_comes_first(caplog: Any, asgi: bool, colour: str) -> None:
    response = answer(failing(colour=colour, on_error=lambda error: f"handled {error}"), asgi=asgi)
    assert response.json()["response"] == {"out": {"children": f"handled {SECRET} and x"}}
    assert caplog.text == ""


def test_a_refused_request_is_one_line_in_djangos_request_log(caplog: Any) -> None:
    with caplog.at_level(logging.WARNING):
        response = post(Client(), failing(), {"output": "nowhere.children"})
    assert response.status_code == 404
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("django.request", "WARNING")
    assert record.getMessage().endswith(f"{URL}_dash-update-component")
    assert record.exc_info is None


# --- transactions -----------------------------------------------------------------------------------------------


@pytest.fixture
def atomic_requests(monkeypatch: Any) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)


def writing(then: Callable[[], None], colour: str) -> DjangoDash:
    app = DjangoDash("Failing")
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    def write(value: str) -> str:
        User.objects.create(username=value)
        then()
        return value

    async def write_async(value: str) -> str:
        await User.objects.acreate(username=value)
        then()
        return value

    app.callback(Output("out", "children"), Input("in", "value"))(write if colour == "sync" else write_async)
    return app


def fail() -> None:
    raise ValueError(SECRET)


def stop() -> None:
    raise PreventUpdate


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("atomic_requests")
@under_both
@both_colours
@pytest.mark.parametrize(
    ("then", "status", "rows"),
    [(fail, 500, 0), (stop, 204, 1), (lambda: None, 200, 1)],
    ids=["an error", "PreventUpdate", "an answer"],
)
def test_under_atomic_requests_an_error_undoes_what_was_written(
    then: Callable[[], None], status: int, rows: int, asgi: bool, colour: str
) -> None:
    assert answer(writing(then, colour), asgi=asgi).status_code == status
    assert User.objects.count() == rows


@pytest.mark.django_db(transaction=True)
def test_without_atomic_requests_what_was_written_stays_as_in_any_view() -> None:
    assert answer(writing(fail, "sync")).status_code == 500
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_transaction_that_somebody_else_has_opened_is_theirs(client: Client) -> None:
    User.objects.create(username="theirs")
    client.raise_request_exception = False
    assert call(client, failing(), "out.children", "x").status_code == 500
    assert User.objects.filter(username="theirs").exists()


def test_a_callback_gets_json_whatever_the_client_would_accept(caplog: Any) -> None:
    app = failing(ValueError(SECRET))
    client = Client(raise_request_exception=False, headers={"Accept": "text/html"})
    response = call(client, app, "out.children", "x")
    assert (response.status_code, response.headers["Content-Type"]) == (500, "application/json")
    assert [record.name for record in caplog.records if record.levelno >= logging.ERROR] == ["django_plotly_dash"]


def test_a_path_cannot_put_lines_into_the_log(caplog: Any) -> None:
    request = RequestFactory().post("/dash/app/a%0Aforged%1b/")
    error_page.answer(ValueError("x"), request, debug=False, prune=True)
    assert "\n" not in caplog.records[-1].getMessage()
    assert "\\nforged\\x1b" in caplog.records[-1].getMessage()
