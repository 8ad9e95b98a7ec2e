"""Apps whose callbacks run in a Celery worker."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import dash
from dash import ALL, MATCH, Input, Output, State, callback, dcc, html
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone, translation

from django_plotly_dash import DjangoDash

MANAGER = os.environ.get("DPD_TEST_MANAGER", "tests.site_celery.celery.manager")

app = DjangoDash("Celery jobs", background_callback_manager=MANAGER)
app.layout = html.Div()


@app.callback(Output("facts", "children"), Input("in", "value"), background=True)
def facts(
    value: Any, user: Any, session_state: dict[str, Any], dash_app: Any, dash_app_id: str, callback_context: Any
) -> Any:
    session_state["runs"] = session_state.get("runs", 0) + 1
    return {
        "value": value,
        "user": user.get_username(),
        "runs": session_state["runs"],
        "dash_app": str(dash_app),
        "dash_app_id": dash_app_id,
        "triggered": callback_context.triggered_id,
        "cookies": sorted(dash.ctx.cookies),
        "language": translation.get_language(),
        "timezone": timezone.get_current_timezone_name(),
        "path": dash.get_relative_path("/page"),
        "process": os.getpid(),
    }


@app.callback(
    Output("slow", "children"),
    Input("folder", "value"),
    background=True,
    progress=[Output("bar", "value")],
    cancel=[Input("stop", "n_clicks")],
)
def slow(set_progress: Any, folder: str) -> str:
    """Begins, and goes on until the file ``go`` is there."""
    Path(folder, "begun").write_text(str(os.getpid()))
    while not Path(folder, "go").exists():
        set_progress([len(folder)])
        time.sleep(0.05)
    Path(folder, "ended").touch()
    return "done"


@app.callback(Output("failed", "children"), Input("in", "value"), background=True)
def fails(value: Any) -> Any:
    raise ValueError("out of paper")


@app.callback(
    Output("handled", "children"), Input("in", "value"), background=True, on_error=lambda error: f"Sorry: {error}"
)
def fails_and_is_handled(value: Any) -> Any:
    raise ValueError("out of paper")


@app.callback(Output("async", "children"), Input("in", "value"), State("more", "value"), background=True)
async def asynchronous(value: int, more: int, user: Any) -> Any:
    dash.set_props("log", {"children": "one"})
    await asyncio.sleep(0.3)
    dash.set_props("other", {"children": "two"})
    dash.set_props("log", {"title": "three"})
    return [value + more, user.get_username(), await get_user_model().objects.acount()]


@app.callback(
    Output("cached", "children"),
    Input("in", "value"),
    background=True,
    manager="tests.site_celery.celery.caching",
)
def cached(value: int, user: Any) -> Any:
    return f"{user.get_username()} {time.time()}"


@app.callback(
    Output("counted", "children"),
    Input("in", "value"),
    Input("noise", "value"),
    background=True,
    manager="tests.site_celery.celery.caching",
    cache_args_to_ignore=[1],
)
def counted(value: int, noise: int) -> Any:
    return f"{value} {noise} {time.time()}"


@app.callback(
    Output("by-name", "children"),
    {"value": Input("in", "value"), "noise": Input("noise", "value")},
    background=True,
    manager="tests.site_celery.celery.caching",
    cache_args_to_ignore=["noise"],
    cache_ignore_triggered=False,
)
def counted_by_name(value: int, noise: int) -> Any:
    return f"{value} {noise} {time.time()}"


@app.callback(Output("given", "children"), Input("in", "value"), background=True)
def given(value: Any, params: dict[str, Any]) -> Any:
    """Whether the page has handed something over, by its address, and the names of it."""
    return ["/initial/" in dash.ctx.path, sorted(params)]


@app.callback(Output("connection", "children"), Input("in", "value"), background=True)
def database_connection(value: int) -> Any:
    """Whether a connection was left open by the job before, and now use one that is to be closed afterwards."""
    left_open = connection.connection is not None
    get_user_model().objects.count()
    return left_open


too = DjangoDash("Celery jobs too", background_callback_manager=MANAGER)
too.layout = html.Div()


@callback(Output("named", "children"), Input("in", "value"), background=True)
def of_the_module(value: Any, dash_app_id: str) -> Any:
    return f"{dash_app_id} {value}"


of_settings = DjangoDash("Celery jobs of the settings")
of_settings.layout = html.Div()


@of_settings.callback(
    Output({"kind": "sum", "n": MATCH}, "children"),
    Input({"kind": "number", "n": MATCH}, "value"),
    State({"kind": "all", "n": ALL}, "value"),
    State("folder", "value"),
    background=True,
    interval=250,
    progress=[Output("bar", "value"), Output("bar", "label")],
    progress_default=[0, "idle"],
    running=[(Output("start", "disabled"), True, False)],
)
def total(set_progress: Any, number: int, numbers: list[int], folder: str, user: Any) -> str:
    set_progress((number, translation.gettext_lazy("Yes")))
    while not Path(folder, "go").exists():
        time.sleep(0.05)
    return f"{user.get_username()} {number + sum(numbers)}"


@of_settings.callback(Output("huge", "children"), Input("in", "value"), background=True)
def huge(value: int) -> Any:
    return {"deep": [1, 2**value]}


seen = DjangoDash("Celery jobs that are seen", background_callback_manager=MANAGER, dev_tools=True)
seen.layout = html.Div(
    [
        dcc.Input(id="folder"),
        *(html.Button(name, id=name) for name in ("plain", "handled", "stop")),
        *(
            dcc.Loading(html.P("nothing", id=f"of-{name}"), custom_spinner=html.B("spinning", id=f"spinner-{name}"))
            for name in ("plain", "handled")
        ),
        *(html.P("idle", id=f"step-{name}") for name in ("plain", "handled")),
    ]
)


def _seen(button: str, **arguments: Any) -> None:
    """A button whose job begins, and goes on until the file ``go`` is there; a press makes a spinner spin."""

    @seen.callback(
        Output(f"of-{button}", "children"),
        Input(button, "n_clicks"),
        State("folder", "value"),
        background=True,
        interval=100,
        progress=Output(f"step-{button}", "children"),
        progress_default="idle",
        running=[(Output(button, "disabled"), True, False)],
        cancel=Input("stop", "n_clicks"),
        prevent_initial_call=True,
        **arguments,
    )
    def job(set_progress: Any, clicks: int, folder: str) -> str:
        set_progress("working")
        while not Path(folder, "go").exists():
            time.sleep(0.05)
        Path(folder, f"ended-{button}-{clicks}").touch()
        return f"made {clicks}"


_seen("plain")
_seen("handled", on_error=lambda error: f"Sorry: {error}")
