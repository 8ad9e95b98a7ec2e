"""Every argument of ``dash.callback``, through ``dash.callback`` and ``app.callback``, beside an injected extra.

An argument that a new Dash brings fails ``test_an_argument_does_what_it_does_in_dash`` until it is covered here.
"""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import dash
import pytest
from dash import MATCH, Input, Output, State, ctx, html
from dash._callback_context import context_value
from dash._utils import AttributeDict
from dash.background_callback.managers import BaseBackgroundCallbackManager
from django.test import Client

from django_plotly_dash import DjangoDash, dash_globals
from django_plotly_dash.exceptions import ConfigurationError

from .helpers import UNSIGNED, call, callback_body, needs_signed_handles, result

_numbers = itertools.count()


@dataclass
class Case:
    """An app of one test, and the decorator through which its callbacks are registered."""

    app: DjangoDash
    callback: Callable[..., Any]
    client: Client = field(default_factory=Client)

    @property
    def url(self) -> str:
        return f"/dash/app/{self.app.slug}/"

    def answer(self, *values: Any, output: str = "out.children", **kwargs: Any) -> Any:
        """The value that a callback with one output returns."""
        self.ready()
        return result(call(self.client, self.app, output, *values, **kwargs))

    def ask(self, query: str, *values: Any, output: str = "out.children", changed: list[str] | None = None) -> Any:
        """The whole answer to a callback request with a query string."""
        self.ready()
        return self.post(query, callback_body(self.app, output, *values, changed=changed))

    def post(self, query: str, body: dict[str, Any]) -> Any:
        """The whole answer to a callback request with that body."""
        url = f"{self.url}_dash-update-component?{query}"
        response = self.client.post(url, json.dumps(body), content_type="application/json")
        assert response.status_code in (200, 204), response.content
        return json.loads(response.content) if response.content else None

    def spec(self, output: str = "out.children") -> dict[str, Any]:
        """What the renderer is told of a callback."""
        specs = self.client.get(f"{self.url}_dash-dependencies").json()
        (found,) = (spec for spec in specs if spec["output"] == output)
        return found

    def ready(self) -> None:
        """Callbacks of ``dash.callback`` reach their app at its first request."""
        self.client.get(f"{self.url}_dash-layout")

    def plain(self, **kwargs: Any) -> None:
        """Register a small callback that names an extra."""

        @self.callback(Output("out", "children"), Input("in", "value"), **kwargs)
        def show(value: Any, dash_app_id: str) -> str:
            return f"{value} of {dash_app_id}"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    inbox = dash_globals.inbox
    kept = dict(inbox._registrations)
    managers = list(BaseBackgroundCallbackManager.managers), list(BaseBackgroundCallbackManager.functions)
    yield
    inbox._registrations = kept
    BaseBackgroundCallbackManager.managers[:], BaseBackgroundCallbackManager.functions[:] = managers


@pytest.fixture(params=["app.callback", "dash.callback"])
def case(request: pytest.FixtureRequest) -> Case:
    app = DjangoDash(f"Arguments {next(_numbers)}", dev_tools=False)
    app.layout = html.Div(id="out")
    return Case(app, app.callback if request.param == "app.callback" else dash.callback)


CHECKS: dict[str, Callable[[Case], None]] = {}


def covers(*names: str) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    def add(check: Callable[[Case], None]) -> Callable[[Case], None]:
        CHECKS.update(dict.fromkeys(names, check))
        return check

    return add


# --- what a callback connects -----------------------------------------------------------------------------------


@covers("_args")
def dependencies_come_one_by_one_or_in_lists(case: Case) -> None:
    @case.callback(Output("one", "children"), Input("a", "value"), State("b", "value"))
    def one(a: int, b: int, dash_app_id: str) -> str:
        return f"{a} {b} {dash_app_id}"

    @case.callback([Output("two", "children")], [Input("a", "value")], [State("b", "value")], True)
    def two(a: int, b: int, *, dash_app_id: str) -> list[str]:
        return [f"{a} {b} {dash_app_id}"]

    assert case.answer(1, 2, output="one.children") == f"1 2 {case.app.slug}"
    assert case.answer(3, 4, output="..two.children..") == f"3 4 {case.app.slug}"
    assert case.spec("..two.children..")["prevent_initial_call"] is True


