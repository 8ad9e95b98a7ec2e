"""Background callbacks, with diskcache, and what crosses to a worker."""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dash
import diskcache
import plotly.io
import pytest
from celery import Celery
from dash import CeleryManager, DiskcacheManager, Input, Output, State, html, no_update
from dash.background_callback.managers import BaseBackgroundCallbackManager
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.test import AsyncClient, Client, RequestFactory
from django.utils import timezone, translation

from django_plotly_dash import DjangoDash, context
from django_plotly_dash.background import lost, managers, travel
from django_plotly_dash.background.handles import Handle
from django_plotly_dash.background.store import Contact
from django_plotly_dash.exceptions import ConfigurationError, InjectionError
from django_plotly_dash.models import DashApp, StatelessApp
from tests.background_page import Page, value_of
from tests.conftest import SERVICES, Write
from tests.helpers import callback_body, needs_signed_handles
from tests.waiting import eventually

pytestmark = [
    needs_signed_handles,
    pytest.mark.django_db(transaction=True),
    # The manager forks; which threads other tests have left behind is not known here.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def _forgotten_managers() -> Iterator[None]:
    yield
    managers.forget_managers()


@pytest.fixture
def client() -> Client:
    """A browser, to which an error is an answer."""
    return Client(raise_request_exception=False)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[DiskcacheManager]:
    import diskcache

    with diskcache.Cache(str(tmp_path / "results")) as cache:
        yield DiskcacheManager(cache)
        cache.close()


@pytest.fixture
def app(manager: DiskcacheManager) -> DjangoDash:
    made = DjangoDash("Jobs", background_callback_manager=manager)
    made.layout = html.Div()
    return made


def caching(manager: DiskcacheManager) -> DiskcacheManager:
    manager.cache_by = [lambda: "release 1"]
    return manager


# --- where the manager comes from -------------------------------------------------------------------------------


def double(value: int) -> int:
    return value * 2


@pytest.mark.parametrize("where", ["app", "callback", "settings", "settings: path", "settings: function", "path"])
def test_a_manager_is_taken_from_wherever_it_is_given(
    where: str, manager: DiskcacheManager, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[DiskcacheManager] = []
    monkeypatch.setitem(sys.modules, "given", type(sys)("given"))
    sys.modules["given"].manager = manager
    sys.modules["given"].make = lambda: made.append(manager) or manager
    of_app = {"app": {"background_callback_manager": manager}, "path": {"background_callback_manager": "given.make"}}
    app = DjangoDash("Given", **of_app.get(where, {}))
    app.layout = html.Div()
    own = {"manager": manager} if where == "callback" else {}
    app.callback(Output("out", "children"), Input("in", "value"), background=True, **own)(double)
    of_settings = {"settings": manager, "settings: path": "given.manager", "settings: function": "given.make"}
    if where in of_settings:
        settings.PLOTLY_DASH = {"background_callback_manager": of_settings[where]}
    page = Page(client, app)
    assert [page.result("out.children", number) for number in (3, 4)] == [6, 8]
    assert len(made) == (1 if where in ("settings: function", "path") else 0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "has no manager"),
        ("no.such.module", "cannot be imported"),
        ("tests.helpers.call", "call"),
        ("tests.test_background.double", "double"),
        ("os.getcwd", "gives a str"),
    ],
)
def test_a_manager_that_cannot_be_had_is_an_error_that_says_so(
    given: str | None, words: str, client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PLOTLY_DASH = {"background_callback_manager": given}
    app = DjangoDash("Given")
    app.layout = html.Div()
    app.callback(Output("out", "children"), Input("in", "value"), background=True)(double)
    page = Page(client, app)
    body = {"output": "out.children", "outputs": {"id": "out", "property": "children"}}
    response = page.post({**body, "inputs": [{"id": "in", "property": "value", "value": 1}], "changedPropIds": []})
    assert response.status_code == 500
    assert words in caplog.text
    with pytest.raises((ConfigurationError, TypeError), match=words):
        app.prepare_background()


# --- what the function gets -------------------------------------------------------------------------------------


def test_naming_the_request_is_refused_at_registration_with_the_reason(app: DjangoDash) -> None:
    def function(value: int, request: Any) -> int:
        return value

    def with_default(value: int, *, request: Any = None) -> int:
        return value

    for refused in (function, with_default):
        with pytest.raises(InjectionError, match="runs in a worker process") as raised:
            app.callback(Output("out", "children"), Input("in", "value"), background=True)(refused)
        assert str(raised.value).endswith(f"def {refused.__name__}(value)")


def test_dash_callback_refuses_the_request_as_well(manager: DiskcacheManager, write: Write) -> None:
    write(
        {
            "naming/apps.py": (
                "from dash import Input, Output, callback\n"
                "@callback(Output('out', 'children'), Input('in', 'value'), background=True)\n"
                "def function(value, request):\n    return value\n"
            )
        }
    )
    with pytest.raises(InjectionError, match="runs in a worker process"):
        importlib.import_module("naming.apps")


def test_a_dash_argument_may_be_called_request(app: DjangoDash, client: Client) -> None:
    @app.callback(Output("out", "children"), inputs={"request": Input("in", "value")}, background=True)
    def function(request: int) -> int:
        return request + 1

    assert Page(client, app).result("out.children", 1) == 2


def register(app: DjangoDash, colour: str) -> None:
    """A callback that says what it sees, sync or async."""

    def seen(value: Any, user: Any, session_state: dict[str, Any], dash_app: Any, dash_app_id: str, ctx: Any) -> Any:
        session_state["runs"] = session_state.get("runs", 0) + 1
        return {
            "value": value,
            "user": user.get_username(),
            "runs": session_state["runs"],
            "dash_app": str(dash_app),
            "dash_app_id": dash_app_id,
            "triggered": ctx.triggered_id,
            "outputs": ctx.outputs["id"],
            "language": translation.get_language(),
            "timezone": timezone.get_current_timezone_name(),
            "path": dash.get_relative_path("/page"),
            "app": dash.get_app().app_name,
            "process": os.getpid(),
        }

    if colour == "sync":

        @app.callback(Output("out", "children"), Input("in", "value"), background=True)
        def function(
            value: Any, user: Any, session_state: Any, dash_app: Any, dash_app_id: str, callback_context: Any
        ) -> Any:
            return seen(value, user, session_state, dash_app, dash_app_id, callback_context)

    else:

        @app.callback(Output("out", "children"), Input("in", "value"), background=True)
        async def function_async(
            value: Any, user: Any, session_state: Any, dash_app: Any, dash_app_id: str, callback_context: Any
        ) -> Any:
            await asyncio.sleep(0)
            return seen(value, user, session_state, dash_app, dash_app_id, callback_context)


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("saved", [False, True], ids=["app", "instance"])
def test_the_worker_has_the_request_s_user_session_app_language_and_time_zone(
    colour: str, saved: bool, app: DjangoDash, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.middleware.locale.LocaleMiddleware",
        "tests.test_background.InTokyo",
    ]
    register(app, colour)
    row = DashApp(stateless_app=StatelessApp.objects.create(app_name="Jobs"), instance_name="Saved one")
    row.save()
    client.force_login(get_user_model().objects.create_user("ada"))
    page = Page(client, app, f"/dash/instance/{row.slug}/" if saved else None)
    first = page.result("out.children", "a", headers={"accept-language": "de"})
    second = page.result("out.children", "b", headers={"accept-language": "en"})
    assert first == {
        "value": "a",
        "user": "ada",
        "runs": 1,
        "dash_app": "Saved one" if saved else repr(app),
        "dash_app_id": row.slug if saved else "jobs",
        "triggered": "in",
        "outputs": "out",
        "language": "de",
        "timezone": "Asia/Tokyo",
        "path": f"{page.url}page",
        "app": "Jobs",
        "process": first["process"],
    }
    assert first["process"] != os.getpid()
    assert (second["runs"], second["language"]) == (2, "en")
    assert client.session["django_plotly_dash"] == {"runs": 2}


class InTokyo:
    """A middleware that activates a time zone."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        with timezone.override("Asia/Tokyo"):
            return self.get_response(request)


def test_a_visitor_without_a_session_gets_one_that_keeps_what_the_worker_writes(
    app: DjangoDash, client: Client
) -> None:
    register(app, "sync")
    page = Page(client, app)
    assert page.result("out.children", "a")["user"] == ""
    assert page.result("out.children", "a")["runs"] == 2
    assert client.session["django_plotly_dash"] == {"runs": 2}


def test_a_session_that_was_flushed_meanwhile_is_not_brought_back(app: DjangoDash, client: Client) -> None:
    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(folder: str, session_state: dict[str, Any]) -> str:
        session_state["late"] = True
        Path(folder, "begun").touch()
        eventually(Path(folder, "go").exists, 0.01)
        return "done"

    client.force_login(get_user_model().objects.create_user("ada"))
    key = client.session.session_key
    folder = Path(app.background_callback("out.children")._own_manager or app._background_manager.handle.directory)
    page = Page(client, app)
    job = page.start("out.children", str(folder))
    eventually((folder / "begun").exists)
    client.logout()
    (folder / "go").touch()
    assert page.wait(job).status_code == 403
    time.sleep(0.2)
    assert not client.session.exists(key)


class Doubling:
    """An object that can be called, and one with a method."""

    def __call__(self, value: int) -> int:
        return value * 2

    def method(self, value: int, user: Any) -> int:
        return value * 2


@pytest.mark.parametrize(
    "function", [functools.partial(int.__mul__, 2), Doubling(), Doubling().method], ids=["partial", "object", "method"]
)
@pytest.mark.parametrize("caches", [False, True], ids=["plain", "caching"])
def test_any_callable_runs_in_the_background(function: Any, caches: bool, app: DjangoDash, client: Client) -> None:
    if caches:
        caching(app._background_manager)
    app.callback(Output("out", "children"), Input("in", "value"), background=True)(function)
    assert [Page(client, app).result("out.children", 4) for _ in range(2)] == [8, 8]


def test_dash_callback_runs_in_the_background_with_extras(
    manager: DiskcacheManager, client: Client, write: Write, settings: Any
) -> None:
    settings.PLOTLY_DASH = {"background_callback_manager": manager}
    source = (
        "from dash import Input, Output, callback, html\n"
        "from django_plotly_dash import DjangoDash\n"
        "app = DjangoDash({name!r})\n"
        "app.layout = html.Div()\n"
        "NAME = {name!r}\n"
        "stop = [Input('stop', 'n_clicks')]\n"
        "@callback(Output('out', 'children'), Input('in', 'value'), background=True, cancel=stop)\n"
        "{colour}def function(value, dash_app_id):\n"
        "    return [NAME, dash_app_id, value]\n"
    )
    write(
        {
            "one/apps.py": source.format(name="One", colour=""),
            "two/apps.py": source.format(name="Two", colour=""),
            "three/apps.py": source.format(name="Three", colour="async "),
        }
    )
    modules = [importlib.import_module(f"{name}.apps") for name in ("one", "two", "three")]
    results = [Page(client, module.app).result("out.children", 1) for module in modules]
    assert results == [["One", "one", 1], ["Two", "two", 1], ["Three", "three", 1]]


def test_apps_whose_callbacks_have_the_same_source_and_id_do_not_share_jobs(
    manager: DiskcacheManager, client: Client, write: Write, settings: Any
) -> None:
    settings.PLOTLY_DASH = {"background_callback_manager": caching(manager)}
    source = (
        "from dash import Input, Output, html\n"
        "from django_plotly_dash import DjangoDash\n"
        "NAME = __name__\n"
        "app = DjangoDash(NAME)\n"
        "app.layout = html.Div()\n"
        "@app.callback(Output('out', 'children'), Input('in', 'value'), background=True)\n"
        "def function(value):\n"
        "    return NAME\n"
    )
    write({"first_twin.py": source, "second_twin.py": source})
    twins = [importlib.import_module(name) for name in ("first_twin", "second_twin")]
    pages = [Page(client, twin.app) for twin in twins]
    for _ in range(2):  # the second time from the cache
        assert [page.result("out.children", 1) for page in pages] == ["first_twin", "second_twin"]


def test_dash_s_own_list_of_jobs_stays_empty(manager: DiskcacheManager, app: DjangoDash, write: Write) -> None:
    """Dash names jobs by source and id, which apps can have in common."""
    before = list(manager.functions)
    app.callback(Output("out", "children"), Input("in", "value"), background=True)(double)
    write(
        {
            "listed.py": (
                "from dash import Input, Output, callback\n"
                "@callback(Output('out', 'children'), Input('in', 'value'), background=True)\n"
                "def function(value):\n    return value\n"
            )
        }
    )
    importlib.import_module("listed")
    assert manager.functions == before


@pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_an_eager_celery_runs_the_job_in_the_request_as_a_site_s_own_tests_may_want(
    colour: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    celery = Celery("eager", broker="memory://", backend="cache+memory://", set_as_current=False)
    celery.conf.task_always_eager = True
    app = DjangoDash("Eager", background_callback_manager=CeleryManager(celery))
    app.layout = html.Div()
    register(app, colour)

    @app.callback(Output("told", "children"), Input("in", "value"), background=True, progress=Output("bar", "value"))
    def telling(set_progress: Any, value: int) -> int:
        set_progress(value)
        dash.set_props("aside", {"children": value})
        if value == 2:
            raise dash.exceptions.PreventUpdate
        raise ValueError("out of paper")

    client.force_login(get_user_model().objects.create_user("ada"))
    page = Page(client, app)
    seen = page.result("out.children", "a")
    assert (seen["user"], seen["runs"], seen["process"]) == ("ada", 1, os.getpid())
    assert client.session["django_plotly_dash"] == {"runs": 1}
    job = page.start("told.children", 2)
    assert page.wait(job).status_code == 200
    assert job.props == [{"aside": {"children": 2}}]
    assert page.wait(page.start("told.children", 3)).status_code == 500
    assert "out of paper" in caplog.text


def test_a_worker_with_other_code_says_so(app: DjangoDash, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    app.callback(Output("out", "children"), Input("in", "value"), background=True)(double)
    page = Page(client, app)
    call_job_fn = app._background_manager.call_job_fn

    def elsewhere(key: str, function: Any, args: Any, values: Any) -> Any:
        facts = replace(travel.unseal(values[travel.KEY]), callback="new.children")
        return call_job_fn(key, function, args, {**values, travel.KEY: travel.seal(facts)})

    app._background_manager.call_job_fn = elsewhere
    assert page.wait(page.start("out.children", 1)).status_code == 500
    assert "The worker runs other code" in caplog.text


# --- Dash's arguments -------------------------------------------------------------------------------------------


def test_progress_default_cancel_running_and_interval_reach_the_browser(app: DjangoDash, client: Client) -> None:
    @app.callback(
        Output("out", "children"),
        Input("in", "value"),
        State("folder", "value"),
        background=True,
        interval=250,
        progress=[Output("bar", "value"), Output("bar", "label")],
        progress_default=[0, "idle"],
        running=[(Output("start", "disabled"), True, False)],
        cancel=[Input("stop", "n_clicks")],
    )
    def function(set_progress: Any, value: int, folder: str) -> int:
        set_progress((value, translation.gettext_lazy("Yes")))
        eventually(Path(folder, "go").exists, 0.01)
        return value

    folder = Path(app._background_manager.handle.directory)
    page = Page(client, app)
    spec = next(s for s in client.get(f"{page.url}_dash-dependencies").json() if s["output"] == "out.children")
    assert spec["background"] == {"interval": 250}
    assert spec["running"] == {"running": {"start.disabled": True}, "runningOff": {"start.disabled": False}}
    job = page.start("out.children", 7, str(folder))
    assert job.started["progressDefault"] == {"bar.value": 0, "bar.label": "idle"}
    assert job.started["cancel"] == [{"id": "stop", "property": "n_clicks"}]
    eventually(lambda: page.ask(job) or job.progress)
    assert job.progress == [{"bar.value": 7, "bar.label": "Yes"}]
    (folder / "go").touch()
    assert value_of(page.wait(job)) == 7


@pytest.mark.parametrize("outputs", ["one", "none"])
@pytest.mark.parametrize("how", ["cancel button", "newer run"])
def test_a_cancelled_job_ends_without_an_answer(
    outputs: str, how: str, app: DjangoDash, client: Client, tmp_path: Path
) -> None:
    output = [Output("out", "children")] if outputs == "one" else []

    @app.callback(*output, Input("in", "value"), background=True, cancel=Input("stop", "n_clicks"))
    def function(value: int) -> Any:
        (tmp_path / str(os.getpid())).touch()
        time.sleep(60 if value == 1 else 0)
        return value if output else None

    callback_id = next(iter(app.callback_map))
    page = Page(client, app)
    job = page.start(callback_id, 1)
    (process,) = eventually(lambda: list(tmp_path.glob("[0-9]*")))
    if how == "cancel button":
        assert page.ask(job) is None
        stop = {"id": "stop", "property": "id"}
        body = {"output": "stop.id", "outputs": stop, "inputs": [{**stop, "property": "n_clicks", "value": 1}]}
        page.post({**body, "changedPropIds": ["stop.n_clicks"]}, cancelJob=job.handles["job"])
    else:
        newer = page.start(callback_id, 2, oldJob=job.handles["job"])
        assert page.wait(newer).status_code == (200 if output else 204)
    assert page.wait(job).status_code == 204
    assert _is_dead(int(process.name))


def test_one_button_cancels_jobs_of_callbacks_with_different_managers(
    app: DjangoDash, client: Client, tmp_path: Path
) -> None:
    import diskcache

    with diskcache.Cache(str(tmp_path / "others")) as cache:
        for name, manager in (("one", None), ("two", DiskcacheManager(cache))):

            @app.callback(
                Output(name, "children"),
                Input("in", "value"),
                background=True,
                cancel=[Input("stop", "n_clicks")],
                manager=manager,
            )
            def function(value: int) -> int:
                time.sleep(60)
                return value

        page = Page(client, app)
        started = [page.start(f"{name}.children", 1) for name in ("one", "two")]
        stop = {"id": "stop", "property": "id"}
        body = {"output": "stop.id", "outputs": stop, "inputs": [{**stop, "property": "n_clicks", "value": 1}]}
        for job in started:
            page.post({**body, "changedPropIds": ["stop.n_clicks"]}, cancelJob=job.handles["job"])
        assert [page.wait(job).status_code for job in started] == [204, 204]


def test_every_call_of_set_props_reaches_the_browser(app: DjangoDash, client: Client) -> None:
    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(folder: str) -> str:
        dash.set_props("one", {"children": "first"})
        dash.set_props("two", {"children": html.B("second")})
        dash.set_props({"type": "row", "index": 3}, {"hidden": True})
        eventually(Path(folder, "go").exists, 0.01)
        dash.set_props("one", {"style": {"color": "red"}})
        return "done"

    folder = Path(app._background_manager.handle.directory)
    page = Page(client, app)
    job = page.start("out.children", str(folder))
    seen: dict[str, Any] = {}

    def three_seen() -> bool:
        page.ask(job)
        for props in job.props:
            seen.update(props)
        return len(seen) == 3

    eventually(three_seen)
    assert seen["one"] == {"children": "first"}
    assert seen["two"]["children"]["type"] == "B"
    assert seen['{"index":3,"type":"row"}'] == {"hidden": True}
    (folder / "go").touch()
    assert value_of(page.wait(job)) == "done"
    assert job.props[-1] == {"one": {"style": {"color": "red"}}}


def test_several_outputs_no_update_and_no_output_at_all(app: DjangoDash, client: Client) -> None:
    @app.callback(Output("one", "children"), Output("two", "children"), Input("in", "value"), background=True)
    def several(value: int) -> Any:
        return value, no_update

    @app.callback(Input("in", "value"), background=True)
    def nothing(value: int) -> None:
        dash.set_props("three", {"children": value})

    @app.callback(Input("other", "value"), background=True)
    def nothing_at_all(value: int) -> None:
        raise dash.exceptions.PreventUpdate

    page = Page(client, app)
    ids = list(app.callback_map)
    assert json.loads(page.wait(page.start(ids[0], 5)).content)["response"] == {"one": {"children": 5}}
    job = page.start(ids[1], 5)
    page.wait(job)
    assert job.props == [{"three": {"children": 5}}]
    assert page.wait(page.start(ids[2], 5)).status_code == 204


@pytest.mark.parametrize("handler", ["none", "callback", "app"])
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_an_error_in_the_worker_goes_to_on_error_or_to_the_dev_tools(
    handler: str, colour: str, manager: DiskcacheManager, client: Client, settings: Any, caplog: Any
) -> None:
    settings.DEBUG = True

    def handle(error: Exception) -> str:
        dash.set_props("log", {"children": "handled"})
        return f"Sorry: {str(error).splitlines()[0]}"

    of_app = {"on_error": handle} if handler == "app" else {}
    of_callback = {"on_error": handle} if handler == "callback" else {}
    app = DjangoDash("Failing", background_callback_manager=manager, **of_app)
    app.layout = html.Div()
    register = app.callback(Output("out", "children"), Input("in", "value"), background=True, **of_callback)
    if colour == "sync":

        @register
        def function(value: int) -> int:
            raise ValueError("out of paper")

    else:

        @register
        async def function_async(value: int) -> int:
            raise ValueError("out of paper")

    page = Page(client, app)
    job = page.start("out.children", 1)
    response = page.wait(job)
    if handler == "none":
        assert response.status_code == 500
        assert "out of paper" in response.content.decode()
        assert "ValueError" in response.content.decode()
    else:
        assert "out of paper" in value_of(response)
        assert job.props == [{"log": {"children": "handled"}}]


@pytest.mark.parametrize(
    ("value", "place"),
    [({1, 2}, "at .deep[0] is a set"), (2**70, "at .deep[0] is an int"), ("\ud800", "at .deep[0] is a str")],
    ids=["a set", "a huge integer", "half of a surrogate pair"],
)
@pytest.mark.parametrize("way", ["result", "set_props", "progress"])
def test_what_cannot_be_written_as_json_is_named(
    way: str, value: Any, place: str, app: DjangoDash, client: Client, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plotly.io.json.config, "default_engine", "orjson")

    @app.callback(
        Output("out", "children"), Input("in", "value"), background=True, progress=Output("progress", "children")
    )
    def function(set_progress: Any, asked: int) -> Any:
        unwritable = {"deep": [value]}
        if way == "progress":
            set_progress(unwritable)
        if way == "set_props":
            dash.set_props("side", unwritable)
        return unwritable if way == "result" else asked

    page = Page(client, app)
    assert page.wait(page.start("out.children", 1)).status_code == 500
    where = {
        "result": "function, for out.children",
        "set_props": "set_props of side",
        "progress": "Progress",
    }[way]
    assert f"{where}: {place}, which cannot be written as JSON." in caplog.text


def test_a_user_who_was_deactivated_meanwhile_gets_an_error(app: DjangoDash, client: Client, tmp_path: Path) -> None:
    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(value: int, user: Any) -> str:
        return user.get_username()

    ada = get_user_model().objects.create_user("ada")
    client.force_login(ada)
    page = Page(client, app)
    call_job_fn = app._background_manager.call_job_fn

    def deactivating(*args: Any) -> Any:
        get_user_model().objects.update(is_active=False)
        return call_job_fn(*args)

    app._background_manager.call_job_fn = deactivating
    job = page.start("out.children", 1)
    eventually(lambda: app._background_manager.result_ready(job.handles["cacheKey"].partition("~")[0]))
    get_user_model().objects.update(is_active=True)
    response = page.wait(job)
    assert response.status_code == 500


def test_a_session_in_a_cookie_can_be_read_and_a_change_is_an_error(
    app: DjangoDash, client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"

    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(changes: bool, session_state: dict[str, Any]) -> int:
        if changes:
            session_state["new"] = 1
        return len(session_state)

    page = Page(client, app)
    assert page.result("out.children", False) == 0
    assert page.wait(page.start("out.children", True)).status_code == 500
    assert "keeps sessions in cookies" in caplog.text


# --- caching ----------------------------------------------------------------------------------------------------


def register_counting(app: DjangoDash, folder: Path, sees: str, **kwargs: Any) -> None:
    """A callback whose result shows in which process it was computed, and that sees what ``sees`` names."""
    register = app.callback(Output("out", "children"), Input("in", "value"), background=True, **kwargs)
    if sees == "nothing":

        @register
        def plain(value: int) -> int:
            return os.getpid()

    elif sees == "user":

        @register
        def by_user(value: int, user: Any) -> int:
            return os.getpid()

    elif sees == "session_state":

        @register
        def by_session(value: int, session_state: Any) -> int:
            return os.getpid()

    else:

        @register
        def by_all(value: int, **kwargs: Any) -> int:
            return os.getpid()


@pytest.mark.parametrize(
    ("sees", "shared_by_users", "shared_by_sessions"),
    [
        ("nothing", True, True),
        ("user", False, True),
        ("session_state", False, False),
        ("everything", False, False),
    ],
)
def test_a_cached_result_stays_with_what_the_function_can_see(
    sees: str, shared_by_users: bool, shared_by_sessions: bool, app: DjangoDash, tmp_path: Path
) -> None:
    caching(app._background_manager)
    register_counting(app, tmp_path, sees)
    users = [get_user_model().objects.create_user(name) for name in ("ada", "bob")]
    ada, ada_elsewhere, bob = (Client() for _ in range(3))
    for client, user in ((ada, users[0]), (ada_elsewhere, users[0]), (bob, users[1])):
        client.force_login(user)
    mine = Page(ada, app).result("out.children", 1)
    assert Page(ada, app).result("out.children", 1) == mine
    assert Page(ada, app).result("out.children", 2) != mine
    assert (Page(bob, app).result("out.children", 1) == mine) is shared_by_users
    assert (Page(ada_elsewhere, app).result("out.children", 1) == mine) is shared_by_sessions


def test_visitors_without_sessions_do_not_share_what_sees_the_session(app: DjangoDash, tmp_path: Path) -> None:
    caching(app._background_manager)
    register_counting(app, tmp_path, "session_state")
    assert Page(Client(), app).result("out.children", 1) != Page(Client(), app).result("out.children", 1)


@pytest.mark.parametrize("way", ["request", "maker"])
def test_a_function_that_does_not_name_the_user_cannot_see_one_where_results_are_kept(
    way: str, app: DjangoDash, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caching(app._background_manager)

    def who() -> str:
        found = context.require()
        return str(found.request.user if way == "request" else found.extras["user"]())

    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def by_the_way(value: int) -> str:
        return who()

    @app.callback(Output("named", "children"), Input("in", "value"), background=True)
    def named(value: int, user: Any) -> str:
        return who()

    for name in ("ada", "bob"):
        client.force_login(get_user_model().objects.create_user(name))
        page = Page(client, app)
        assert page.wait(page.start("out.children", 1)).status_code == 500
        assert "Let it name user among its arguments" in caplog.text
        caplog.clear()
        assert page.result("named.children", 1) == name


def test_the_write_policy_knows_who_asked_where_the_function_does_not(
    app: DjangoDash, client: Client, settings: Any
) -> None:
    caching(app._background_manager)
    settings.PLOTLY_DASH = {"state_write_policy": "owner"}

    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(value: int, dash_app: DashApp) -> int:
        dash_app.update_current_state("in", "value", value)
        return value

    ada = get_user_model().objects.create_user("ada")
    row = DashApp(stateless_app=StatelessApp.objects.create(app_name="Jobs"), instance_name="Saved one", owner=ada)
    row.base_state, row.save_on_change = json.dumps({"in": {"value": 0}}), True
    row.save()
    for value, saved in ((1, 0), (2, 2)):
        assert Page(client, app, f"/dash/instance/{row.slug}/").result("out.children", value) == value
        row.refresh_from_db()
        assert json.loads(row.base_state) == {"in": {"value": saved}}
        client.force_login(ada)


@pytest.mark.urls("tests.two_mounts")
def test_a_cached_result_stays_with_the_mount_and_sees_no_address(app: DjangoDash, client: Client) -> None:
    caching(app._background_manager)

    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(value: int) -> Any:
        return [dash.get_relative_path("/page"), context.require().request.path, dash.ctx.path, dict(dash.ctx.args)]

    for mount in ("dash", "other"):
        url = f"/{mount}/app/jobs/"
        seen = Page(client, app, url).result("out.children", 1, secret=mount)
        assert seen == [f"{url}page", url, "", {}]


def test_a_cached_result_stays_with_the_query_where_the_function_sees_it(app: DjangoDash, client: Client) -> None:
    caching(app._background_manager)

    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(value: int, callback_context: Any) -> Any:
        return [dash.ctx.path, dict(dash.ctx.args), os.getpid()]

    page = Page(client, app)
    one, two, again = (page.result("out.children", 1, page=number) for number in "121")
    assert [one[:2], two[:2]] == [[f"{page.url}_dash-update-component", {"page": number}] for number in "12"]
    assert again == one


def test_a_cached_result_stays_with_its_instance_and_language(
    app: DjangoDash, client: Client, tmp_path: Path, settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    caching(app._background_manager)
    register_counting(app, tmp_path, "nothing")
    stateless = StatelessApp.objects.create(app_name="Jobs")
    for name in ("north", "south"):
        DashApp(stateless_app=stateless, instance_name=name).save()
    pages = [Page(client, app)] + [Page(client, app, f"/dash/instance/{name}/") for name in ("north", "south")]
    results = [page.result("out.children", 1) for page in pages]
    results.append(pages[0].result("out.children", 1, headers={"accept-language": "de"}))
    assert len(set(results)) == 4
    assert [page.result("out.children", 1) for page in pages] == results[:3]


def test_cache_args_to_ignore_and_triggered_are_dash_s(app: DjangoDash, client: Client) -> None:
    caching(app._background_manager)

    @app.callback(
        Output("out", "children"),
        Input("in", "value"),
        Input("noise", "value"),
        background=True,
        cache_args_to_ignore=[1],
        cache_ignore_triggered=False,
    )
    def function(value: int, noise: int) -> int:
        return os.getpid()

    page = Page(client, app)
    first = page.result("out.children", 1, 10)
    assert page.result("out.children", 1, 20) == first
    assert page.result("out.children", 2, 10) != first


def test_without_caching_parallel_jobs_of_two_visitors_keep_their_results(app: DjangoDash) -> None:
    register_counting(app, Path(), "nothing")
    pages = [Page(Client(), app) for _ in range(2)]
    started = [page.start("out.children", 1) for page in pages]
    results = [value_of(page.wait(job)) for page, job in zip(pages, started, strict=True)]
    assert len(set(results)) == 2


def test_an_error_does_not_stay_in_the_cache(app: DjangoDash, client: Client, tmp_path: Path) -> None:
    caching(app._background_manager)

    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(value: int) -> str:
        if not (tmp_path / "mended").exists():
            raise ValueError("not yet")
        return "well"

    page = Page(client, app)
    assert page.wait(page.start("out.children", 1)).status_code == 500
    (tmp_path / "mended").touch()
    assert page.result("out.children", 1) == "well"


# --- jobs that are lost, and handles ----------------------------------------------------------------------------


def test_a_process_that_was_killed_is_an_error(app: DjangoDash, client: Client, tmp_path: Path, caplog: Any) -> None:
    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(value: int) -> None:
        (tmp_path / str(os.getpid())).touch()
        time.sleep(60)

    page = Page(client, app)
    job = page.start("out.children", 1)
    (process,) = eventually(lambda: list(tmp_path.glob("[0-9]*")))
    assert page.ask(job) is None
    os.kill(int(process.name), signal.SIGKILL)
    assert page.wait(job).status_code == 500
    assert "The job was lost" in caplog.text


# For so long Celery tries again to write to a result store that is away.
SECONDS_OF_CELERY = 20


@pytest.mark.parametrize("handled", [False, True], ids=["", "on_error"])
def test_a_job_that_is_started_while_redis_is_away_is_an_error_at_once(handled: bool, client: Client) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    celery = Celery("away", broker=nowhere, backend=nowhere, set_as_current=False)
    app = DjangoDash("Away", background_callback_manager=CeleryManager(celery))
    app.layout = html.Div()
    on_error = {"on_error": lambda error: "Try again later"} if handled else {}
    app.callback(Output("out", "children"), Input("in", "value"), background=True, **on_error)(double)
    page = Page(client, app)
    before = time.monotonic()
    response = page.post(callback_body(app, "out.children", 1))
    assert time.monotonic() - before < SECONDS_OF_CELERY / 2
    if handled:
        assert value_of(response) == "Try again later"
    else:
        assert response.status_code == 500


@pytest.mark.parametrize("forged", ["cacheKey", "job"])
def test_a_handle_that_was_not_signed_here_is_an_error(forged: str, app: DjangoDash, client: Client) -> None:
    app.callback(Output("out", "children"), Input("in", "value"), background=True)(double)
    page = Page(client, app)
    job = page.start("out.children", 1)
    genuine = dict(job.handles)
    job.handles[forged] = "1~0000"
    assert page.ask(job).status_code in (400, 403)
    job.handles = genuine
    assert value_of(page.wait(job)) == 2


def test_a_job_answers_only_the_user_and_the_callback_that_started_it(app: DjangoDash, client: Client) -> None:
    app.callback(Output("out", "children"), Input("in", "value"), background=True)(double)
    app.callback(Output("other", "children"), Input("in", "value"), background=True)(double)
    page = Page(client, app)
    job = page.start("out.children", 1)
    other = page.start("other.children", 1)
    job.handles, other.handles = other.handles, job.handles
    assert page.ask(job).status_code == 403
    job.handles, other.handles = other.handles, job.handles
    client.force_login(get_user_model().objects.create_user("ada"))
    assert page.ask(job).status_code == 403


PROCESS = """
import json, os, sys
import django
django.setup()
from dash import DiskcacheManager, Input, Output, html
import diskcache
from django.test import Client
from django_plotly_dash import DjangoDash
from tests.background_page import Job, Page, value_of

app = DjangoDash("Two processes", background_callback_manager=DiskcacheManager(diskcache.Cache(sys.argv[1])))
app.layout = html.Div()

@app.callback(Output("out", "children"), Input("in", "value"), background=True)
def double(value):
    return value * 2

page = Page(Client(), app)
if len(sys.argv) == 2:
    job = page.start("out.children", 21)
    print(json.dumps([page.end_id, job.body, job.handles]))
else:
    page.end_id, body, handles = json.loads(sys.argv[2])
    print(value_of(page.wait(Job("out.children", body, handles, {}))))
"""


def python(script: str, *arguments: str, **environment: str) -> str:
    """What a new process prints that runs a script, given as a path or as its text."""
    command = [sys.executable, *([script] if script.endswith(".py") else ["-c", script]), *arguments]
    defaults = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        command, env={**os.environ, **defaults, **environment}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_job_that_one_process_started_is_answered_by_another(tmp_path: Path) -> None:
    assert python(PROCESS, str(tmp_path), python(PROCESS, str(tmp_path))) == "42\n"


# --- database connections ---------------------------------------------------------------------------------------


def test_the_process_of_a_job_leaves_the_parent_s_database_connection_alone(app: DjangoDash, client: Client) -> None:
    @app.callback(Output("out", "children"), Input("in", "value"), background=True)
    def function(value: int) -> Any:
        get_user_model().objects.create_user(f"made by {os.getpid()}")
        return get_user_model().objects.count()

    get_user_model().objects.create_user("ada")
    before = connection.connection
    page = Page(client, app)
    assert [page.result("out.children", 1) for _ in range(3)] == [2, 3, 4]
    assert connection.connection is before
    assert get_user_model().objects.count() == 4


POSTGRES = """
import os, sys
from urllib.parse import urlsplit
os.environ["DPD_TEST_DATABASE"] = ""
os.environ["DPD_TEST_REDIS"] = "redis://127.0.0.1:1/0"
from django.conf import settings
url = urlsplit(sys.argv[2])
settings.DATABASES["default"] = {
    "ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "HOST": url.hostname, "PORT": url.port,
    "USER": url.username, "PASSWORD": url.password,
}
import django
django.setup()
from dash import DiskcacheManager, Input, Output, html
from django.db import connection
from django.test import Client
import diskcache
from django_plotly_dash import DjangoDash
from tests.background_page import Page

app = DjangoDash("Postgres", background_callback_manager=DiskcacheManager(diskcache.Cache(sys.argv[1])))
app.layout = html.Div()

def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

@app.callback(Output("out", "children"), Input("in", "value"), background=True)
def ask(value):
    return backend()

before = backend()
page = Page(Client(), app)
connection.close = lambda: None  # the test client's end of a request
assert before not in [page.result("out.children", number) for number in range(3)]
assert backend() == before
print("fine")
"""


@pytest.mark.service("postgres")
def test_the_process_of_a_job_leaves_the_parent_s_connection_to_postgresql_alone(tmp_path: Path) -> None:
    assert python(POSTGRES, str(tmp_path), SERVICES["postgres"]) == "fine\n"


SPAWNED = """
import multiprocess

if __name__ == "__main__":
    multiprocess.set_start_method("spawn")
    from django.conf import settings
    settings.PLOTLY_DASH = {**settings.PLOTLY_DASH, "background_callback_queue_timeout": 60}  # it imports all anew
    import django
    django.setup()
    from django.test import Client
    from tests.background_page import Page
    from tests.site_celery.dash_apps import app

    print(Page(Client(), app).result("facts.children", "a")["value"])
"""


def test_a_process_that_was_not_forked_sets_django_up_itself(tmp_path: Path) -> None:
    """As on macOS and Windows, and from Python 3.14 on."""
    script = tmp_path / "script.py"
    script.write_text(SPAWNED)
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.site_celery.settings",
        "DPD_TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "DPD_TEST_REDIS": "redis://127.0.0.1:1/0",
        "DPD_TEST_MANAGER": "tests.site_celery.disk.manager",
        "DPD_TEST_FOLDER": str(tmp_path / "results"),
    }
    assert python(str(script), **environment) == "a\n"


# --- the event loop ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_an_event_loop_is_not_held_by_starting_and_asking(
    colour: str, app: DjangoDash, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asgiref.sync import sync_to_async

    register(app, colour)
    on_loop: list[bool] = []
    manager = app._background_manager

    def watched(name: str) -> None:
        original = getattr(manager, name)

        def watch(*args: Any) -> Any:
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                on_loop.append(False)
            else:
                on_loop.append(True)
            return original(*args)

        monkeypatch.setattr(manager, name, watch)

    watched("call_job_fn")
    watched("get_result")
    page = await sync_to_async(Page)(Client(), app)
    client = AsyncClient()
    body = callback_body(app, "out.children", 1)
    url = f"{page.url}_dash-update-component?endId={page.end_id}"
    started = (await client.post(url, json.dumps(body), content_type="application/json")).json()
    url += f"&cacheKey={started['cacheKey']}&job={started['job']}"
    for _ in range(200):
        answer = (await client.post(url, json.dumps(body), content_type="application/json")).json()
        if "response" in answer:
            break
        await asyncio.sleep(0.05)
    assert answer["response"]["out"]["children"]["value"] == 1
    assert len(on_loop) >= 2
    assert not any(on_loop)


# --- what crosses -----------------------------------------------------------------------------------------------


def test_credentials_stay_behind_and_facts_are_sealed(app: DjangoDash, settings: Any) -> None:
    facts = travel.Facts("jobs", "out.children", "1", "/dash/", None, "7", "the-session-key", "de", "Asia/Tokyo")
    values = {
        "cookies": {
            "sessionid": "credential-1",
            "csrftoken": "credential-2",
            "jwt_access": "credential-3",
            "theme": "dark",
        },
        "headers": {
            "Authorization": "credential-4",
            "Proxy-Authorization": "credential-5",
            "Cookie": "credential-6",
            "X-Csrftoken": "credential-7",
            "X-Forwarded-Access-Token": "credential-8",
            "X-Api-Key": "credential-9",
            "Accept-Language": "de",
        },
        "args": {"endId": "credential-10", "page": "2"},
        "path": "/dash/_dash-update-component?endId=credential-10",
        "inputs_list": [1],
    }
    sent = travel.crossing(values, facts)
    of_request = travel.unsealed(sent[travel.REQUEST_KEY])
    assert of_request["cookies"] == {"theme": "dark"}
    assert of_request["headers"] == {"Accept-Language": "de"}
    assert not sent["cookies"]
    assert not sent["headers"]
    assert (of_request["args"], of_request["path"]) == ({"page": "2"}, "/dash/_dash-update-component")
    assert (sent["args"], sent["path"], sent["inputs_list"]) == (None, None, [1])
    text = json.dumps(sent)
    assert "the-session-key" not in text
    assert "credential" not in text
    assert travel.unseal(sent[travel.KEY]) == facts
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert travel.unseal(sent[travel.KEY]) == facts
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(ConfigurationError, match=r"same settings\.SECRET_KEY"):
        travel.unseal(sent[travel.KEY])


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", 5.5, 0])
def test_a_time_zone_crosses_by_its_name_or_its_offset(zone: str | float) -> None:
    import datetime

    moment = datetime.datetime(2024, 7, 1, tzinfo=datetime.timezone.utc)
    given = zone if isinstance(zone, str) else datetime.timezone(datetime.timedelta(hours=zone))
    with timezone.override(given):
        here = timezone.localtime(moment).isoformat()
        crossed = json.loads(json.dumps(travel.timezone_name()))
    with timezone.override(travel.timezone_of(crossed)):
        assert timezone.localtime(moment).isoformat() == here


def test_a_user_with_any_primary_key_crosses(rf: RequestFactory) -> None:
    request = rf.get("/")
    assert travel.user_key(request) is None
    request.user = AnonymousUser()
    assert travel.user_key(request) is None
    request.user = get_user_model().objects.create_user("ada")
    assert travel.user_key(request) == str(request.user.pk)


def _is_dead(process: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize(("sees", "shown"), [("", [None, None]), ("callback_context", ["ada", "blue"])])
def test_a_kept_result_holds_of_the_request_only_what_its_key_holds(
    sees: str, shown: list[Any], app: DjangoDash, client: Client
) -> None:
    caching(app._background_manager)

    def look(value: int) -> list[Any]:
        return [dash.ctx.headers.get("X-Forwarded-User"), dash.ctx.cookies.get("theme")]

    def look_with_context(value: int, callback_context: Any) -> list[Any]:
        return look(value)

    function = look_with_context if sees else look
    app.callback(Output("out", "children"), Input("in", "value"), background=True)(function)
    for user in ("ada", "bob"):
        client.cookies["theme"] = "blue"
        found = Page(client, app).result("out.children", 1, headers={"X-Forwarded-User": user})
        assert found == [user if shown[0] else None, shown[1]]


def test_a_process_is_ended_only_while_it_is_the_one_that_the_handle_means(tmp_path: Path) -> None:
    manager = DiskcacheManager(diskcache.Cache(str(tmp_path)))
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        name = managers.name_of_task(manager, sleeper.pid)
        assert managers.living_task(manager, name) == str(sleeper.pid)
        assert managers.living_task(manager, f"{sleeper.pid}-1") is None
        assert managers.living_task(manager, f"{sleeper.pid}-") is None
    finally:
        sleeper.kill()
        sleeper.wait()
    assert managers.living_task(manager, name) is None
    manager.handle.close()


def test_a_manager_that_is_gone_leaves_nothing_behind_and_each_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("managers", "functions"):  # Dash keeps every manager
        monkeypatch.setattr(BaseBackgroundCallbackManager, name, [])
    first, second = BaseBackgroundCallbackManager(None), BaseBackgroundCallbackManager(None)
    BaseBackgroundCallbackManager.managers.clear()
    lost.contact_with(first).made()
    assert not lost.contact_with(first).is_lost_for(60)
    assert lost.contact_with(second).is_lost_for(60)
    known = len(lost._contacts)
    del first, second
    gc.collect()
    assert len(lost._contacts) == known - 2


def test_a_store_that_is_away_is_an_error_once_the_job_is_old_and_nothing_was_heard(monkeypatch: Any) -> None:
    contact = Contact()
    assert contact.is_lost_for(60)  # this process has never heard of it
    contact.made()
    assert not contact.is_lost_for(60)
    now = time.monotonic()
    monkeypatch.setattr("django_plotly_dash.background.store.time.monotonic", lambda: now + 61)
    assert contact.is_lost_for(60)
    young = Handle("job", "callback", "user", str(int(time.time()) - 5))
    assert 4 < young.age < 60
    assert Handle.parse(str(young.with_task("7-8.9"))) == young.with_task("7-8.9")
