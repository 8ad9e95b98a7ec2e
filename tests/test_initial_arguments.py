"""Values for components, from a page to an app: what can be given, and when the app gets it."""

from __future__ import annotations

import json
import logging
import re
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

import plotly.graph_objects as go
import pytest
from asgiref.sync import sync_to_async
from dash import Input, Output, dcc, html, page_container, register_page
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import caches
from django.http import HttpRequest
from django.template import Context, RequestContext, Template
from django.test import AsyncClient, Client, RequestFactory
from django.utils import timezone
from jinja2 import Environment

from django_plotly_dash import DjangoDash, embedding, handed_over, initial_arguments, jinja2, lookup
from django_plotly_dash.exceptions import ConfigurationError, HandedOverError
from django_plotly_dash.models import DashApp, StatelessApp
from django_plotly_dash.session_state import SessionState

from .handing_over import TAG, layout_at, url_on_page
from .helpers import call, result

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.urls("tests.handing_over"), pytest.mark.django_db]
HTML = {"HTTP_ACCEPT": "text/html,*/*"}
LARGE = {"text": {"value": "".join(Random(1).choices(string.ascii_letters, k=9000))}}


@pytest.fixture
def app() -> DjangoDash:
    app = DjangoDash("Handed")
    app.layout = html.Div(
        [
            dcc.Input(id="text", value="default"),
            dcc.Dropdown(["C", "F"], "C", id="unit"),
            dcc.Graph(id="graph"),
            html.P(id={"type": "row", "index": 1}),
            html.P(id="out"),
        ],
        id="root",
    )

    @app.callback(Output("out", "children"), Input("text", "value"))
    def show(text: str) -> str:
        return f"got {text}"

    return app