@covers("_kwargs")
def dependencies_come_by_name_and_grouped(case: Case) -> None:
    @case.callback(
        output={"sum": Output("sum", "children"), "by": Output("by", "children")},
        inputs={"pair": (Input("a", "value"), Input("b", "value"))},
        state={"more": {"c": State("c", "value")}},
        prevent_initial_call=True,
    )
    def add(more: dict[str, int], pair: tuple[int, int], dash_app_id: str) -> dict[str, Any]:
        return {"sum": sum(pair) + more["c"], "by": dash_app_id}

    answer = case.ask("", 1, 2, 3, output="..sum.children...by.children..")
    assert answer["response"] == {"sum": {"children": 6}, "by": {"children": case.app.slug}}
    assert case.spec("..sum.children...by.children..")["prevent_initial_call"] is True


# --- what the renderer is told ----------------------------------------------------------------------------------


@covers("running")
def properties_that_are_set_while_it_runs(case: Case) -> None:
    case.plain(running=[(Output("in", "disabled"), True, False), (Output("out", "className"), "busy", "")])
    assert case.spec()["running"] == {
        "running": {"in.disabled": True, "out.className": "busy"},
        "runningOff": {"in.disabled": False, "out.className": ""},
    }
    assert case.answer(1) == f"1 of {case.app.slug}"


@covers("optional")
def dependencies_may_be_missing_from_the_layout(case: Case) -> None:
    case.plain(optional=True)
    assert case.spec()["optional"] is True
    assert case.answer(None) == f"None of {case.app.slug}"


@covers("hidden")
def dev_tools_leave_it_out(case: Case) -> None:
    case.plain(hidden=True)
    case.callback(Output("shown", "children"), Input("in", "value"))(lambda value: value)
    assert (case.spec()["hidden"], case.spec("shown.children")["hidden"]) == (True, False)
    assert case.answer(1) == f"1 of {case.app.slug}"


@covers("websocket")
def it_may_ask_for_a_websocket_and_answers_over_http_too(case: Case) -> None:
    case.plain(websocket=True)
    assert case.spec()["websocket"] is True
    assert case.answer(1) == f"1 of {case.app.slug}"


@covers("persistent")
def the_title_does_not_say_updating_while_it_runs(case: Case) -> None:
    case.plain(persistent=True)
    assert case.spec()["persistent"] is True
    assert case.answer(1) == f"1 of {case.app.slug}"


# --- what happens on the server ---------------------------------------------------------------------------------


@covers("on_error")
def the_handler_answers_for_a_callback_that_fails(case: Case) -> None:
    def handle(error: Exception) -> str:
        return f"{error} from {ctx.triggered_id} in {dash.get_app().slug}"

    @case.callback(Output("out", "children"), Input("in", "value"), on_error=handle)
    def fail(value: int, dash_app_id: str) -> str:
        raise ValueError(f"{value} of {dash_app_id}")

    assert case.answer(1) == f"1 of {case.app.slug} from in in {case.app.slug}"


@covers("api_endpoint")
def it_can_be_called_by_its_arguments(case: Case) -> None:
    case.plain(api_endpoint="/ask")
    assert case.answer(1) == f"1 of {case.app.slug}"
    response = case.client.post(f"{case.url}ask", {"value": 2}, content_type="application/json")
    assert response.json() == f"2 of {case.app.slug}"


@covers("mcp_enabled", "mcp_expose_docstring")
def it_says_how_it_is_offered_as_a_tool(case: Case) -> None:
    case.plain(mcp_enabled=False, mcp_expose_docstring=True)
    assert case.answer(1) == f"1 of {case.app.slug}"
    entry = case.app.callback_map["out.children"]
    assert (entry["mcp_enabled"], entry["mcp_expose_docstring"]) == (False, True)


# --- background callbacks: tests/test_background*.py run them in real workers ------------------------------------


