"""Background callbacks of saved instances: a worker's part of it, and the browser's questions."""

from __future__ import annotations

from typing import Any

import dash
import pytest
from dash import Input, Output, Patch
from django.test import Client

from django_plotly_dash import DjangoDash
from django_plotly_dash.models import DashApp

from .background_page import Page
from .helpers import needs_signed_handles
from .test_background import _forgotten_managers, app, client, manager  # noqa: F401 - fixtures

pytestmark = [
    needs_signed_handles,
    pytest.mark.django_db(transaction=True),
    # The manager forks; which threads other tests have left behind is not known here.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]
STATE: dict[str, Any] = {
    "in": {"value": "before"},
    "out": {"children": "before"},
    "graph": {"figure": {"data": [1]}},
    "side": {"title": "before"},
    "code": {"title": "before"},
}


def register(app: DjangoDash) -> None:  # noqa: F811
    @app.callback(Output("out", "children"), Output("graph", "figure"), Input("in", "value"), background=True)
    def work(value: str, dash_app: DashApp) -> Any:
        dash.set_props("side", {"title": f"side {value}"})
        dash_app.update_current_state("code", "title", f"code {value}")
        if value == "raise":
            raise ValueError("as the test wants it")
        patch = Patch()
        patch["data"].append(value)
        return f"out {value}", patch


def saved(**fields: Any) -> DashApp:
    return DashApp.objects.create_for("Jobs", "One", state=STATE, **{"save_on_change": True, **fields})


def done(app: DjangoDash, client: Client, value: str) -> Any:  # noqa: F811
    page = Page(client, app, "/dash/instance/one/")
    job = page.start("..out.children...graph.figure..", value)
    # In the meantime the viewer goes on; what the questions repeat is older than that.
    assert DashApp.objects.get().current_state()["in"] == {"value": value}
    row = DashApp.objects.get()
    row.update_current_state("in", "value", "newer")
    row.handle_current_state()
    return page.wait(job)


def test_results_are_saved_as_they_come(app: DjangoDash, client: Client) -> None:  # noqa: F811
    register(app)
    saved()
    assert done(app, client, "new").status_code == 200
    assert DashApp.objects.get().current_state() == {
        "in": {"value": "newer"},
        "out": {"children": "out new"},
        "graph": {"figure": {"data": [1, "new"]}},
        "side": {"title": "side new"},
        "code": {"title": "code new"},
    }


def test_a_job_that_fails_saves_nothing_of_its_own(app: DjangoDash, client: Client) -> None:  # noqa: F811
    register(app)
    saved()
    assert done(app, client, "raise").status_code == 500
    state = DashApp.objects.get().current_state()
    # What set_props has sent to the browser before is seen there, and so it is saved.
    assert state.pop("side")["title"] in ("before", "side raise")
    assert {**state, "side": STATE["side"]} == {**STATE, "in": {"value": "newer"}}


def test_a_worker_obeys_the_policy(app: DjangoDash, client: Client) -> None:  # noqa: F811
    register(app)
    app.state_write_policy = "owner"
    saved()
    page = Page(client, app, "/dash/instance/one/")
    assert page.wait(page.start("..out.children...graph.figure..", "new")).status_code == 200
    assert DashApp.objects.get().current_state() == STATE