@pytest.fixture
def memory(settings: Settings) -> None:
    """A cache of this test's own."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "handed"}}
    caches["default"].clear()


# --- what can be given ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [lambda values: values, json.dumps], ids=["dict", "JSON"])
def test_they_arrive_as_a_dict_and_as_json(client: Client, app: DjangoDash, write: Any) -> None:
    url = url_on_page(client, "Handed", write({"text": {"value": "Oslo"}, "unit": {"value": "F"}}))
    shown = layout_at(client, url)
    assert (shown["text"]["value"], shown["unit"]["value"]) == ("Oslo", "F")
    assert layout_at(client, "/dash/app/handed/")["text"]["value"] == "default"


@pytest.mark.parametrize("nothing", [None, "", {}, "{}"])
def test_nothing_makes_the_plain_url(client: Client, app: DjangoDash, nothing: Any) -> None:
    assert url_on_page(client, "Handed", nothing) == "/dash/app/handed/"


def test_any_property_can_be_given_whether_it_is_in_the_layout_or_not(client: Client, app: DjangoDash) -> None:
    given = {
        "text": {"value": None, "placeholder": "a city", "debounce": True},
        "root": {"data-kind": "wide", "style": {"color": "red"}},
        "unit": {"options": ["K"], "disabled": False},
    }
    shown = layout_at(client, url_on_page(client, "Handed", given))
    for ident, properties in given.items():
        assert {name: shown[ident][name] for name in properties} == properties


@pytest.mark.parametrize("key", ['{"type": "row", "index": 1}', '{"index":1,"type":"row"}'])
def test_an_id_that_is_a_dict_is_given_as_its_json(client: Client, app: DjangoDash, key: str) -> None:
    shown = layout_at(client, url_on_page(client, "Handed", {key: {"children": "the first row"}}))
    assert shown['{"index": 1, "type": "row"}']["children"] == "the first row"


def test_values_may_be_whatever_a_layout_may_hold(client: Client, app: DjangoDash) -> None:
    given = {
        "graph": {"figure": go.Figure(go.Bar(y=[1, 2]))},
        "out": {"children": [html.B("bold", id="inner"), date(2024, 2, 29)]},
    }
    shown = layout_at(client, url_on_page(client, "Handed", given))
    assert shown["graph"]["figure"]["data"][0]["type"] == "bar"
    assert shown["inner"]["children"] == "bold"
    assert shown["out"]["children"][1] == "2024-02-29"


def test_a_text_that_looks_like_markup_stays_a_text(client: Client, app: DjangoDash) -> None:
    text = "</script><script>alert('\"&')</script> ~dpd~ é 𝄞"
    assert layout_at(client, url_on_page(client, "Handed", {"text": {"value": text}}))["text"]["value"] == text


def test_components_that_are_handed_over_have_values_handed_over_too(client: Client, app: DjangoDash) -> None:
    given = {"out": {"children": dcc.Input(id="new", value="a")}, "new": {"value": "b"}}
    assert layout_at(client, url_on_page(client, "Handed", given))["new"]["value"] == "b"


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("[1]", r"initial_arguments is \[1\], a list. It has to be {component id: {property: value}}"),
        ("nonsense", "initial_arguments is 'nonsense', which is not JSON: Expecting value"),
        ('{"text": NaN}', "which is not JSON: NaN is not a JSON value"),
        (5, "initial_arguments is 5, a int"),
        ({"text": "Oslo"}, r"initial_arguments\['text'\] is 'Oslo'; it has to be a dict of properties"),
        ({"text": {1: "Oslo"}}, r"initial_arguments\['text'\] is {1: 'Oslo'}; it has to be a dict of properties"),
        ({5: {"value": 1}}, "initial_arguments has the key 5, which is no id of a component"),
        ({"": {"value": 1}}, "initial_arguments has the key '', which is no id"),
        ({"text": {"value": {1, 2}}}, r"initial_arguments: at .text.value is a set, .* give sorted"),
        (f'{{"text": {{"value": {DEEP}}}}}', "initial_arguments is nested too deeply"),
        ("x" * 10_000_000, r"initial_arguments is 'x{76}\.\.\., which is not JSON"),
    ],
)
def test_what_is_not_values_of_components_is_refused(client: Client, app: DjangoDash, given: Any, message: str) -> None:
    with pytest.raises(HandedOverError, match=message):
        url_on_page(client, "Handed", given)


def test_what_holds_itself_is_refused(client: Client, app: DjangoDash) -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    with pytest.raises(HandedOverError, match="It contains itself"):
        url_on_page(client, "Handed", {"text": {"value": loop}})


# --- the layouts that they are laid over ------------------------------------------------------------------------------


def test_a_layout_function_gets_them_laid_over_what_it_gives(client: Client) -> None:
    app = DjangoDash("Function")
    app.layout = lambda request: html.Div(dcc.Input(id="text", value=request.method), id="root")
    given = {"text": {"value": "handed"}, "root": {"title": "also"}}
    shown = layout_at(client, url_on_page(client, "Function", given))
    assert (shown["text"]["value"], shown["root"]["title"]) == ("handed", "also")
    assert layout_at(client, "/dash/app/function/")["text"]["value"] == "GET"


@pytest.fixture
def instance(app: DjangoDash) -> DashApp:
    base = StatelessApp.objects.create(app_name="Handed")
    state = {"text": {"value": "saved", "placeholder": "saved too"}}
    return DashApp.objects.create(stateless_app=base, instance_name="Mine", base_state=json.dumps(state))


def test_they_stand_above_the_saved_state_of_an_instance(client: Client, instance: DashApp) -> None:
    url = url_on_page(client, "", {"text": {"value": "handed"}}, slug=instance.slug)
    shown = layout_at(client, url)["text"]
    assert (shown["value"], shown["placeholder"]) == ("handed", "saved too")
    before = DashApp.objects.get().base_state
    assert json.loads(before)["text"]["value"] == "saved"


def test_what_a_callback_gets_of_them_is_saved_like_any_other_value(
    client: Client, app: DjangoDash, instance: DashApp
) -> None:
    instance.save_on_change = True
    instance.save()
    url = url_on_page(client, "", {"text": {"value": "handed", "title": "not saved"}}, slug=instance.slug)
    layout_at(client, url)
    assert DashApp.objects.get().current_state()["text"]["value"] == "saved"
    assert result(call(client, app, "out.children", "handed", url=url, changed=[])) == "got handed"
    assert DashApp.objects.get().current_state()["text"]["value"] == "saved"  # nobody has changed it
    assert result(call(client, app, "out.children", "handed", url=url)) == "got handed"
    assert DashApp.objects.get().current_state()["text"] == {"value": "handed", "placeholder": "saved too"}


async def test_a_server_with_an_event_loop_hands_them_over(settings: Settings, app: DjangoDash) -> None:
    settings.DEBUG = True
    client, given = AsyncClient(), {"text": {"value": "handed"}}
    url = app.get_absolute_url(initial_arguments=given, share=True)
    assert (await client.get(url, headers={"accept": "text/html"})).status_code == 200
    assert b'"handed"' in (await client.get(f"{url}_dash-layout")).content
    wrong = app.get_absolute_url(initial_arguments={"txt": {"value": 1}}, share=True)
    assert b"There is no component" in (await client.get(wrong, headers={"accept": "text/html"})).content


def pages_app(**layouts: Any) -> DjangoDash:
    app = DjangoDash("Pages", use_pages=True, pages_folder="")
    app.layout = html.Div([dcc.Input(id="outside"), page_container])
    for name, layout in layouts.items():
        register_page(name, path=f"/{name}", layout=layout)
    return app


def page_of(client: Client, app: DjangoDash, url: str, name: str) -> str:
    client.get(url)
    output = ".._pages_content.children..._pages_store.data.."
    spec = app.callback_map[output]
    body = {
        "output": output,
        "outputs": [{"id": o.component_id, "property": o.component_property} for o in spec["output"]],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": f"{url}{name}"},
            {"id": "_pages_location", "property": "search", "value": ""},
        ],
        "state": [],
        "changedPropIds": ["_pages_location.pathname"],
    }
    response = client.post(f"{url}_dash-update-component", json.dumps(body), content_type="application/json")
    assert response.status_code == 200, response.content
    return response.content.decode()


@pytest.mark.parametrize("debug", [True, False])
def test_pages_get_theirs_and_their_ids_are_known(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    settings.DEBUG = debug
    app = pages_app(
        static=html.Div(dcc.Input(id="on-static", value="default")),
        function=lambda: dcc.Input(id="on-function", value="default"),
        asking=lambda user: dcc.Input(id="on-asking", value=str(user)),
    )
    given = {f"on-{name}": {"value": f"handed to {name}"} for name in ("static", "function", "asking")}
    url = url_on_page(client, "Pages", {**given, "outside": {"value": "o"}})
    assert client.get(url, **HTML).status_code == 200
    assert layout_at(client, url)["outside"]["value"] == "o"
    for name in ("static", "function", "asking"):
        assert f'"value":"handed to {name}"' in page_of(client, app, url, name).replace('": "', '":"')
        assert "handed" not in page_of(client, app, "/dash/app/pages/", name)
    assert caplog.messages == []


def test_links_between_pages_keep_them(client: Client) -> None:
    pages_app(one=html.P("one"), two=html.P("two"))
    linking = DjangoDash("Linking")
    linking.layout = lambda: dcc.Link(id="link", href=linking.get_relative_path("/two"))
    url = url_on_page(client, "Linking", {"link": {"title": "t"}})
    assert layout_at(client, url)["link"]["href"] == f"{url}two"


# --- ids and properties that the app does not have --------------------------------------------------------------------

UNKNOWN = [
    ({"txt": {"value": 1}}, "There is no component 'txt'. The nearest: 'text'."),
    ({"zzzzzzz": {"value": 1}}, "There is no component 'zzzzzzz'. There are: 'graph', 'out', 'root', 'text', 'unit'"),
    ({"text": {"valeu": 1}}, "The component 'text' (Input) has no property 'valeu'. The nearest: 'value'"),
    ({"text": {"id": "other"}}, "The component 'text' (Input) has no property 'id'."),
    ({'{"index":2,"type":"row"}': {"children": 1}}, 'The nearest: \'{"index":1,"type":"row"}\'.'),
]


@pytest.mark.parametrize(("given", "message"), UNKNOWN)
def test_under_debug_the_frame_says_what_is_not_known(
    client: Client, settings: Settings, app: DjangoDash, given: Any, message: str
) -> None:
    settings.DEBUG = True
    url = url_on_page(client, "Handed", given)
    page = client.get(url, **HTML)
    assert (page.status_code, page["X-Frame-Options"]) == (500, "SAMEORIGIN")
    assert message.rstrip(".") in unescape(page.content.decode())
    layout = client.get(f"{url}_dash-layout")
    assert layout.status_code == 500
    assert message.rstrip(".") in json.loads(layout.content)["error"]


@pytest.mark.parametrize(("given", "message"), UNKNOWN)
def test_without_debug_it_is_logged_and_the_rest_is_used(
    client: Client, app: DjangoDash, caplog: pytest.LogCaptureFixture, given: Any, message: str
) -> None:
    url = url_on_page(client, "Handed", {**given, "unit": {"value": "F"}})
    assert client.get(url, **HTML).status_code == 200
    assert caplog.messages == []
    assert layout_at(client, url)["unit"]["value"] == "F"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert message.rstrip(".") in record.message


@pytest.mark.parametrize(("choice", "debug", "status"), [("log", True, 200), ("raise", False, 500)])
def test_the_setting_decides(
    client: Client,
    settings: Settings,
    app: DjangoDash,
    caplog: pytest.LogCaptureFixture,
    choice: str,
    debug: bool,
    status: int,
) -> None:
    settings.DEBUG, settings.PLOTLY_DASH = debug, {"unknown_initial_arguments": choice}
    url = url_on_page(client, "Handed", {"txt": {"value": 1}})
    page = client.get(url, **HTML)
    layout = client.get(f"{url}_dash-layout")
    assert (page.status_code, layout.status_code) == (status, status)
    assert "There is no component 'txt'" in caplog.text
    # What an app is made of is shown under DEBUG alone.
    assert b"txt" not in (page.content.replace(url.encode(), b"") + layout.content)


def test_an_id_that_a_page_may_have_which_cannot_be_asked_is_no_error(client: Client, settings: Settings) -> None:
    settings.DEBUG = True

    def report(number: str | None = None, **_: Any) -> Any:
        return {"1": dcc.Input(id="on-report")}[number or ""]

    app = DjangoDash("Reports", use_pages=True, pages_folder="", suppress_callback_exceptions=True)
    app.layout = html.Div([page_container])
    register_page("report", path_template="/report/<number>", layout=report)
    url = url_on_page(client, "Reports", {"on-report": {"value": "handed"}})
    assert client.get(url, **HTML).status_code == 200
    assert client.get(f"{url}_dash-layout").status_code == 200


def test_the_validation_layout_counts(client: Client, settings: Settings) -> None:
    settings.DEBUG = True
    app = DjangoDash("Late")
    app.layout = html.Div(id="root")
    app.validation_layout = html.Div([html.Div(id="root"), dcc.Input(id="late")])
    fine = url_on_page(client, "Late", {"late": {"value": 1, "data-x": 2}})
    assert client.get(fine, **HTML).status_code == 200
    wrong = url_on_page(client, "Late", {"late": {"valeu": 1}})
    assert b"(Input) has no property" in client.get(wrong, **HTML).content


def test_a_layout_function_that_fails_is_reported_where_the_layout_is_asked_for(
    client: Client, settings: Settings
) -> None:
    settings.DEBUG = True
    app = DjangoDash("Failing")

    def layout() -> Any:
        raise ValueError("the layout failed")

    app.layout = layout
    url = url_on_page(client, "Failing", {"text": {"value": 1}})
    assert client.get(url, **HTML).status_code == 200
    quiet = Client(raise_request_exception=False)
    quiet.cookies = client.cookies
    assert b"the layout failed" in quiet.get(f"{url}_dash-layout").content


# --- how they travel --------------------------------------------------------------------------------------------------


def test_small_ones_travel_in_a_short_url_and_nothing_is_kept(client: Client, app: DjangoDash, memory: None) -> None:
    url = url_on_page(client, "Handed", {"text": {"value": "Oslo " * 200}})
    assert len(url) < 200
    assert not caches["default"]._cache  # type: ignore[attr-defined]
    assert "django_plotly_dash_initial" not in client.session


def test_they_arrive_long_after_and_without_any_cache(client: Client, settings: Settings, app: DjangoDash) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    url = url_on_page(client, "Handed", {"text": {"value": "Oslo"}})
    with pytest.MonkeyPatch.context() as patch:
        later = time.time() + timedelta(days=10).total_seconds()
        patch.setattr(time, "time", lambda: later)
        patch.setattr(timezone, "now", lambda: timezone.datetime.fromtimestamp(later, timezone.get_default_timezone()))
        assert layout_at(client, url)["text"]["value"] == "Oslo"


def test_the_same_values_make_the_same_url(client: Client, app: DjangoDash, memory: None) -> None:
    for given in ({"text": {"value": "Oslo"}}, LARGE):
        assert url_on_page(client, "Handed", given) == url_on_page(client, "Handed", given)
    assert len(caches["default"]._cache) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("in_cache", [True, False])
def test_large_ones_are_kept_where_the_settings_say(
    client: Client, settings: Settings, app: DjangoDash, memory: None, in_cache: bool
) -> None:
    settings.PLOTLY_DASH = {"cache_arguments": in_cache}
    url = url_on_page(client, "Handed", LARGE)
    assert len(url) < 400
    assert layout_at(client, url)["text"] == {"id": "text", **LARGE["text"]} | {
        name: value for name, value in layout_at(client, "/dash/app/handed/")["text"].items() if name != "value"
    }
    assert bool(caches["default"]._cache) is in_cache  # type: ignore[attr-defined]
    assert ("django_plotly_dash_initial" in client.session) is not in_cache


def test_the_limit_is_a_setting(client: Client, settings: Settings, app: DjangoDash, memory: None) -> None:
    settings.PLOTLY_DASH = {"initial_arguments_url_limit": 0}
    url = url_on_page(client, "Handed", {"text": {"value": "Oslo"}})
    assert len(caches["default"]._cache) == 1  # type: ignore[attr-defined]
    assert layout_at(client, url)["text"]["value"] == "Oslo"
    settings.PLOTLY_DASH = {"initial_arguments_url_limit": 40_000}
    assert len(url_on_page(client, "Handed", LARGE)) > 5000
    assert len(caches["default"]._cache) == 1  # type: ignore[attr-defined]


BACKENDS = {
    "file": lambda folder: {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(folder)},
    "locmem": lambda folder: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "20 MB"},
    "db": lambda folder: {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "handed_over_cache"},
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_twenty_megabytes_work(
    client: Client, settings: Settings, app: DjangoDash, tmp_path: Any, backend: str
) -> None:
    settings.CACHES = {"default": BACKENDS[backend](tmp_path)}
    if backend == "db":
        from django.core.management import call_command

        call_command("createcachetable")
    numbers = [number * 1.000001 for number in range(1_250_000)]
    given = json.dumps({"graph": {"figure": {"data": [{"type": "scattergl", "y": numbers}], "layout": {}}}})
    assert len(given) > 20_000_000
    url = url_on_page(client, "Handed", given)
    assert client.get(url).status_code == 200
    figure = layout_at(client, url)["graph"]["figure"]
    assert figure["data"][0]["y"][-1] == pytest.approx(numbers[-1])
    assert len(figure["data"][0]["y"]) == len(numbers)
    caches["default"].clear()


def test_twenty_megabytes_in_a_session_work(client: Client, settings: Settings, app: DjangoDash) -> None:
    settings.PLOTLY_DASH = {"cache_arguments": False}
    text = "0123456789" * 2_000_000
    url = url_on_page(client, "Handed", {"text": {"value": text}, "unit": {"options": [str(n) for n in range(3000)]}})
    assert layout_at(client, url)["text"]["value"] == text


@pytest.mark.parametrize("in_cache", [True, False])
def test_where_they_are_gone_the_page_says_so(
    client: Client, settings: Settings, app: DjangoDash, memory: None, in_cache: bool
) -> None:
    settings.PLOTLY_DASH = {"cache_arguments": in_cache}
    url = url_on_page(client, "Handed", LARGE)
    assert layout_at(client, url)["text"]["value"] == LARGE["text"]["value"]
    if in_cache:
        caches["default"].clear()
    else:
        session = client.session
        del session["django_plotly_dash_initial"]
        session.save()
    page = client.get(url, **HTML)
    assert (page.status_code, page["X-Frame-Options"], page["Content-Type"]) == (
        410,
        "SAMEORIGIN",
        "text/html; charset=utf-8",
    )
    assert "is not kept any more. Reload the page that it stands in." in page.content.decode()
    layout = client.get(f"{url}_dash-layout")
    assert layout.status_code == 410
    assert {page["Cache-Control"], layout["Cache-Control"]} == {"no-store"}
    assert "is not kept any more" in json.loads(layout.content)["error"]
    # A page that is open already goes on working, as long as nobody asks for what is gone.
    assert result(call(client, app, "out.children", "x", url=url)) == "got x"
    # The page that embeds the app hands the values over again.
    assert layout_at(client, url_on_page(client, "Handed", LARGE))["text"]["value"] == LARGE["text"]["value"]


def test_they_expire_after_the_time_in_the_settings_unless_the_page_is_used(
    client: Client, settings: Settings, app: DjangoDash, memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = time.time()
    now = [start]
    monkeypatch.setattr(time, "time", lambda: now[0])
    url = url_on_page(client, "Handed", LARGE)
    for minute in (0.9, 1.8):
        now[0] = start + 60 * minute
        assert client.get(f"{url}_dash-layout").status_code == 200
    now[0] = start + 60 * 2.9
    assert client.get(f"{url}_dash-layout").status_code == 410


@pytest.mark.parametrize("choice", [{}, {"cache_timeout_initial_arguments": 0}])
def test_a_cache_that_does_not_keep_them_is_an_error_in_the_page_that_gives_them(
    client: Client, settings: Settings, app: DjangoDash, choice: dict[str, int]
) -> None:
    settings.PLOTLY_DASH = choice
    if not choice:
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    with pytest.raises(ConfigurationError, match=r"too large for a URL .* the cache 'default' .* does not keep them"):
        url_on_page(client, "Handed", LARGE)


def test_a_session_keeps_a_bounded_number_and_the_newest(client: Client, settings: Settings, app: DjangoDash) -> None:
    settings.PLOTLY_DASH = {"cache_arguments": False, "initial_arguments_url_limit": 0}
    urls = [url_on_page(client, "Handed", {"text": {"value": number}}) for number in range(20)]
    assert len(client.session["django_plotly_dash_initial"]) == 16
    answers = [client.get(f"{url}_dash-layout").status_code for url in urls]
    assert answers == [410] * 4 + [200] * 16


def test_a_session_keeps_a_bounded_size(
    client: Client, settings: Settings, app: DjangoDash, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_over, "_MOST_TEXT_IN_SESSION", 25_000)
    settings.PLOTLY_DASH = {"cache_arguments": False}
    urls = [url_on_page(client, "Handed", {**LARGE, "unit": {"value": number}}) for number in range(4)]
    answers = [client.get(f"{url}_dash-layout").status_code for url in urls]
    assert answers == [410, 410, 200, 200]


def test_a_session_is_not_written_again_for_the_same_values(
    client: Client, settings: Settings, app: DjangoDash, django_assert_num_queries: Any
) -> None:
    settings.PLOTLY_DASH = {"cache_arguments": False}
    url_on_page(client, "Handed", LARGE)
    with django_assert_num_queries(1):  # reads it
        url_on_page(client, "Handed", LARGE)


def test_a_session_that_lives_in_a_cookie_cannot_keep_them(client: Client, settings: Settings, app: DjangoDash) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.PLOTLY_DASH = {"cache_arguments": False}
    with pytest.raises(ConfigurationError, match=r"cannot be kept in the visitor's session: it is a cookie"):
        url_on_page(client, "Handed", LARGE)


def session_of_request(client: Client, request: HttpRequest) -> SessionBase:
    """The session as a page finds it that is made at the same time as others."""
    request.session = SessionStore(client.session.session_key)
    request.session.get("anything")
    return request.session


def test_pages_and_callbacks_at_once_keep_all_that_they_put_into_a_session(
    client: Client, settings: Settings, app: DjangoDash, rf: RequestFactory
) -> None:
    settings.PLOTLY_DASH = {"cache_arguments": False}
    session = client.session
    session["of the site"] = "kept"
    session.save()
    requests = [rf.get("/") for _ in range(3)]
    sessions = [session_of_request(client, request) for request in requests]
    state = SessionState(requests.pop())
    state.values["of a callback"] = "kept"
    state.save()
    texts = [json.dumps({**LARGE, "unit": {"value": number}}) for number in range(2)]
    for request, text in zip(requests, texts, strict=True):
        handed_over.token_of("app handed", request, initial_arguments=text)
    for opened in sessions:
        if opened.modified:  # as Django's middleware does
            opened.save()
    found = SessionStore(session.session_key).load()
    assert list(found.pop("django_plotly_dash_initial").values()) == texts
    assert found == {"of the site": "kept", "django_plotly_dash": {"of a callback": "kept"}}


@pytest.mark.django_db(transaction=True)
async def test_a_page_that_is_made_on_an_event_loop_leaves_it_to_the_middleware(
    settings: Settings, app: DjangoDash, rf: RequestFactory
) -> None:
    settings.PLOTLY_DASH = {"cache_arguments": False}
    request = rf.get("/")
    request.session = SessionStore()
    await request.session.acreate()
    handed_over.token_of("app handed", request, initial_arguments=json.dumps(LARGE))
    assert request.session.modified
    assert len(request.session["django_plotly_dash_initial"]) == 1


def test_a_broken_value_in_the_session_counts_as_gone(client: Client, settings: Settings, app: DjangoDash) -> None:
    settings.PLOTLY_DASH = {"cache_arguments": False}
    url = url_on_page(client, "Handed", LARGE)
    for broken in ([1], "text", {"key": 5}):
        session = client.session
        session["django_plotly_dash_initial"] = broken
        session.save()
        assert client.get(f"{url}_dash-layout").status_code == 410
        assert layout_at(client, url_on_page(client, "Handed", LARGE))["text"]["value"] == LARGE["text"]["value"]


# --- whose they are ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"text": {"value": "mine"}}, LARGE], ids=["in the URL", "in the cache"])
@pytest.mark.parametrize("user", ["", "anna"])
def test_a_copied_link_carries_nothing_to_another_person(
    client: Client, app: DjangoDash, memory: None, given: Any, user: str
) -> None:
    if user:
        client.get(f"/enter/{user}/")
    url = url_on_page(client, "Handed", given)
    assert layout_at(client, url)["text"]["value"] == given["text"]["value"]
    for other in (Client(), Client()):
        if other is not client:
            other.get("/enter/bert/" if user else "/page/")
        for path in ("", "_dash-layout", "_dash-dependencies"):
            response = other.get(f"{url}{path}")
            assert response.status_code == 400
            assert b"made for another visitor" in response.content
    refused = call(Client(), app, "out.children", "x", url=url)
    assert refused.status_code == 400


def test_shared_ones_are_for_anybody(client: Client, app: DjangoDash, memory: None) -> None:
    for given in ({"text": {"value": "ours"}}, LARGE):
        url = url_on_page(client, "Handed", given, share=True)
        assert layout_at(Client(), url)["text"]["value"] == given["text"]["value"]


def test_shared_ones_cannot_lie_in_one_visitors_session(client: Client, settings: Settings, app: DjangoDash) -> None:
    settings.PLOTLY_DASH = {"cache_arguments": False}
    with pytest.raises(ConfigurationError, match="cannot be kept in the visitor's session: they are shared"):
        url_on_page(client, "Handed", LARGE, share=True)


def test_a_page_from_before_the_login_still_works_after_it(client: Client, app: DjangoDash) -> None:
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}})
    client.get("/enter/anna/")
    assert layout_at(client, url)["text"]["value"] == "mine"
    assert layout_at(client, url_on_page(client, "Handed", {"unit": {"value": "F"}}))["unit"]["value"] == "F"


def test_what_was_for_a_user_is_not_for_who_comes_after_the_logout(client: Client, app: DjangoDash) -> None:
    client.get("/enter/anna/")
    url = url_on_page(client, "Handed", {"text": {"value": "anna's"}})
    client.get("/leave/")
    assert client.get(f"{url}_dash-layout").status_code == 400
    client.get("/enter/bert/")
    assert client.get(f"{url}_dash-layout").status_code == 400
    client.get("/enter/anna/")
    assert layout_at(client, url)["text"]["value"] == "anna's"


def test_a_user_has_them_on_another_machine(client: Client, app: DjangoDash) -> None:
    client.get("/enter/anna/")
    url = url_on_page(client, "Handed", {"text": {"value": "anna's"}})
    elsewhere = Client()
    elsewhere.get("/enter/anna/")
    assert layout_at(elsewhere, url)["text"]["value"] == "anna's"


def test_a_page_for_an_anonymous_visitor_makes_no_session(client: Client, app: DjangoDash) -> None:
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}})
    layout_at(client, url)
    assert set(client.cookies) == {"csrftoken"}
    # A session that comes later changes nothing.
    session = client.session
    session["x"] = 1
    session.save()
    assert layout_at(client, url)["text"]["value"] == "mine"


@pytest.mark.parametrize("choice", ["CSRF_USE_SESSIONS", "CSRF_COOKIE_HTTPONLY"])
def test_other_ways_to_keep_the_csrf_secret_work(
    client: Client, settings: Settings, app: DjangoDash, choice: str
) -> None:
    setattr(settings, choice, True)
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}})
    assert layout_at(client, url)["text"]["value"] == "mine"
    assert Client().get(url).status_code == 400


def test_without_csrf_middleware_the_session_tells_and_else_nothing_does(
    client: Client, settings: Settings, app: DjangoDash
) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
    with pytest.raises(ConfigurationError, match="no login, no session, and no CSRF middleware"):
        url_on_page(client, "Handed", {"text": {"value": "mine"}})
    session = client.session
    session["x"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}})
    assert layout_at(client, url)["text"]["value"] == "mine"
    assert Client().get(f"{url}_dash-layout").status_code == 400


def test_they_outlive_a_change_of_the_secret_key(client: Client, settings: Settings, app: DjangoDash) -> None:
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}})
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"
    assert layout_at(client, url)["text"]["value"] == "mine"
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(f"{url}_dash-layout").status_code == 400


def test_a_token_is_of_no_use_elsewhere(client: Client, app: DjangoDash, instance: DashApp) -> None:
    DjangoDash("Other").layout = dcc.Input(id="text")
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}}, share=True)
    for other in ("/app/other/", "/instance/mine/", "/instance/handed/"):
        assert client.get(url.replace("/app/handed/", other)).status_code in (400, 404)
    assert client.get(url.replace("/app/handed/", "/app/other/")).status_code == 400


def test_a_changed_token_is_refused(client: Client, app: DjangoDash) -> None:
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}}, share=True)
    token = url.removesuffix("/").rpartition("/")[2]
    changed = [
        token[:5] + ("A" if token[5] != "A" else "B") + token[6:],
        token[:-1],
        f"v{token[1:]}",
        "5",
        "s",
        ":",
        "é:é",
    ]
    for other in changed:
        for path in ("", "_dash-layout", "_dash-dependencies"):
            response = client.get(url.replace(token, other) + path, **HTML)
            assert response.status_code == 400, other
            assert b"This address was changed" in response.content
    refused = call(client, app, "out.children", "x", url=url.replace(token, changed[0]))
    assert (refused.status_code, "error" in json.loads(refused.content)) == (400, True)


def test_there_has_to_be_a_request_unless_they_are_shared(app: DjangoDash) -> None:
    context = {"name": "Handed", "arguments": {"text": {"value": 1}}}
    with pytest.raises(HandedOverError, match="there is no request that tells which"):
        TAG.render(Context(context))
    assert "/initial/" in TAG.render(Context({**context, "share": True}))
    assert "/initial/" not in TAG.render(Context({"name": "Handed"}))


# --- what surrounds them ----------------------------------------------------------------------------------------------


DJANGO, JINJA = "{%% load plotly_dash %%}{%% %s %s %%}", "{{ %s(%s) }}"


@pytest.mark.parametrize("language", [DJANGO, JINJA], ids=["Django", "Jinja2"])
@pytest.mark.parametrize("tag", ["plotly_app", "plotly_app_bootstrap", "plotly_direct"])
def test_every_tag_hands_them_over(
    client: Client, rf: RequestFactory, app: DjangoDash, language: str, tag: str
) -> None:
    @app.callback(Output("out", "title"), Input("text", "value"))
    def year(text: str, params: Any) -> Any:
        return params["year"]

    names = ("name", "initial_arguments", "params", "share")
    text = language % (tag, (" " if language is DJANGO else ", ").join(f"{name}={name}" for name in names))
    values = {
        "name": "Handed",
        "initial_arguments": {"text": {"value": "Oslo"}},
        "params": {"year": 2007},
        "share": True,
    }
    request = rf.get("/")
    if language is DJANGO:
        page = Template(text).render(RequestContext(request, values))
    else:
        page = jinja2.add_to(Environment(autoescape=True)).from_string(text).render(request=request, **values)
    (url,) = set(re.findall(r"/dash/app/handed/initial/[^/\"]+/", unescape(page)))
    assert layout_at(client, url)["text"]["value"] == "Oslo"
    assert result(call(client, app, "out.title", "x", url=url)) == 2007


def test_answers_are_private_and_addresses_do_not_leave_the_site(client: Client, app: DjangoDash) -> None:
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}})
    for path in ("", "_dash-layout", "_dash-dependencies"):
        response = client.get(f"{url}{path}")
        assert (response["Cache-Control"], response["Referrer-Policy"]) == ("private", "same-origin")
    assert "Cache-Control" not in client.get("/dash/app/handed/_dash-layout")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_errors_are_private_too(colour: str, rf: RequestFactory) -> None:
    app = DjangoDash("Failing")
    app.layout = lambda: 1 / 0
    good = app.get_absolute_url(params={"year": 1}, share=True)
    bad = good.replace("/initial/", "/initial/x")
    found = {}
    for url in (good, bad):
        if colour == "async":
            response = await AsyncClient(raise_request_exception=False).get(f"{url}_dash-layout")
        else:
            response = await sync_to_async(Client(raise_request_exception=False).get)(f"{url}_dash-layout")
        found[response.status_code] = (response["Cache-Control"], response["Referrer-Policy"])
    assert found == {500: ("private", "same-origin"), 400: ("no-store", "same-origin")}


def test_bundles_and_assets_are_asked_for_without_them(client: Client, app: DjangoDash) -> None:
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}})
    plain, page = client.get("/dash/app/handed/").content.decode(), client.get(url).content.decode()
    bundles = re.compile(r'src="([^"]*_dash-component-suites[^"]*)"')
    assert bundles.findall(page)
    assert bundles.findall(plain) == bundles.findall(page)
    config = re.search(r'<script id="_dash-config" type="application/json">(.*?)</script>', page, re.S)
    assert config
    assert json.loads(config[1])["requests_pathname_prefix"] == url


def test_the_tags_address_is_one_function(rf: RequestFactory, app: DjangoDash) -> None:
    found = lookup.app("Handed")
    assert embedding.address(found, request=None) == "/dash/app/handed/"
    url = embedding.address(found, request=None, initial_arguments={"text": {"value": 1}}, share=True)
    assert url.startswith("/dash/app/handed/initial/s")


def test_nothing_is_asked_of_the_database_for_an_anonymous_visitor(
    client: Client, app: DjangoDash, django_assert_num_queries: Any
) -> None:
    url = url_on_page(client, "Handed", {"text": {"value": "mine"}})
    client.get(url)
    with django_assert_num_queries(0):
        layout_at(client, url)
        assert result(call(client, app, "out.children", "x", url=url)) == "got x"


def test_a_callback_does_not_fetch_what_is_kept(
    client: Client, app: DjangoDash, memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = url_on_page(client, "Handed", LARGE)
    client.get(url)
    monkeypatch.setattr(handed_over, "_fetch", lambda *_: pytest.fail("it was fetched"))
    assert result(call(client, app, "out.children", "x", url=url)) == "got x"


def test_ids_are_written_as_dash_writes_them() -> None:
    assert (
        initial_arguments.checked({'{"type": "a", "index": 1}': {"value": 1}})
        == '{"{\\"index\\":1,\\"type\\":\\"a\\"}":{"value":1}}'
    )


# --- several workers --------------------------------------------------------------------------------------------------


@contextmanager
def workers(number: int, changed: dict[str, Any], given: dict[str, Any]) -> Iterator[list[str]]:
    """Addresses of processes that serve the same site."""
    command = [sys.executable, "-m", "tests.handing_worker", json.dumps(changed), json.dumps(given)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    try:
        yield [process.stdout.readline().strip() for process in processes if process.stdout]
    finally:
        for process in processes:
            process.terminate()
            process.communicate(timeout=30)


@pytest.mark.parametrize("where", ["in the URL", "in a shared cache", "in the session"])
def test_they_arrive_in_every_worker(tmp_path: Path, where: str) -> None:
    value = "Oslo" if where == "in the URL" else LARGE["text"]["value"]
    changed: dict[str, Any] = {"CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}}
    if where == "in a shared cache":
        files = {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(tmp_path)}
        changed = {"CACHES": {"default": files}}
    if where == "in the session":
        changed |= {"PLOTLY_DASH": {"cache_arguments": False}, "SESSION_FILE_PATH": str(tmp_path)}
        changed["SESSION_ENGINE"] = "django.contrib.sessions.backends.file"
    given = {"name": "Handed", "arguments": {"text": {"value": value}}, "params": {"year": 2007}}
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(jar := CookieJar()))
    with workers(2, changed, given) as (first, second):
        found = re.search(r'<iframe src="([^"]+)"', browser.open(f"{first}/page/").read().decode())
        assert found
        url = unescape(found[1])
        for worker in (second, first, second):
            layout = json.load(browser.open(f"{worker}{url}_dash-layout"))
            assert layout["props"]["children"][0]["props"]["value"] == value
            (token,) = (cookie.value for cookie in jar if cookie.name == "csrftoken")
            body = {
                "output": "out.children",
                "outputs": {"id": "out", "property": "children"},
                "inputs": [{"id": "text", "property": "value", "value": "x"}],
                "changedPropIds": [],
            }
            headers = {"Content-Type": "application/json", "X-CSRFToken": token or ""}
            ask = Request(f"{worker}{url}_dash-update-component", json.dumps(body).encode(), headers)
            assert json.load(browser.open(ask))["response"]["out"]["children"] == "x 2007"
        with pytest.raises(HTTPError, match="400"):
            build_opener(ProxyHandler({})).open(f"{second}{url}_dash-layout")