class ManagerOfOneProcess(BaseBackgroundCallbackManager):
    """Runs a job at once, as a worker would, and keeps what it gives, so that the arguments can be seen at work."""

    def __init__(self) -> None:
        super().__init__(cache_by=[lambda: "the same for all"])
        self.results: dict[str, Any] = {}
        self.progress: dict[str, Any] = {}
        self.ended: list[str] = []
        self.running = False

    def make_job_fn(self, fn: Any, progress: bool, key: str | None = None) -> Any:
        return (fn, progress)

    def call_job_fn(self, key: str, job_fn: Any, args: Any, context: Any) -> str:
        function, with_progress = job_fn

        def set_progress(values: Any) -> None:
            self.progress[key] = values if isinstance(values, (list, tuple)) else [values]

        def work() -> Any:
            context_value.set(AttributeDict(**context))
            first = [set_progress] if with_progress else []
            return function(*first, **args) if isinstance(args, dict) else function(*first, *args)

        self.results[key] = copy_context().run(work)
        return "1"

    def get_progress(self, key: str) -> Any:
        return self.progress.get(key)

    def result_ready(self, key: str) -> bool:
        return key in self.results

    def get_result(self, key: str, job: Any) -> Any:
        return self.UNDEFINED if self.running else self.results[key]

    def get_updated_props(self, key: str) -> dict[str, Any]:
        return {}

    def job_running(self, job: Any) -> bool:
        return self.running

    def terminate_job(self, job: str) -> None:
        self.ended.append(job)


def in_background(case: Case, **kwargs: Any) -> tuple[ManagerOfOneProcess, list[Any]]:
    """Register a background callback; gives its manager and the list of values it was called with."""
    if UNSIGNED:
        pytest.skip("background callbacks need a Dash that signs their handles")
    manager, calls = ManagerOfOneProcess(), []

    @case.callback(Output("out", "children"), Input("in", "value"), background=True, manager=manager, **kwargs)
    def work(*args: Any, dash_app_id: str) -> str:
        value = args[-1]
        calls.append(value)
        if len(args) > 1:
            args[0](("half", value))
        return f"worked on {value} of {dash_app_id}"

    return manager, calls


def handles(started: dict[str, Any]) -> str:
    return f"cacheKey={started['cacheKey']}&job={started['job']}"


@covers("background", "manager")
def it_is_started_in_its_manager_and_asked_for_later(case: Case) -> None:
    in_background(case)
    started = case.ask("", 1)
    assert set(started) == {"cacheKey", "job"}
    assert case.ask(handles(started), 1)["response"] == {"out": {"children": f"worked on 1 of {case.app.slug}"}}


@covers("interval")
def the_renderer_knows_how_often_to_ask(case: Case) -> None:
    in_background(case, interval=250)
    assert case.spec()["background"]["interval"] == 250


@covers("progress", "progress_default")
def progress_is_reported_and_set_back(case: Case) -> None:
    manager, _ = in_background(
        case, progress=[Output("bar", "value"), Output("bar", "max")], progress_default=["none", 0]
    )
    started = case.ask("", 1)
    assert started["progressDefault"] == {"bar.value": "none", "bar.max": 0}
    manager.running = True
    assert case.ask(handles(started), 1)["progress"] == {"bar.value": "half", "bar.max": 1}


@covers("cancel")
def an_input_ends_the_job(case: Case) -> None:
    manager, _ = in_background(case, cancel=[Input("stop", "n_clicks")])
    started = case.ask("", 1)
    assert started["cancel"] == [{"id": "stop", "property": "n_clicks"}]
    case.ask(f"cancelJob={started['job']}", 1, output="stop.id")
    assert manager.ended == ["1"]


@covers("cache_args_to_ignore")
def an_argument_that_does_not_count_shares_the_result(case: Case) -> None:
    _, calls = in_background(case, cache_args_to_ignore=[0])
    for value in (1, 2):
        case.ask("", value)
    assert calls == [1]


def test_arguments_count_unless_they_are_named(case: Case) -> None:
    _, calls = in_background(case)
    for value in (1, 2, 1):
        case.ask("", value)
    assert calls == [1, 2]


@covers("cache_ignore_triggered")
def what_triggered_it_can_count(case: Case) -> None:
    _, calls = in_background(case, cache_ignore_triggered=False)
    for changed in (["in.value"], [], ["in.value"]):
        case.ask("", 1, changed=changed)
    assert calls == [1, 1]


def test_what_triggered_it_does_not_count_by_default(case: Case) -> None:
    _, calls = in_background(case)
    for changed in (["in.value"], []):
        case.ask("", 1, changed=changed)
    assert calls == [1]


@needs_signed_handles
def test_pattern_ids_run_in_the_background_where_dash_allows_them(case: Case) -> None:
    ident, manager = {"type": "item", "index": 7}, ManagerOfOneProcess()
    wild = {"type": "item", "index": MATCH}

    @case.callback(Output(wild, "children"), Input(wild, "value"), State(wild, "id"), background=True, manager=manager)
    def work(value: int, of: dict[str, Any], dash_app_id: str) -> str:
        return f"{value} of {of['index']} in {dash_app_id}"

    case.ready()
    (output,) = case.app.callback_map
    asked = {
        "output": output,
        "outputs": {"id": ident, "property": "children"},
        "inputs": [{"id": ident, "property": "value", "value": 1}],
        "state": [{"id": ident, "property": "id", "value": ident}],
        "changedPropIds": ['{"index":7,"type":"item"}.value'],
    }
    started = case.post("", asked)
    shown = case.post(handles(started), asked)["response"]
    assert shown == {'{"index":7,"type":"item"}': {"children": f"1 of 7 in {case.app.slug}"}}


@pytest.mark.parametrize("where", ["progress", "cancel"])
def test_pattern_ids_are_refused_in_the_background_where_dash_refuses_them(where: str, case: Case) -> None:
    kind = Output if where == "progress" else Input
    given = {where: [kind({"type": "item", "index": MATCH}, "value")]}
    with pytest.raises(dash.exceptions.WildcardInLongCallback):
        in_background(case, **given)


# ----------------------------------------------------------------------------------------------------------------

SIGNATURE = inspect.signature(dash.callback).parameters
# These came with later releases than the first that is supported.
NEWER = {"persistent", "mcp_enabled", "mcp_expose_docstring", "websocket"}


@pytest.mark.parametrize("name", dict.fromkeys([*SIGNATURE, *CHECKS]))
def test_an_argument_does_what_it_does_in_dash(name: str, case: Case) -> None:
    assert name in CHECKS, f"dash.callback has an argument {name!r} that no check here covers"
    if name in NEWER.difference(SIGNATURE):
        pytest.skip(f"dash.callback has no argument {name} in Dash {dash.__version__}")
    CHECKS[name](case)


def test_all_arguments_at_once_beside_every_extra(case: Case) -> None:
    @case.callback(
        Output("out", "children", allow_duplicate=True),
        inputs={"value": Input("in", "value")},
        state={"more": State("more", "value")},
        prevent_initial_call="initial_duplicate",
        running=[(Output("in", "disabled"), True, False)],
        on_error=str,
        optional=True,
        hidden=True,
        api_endpoint="/everything",
        **{name: True for name in ("persistent", "mcp_enabled", "mcp_expose_docstring") if name in SIGNATURE},
    )
    def show(value: str, more: str, **kwargs: Any) -> str:
        return f"{value} {more} {sorted(kwargs)}"

    case.ready()
    (output,) = (name for name in case.app.callback_map if name.startswith("out.children@"))
    answer = case.ask("", "a", "b", output=output)["response"]
    extras = ["callback_context", "dash_app", "dash_app_id", "params", "request", "session_state", "user"]
    assert answer == {"out": {"children": f"a b {extras}"}}
    spec = case.spec(output)
    assert (spec["hidden"], spec["optional"], spec["prevent_initial_call"]) == (True, True, False)


@pytest.mark.skipif(not UNSIGNED, reason="this Dash signs what it hands to the browser")
def test_a_dash_that_signs_nothing_is_refused_background_callbacks(case: Case) -> None:
    with pytest.raises(ConfigurationError, match=r"needs Dash 4\.4 or later"):
        case.callback(Output("out", "children"), Input("in", "value"), background=True, manager=ManagerOfOneProcess())(
            lambda value: value
        )
