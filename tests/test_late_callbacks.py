"""Callbacks of ``dash.callback`` that are registered when their app has answered its first request."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from dash import Input, Output
from django.test import AsyncClient, Client

from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import InjectionError
from django_plotly_dash.registry import registry

from .conftest import Write

APP = """
from dash import html
from django_plotly_dash import DjangoDash

app = DjangoDash("{name}")
calls = []

{layout}
    calls.append(1)
    from . import widget
    return html.Div([html.Button(id="in"), html.Div(id="out")])

app.layout = layout
"""
PLAIN, COROUTINE = "def layout():", "async def layout(user):"
WIDGET = """
from dash import Input, Output, callback, clientside_callback

@callback(Output("out", "children"), Input("in", "n_clicks"), api_endpoint="/ask")
def show(value, dash_app_id="nobody"):
    return f"{dash_app_id} got {value}"

clientside_callback("function(n) { return n; }", Output("out", "title"), Input("in", "n_clicks"))
"""
BODY = {
    "output": "out.children",
    "outputs": {"id": "out", "property": "children"},
    "inputs": [{"id": "in", "property": "n_clicks", "value": 1}],
    "changedPropIds": ["in.n_clicks"],
}


def site(write: Write, layout: str = PLAIN, widget: str = WIDGET) -> DjangoDash:
    """An app whose layout function imports what has callbacks, and another app."""
    write({"one/dash_apps.py": APP.format(name="One", layout=layout), "one/widget.py": widget})
    write({"two/dash_apps.py": APP.format(name="Two", layout=layout), "two/widget.py": ""})
    importlib.import_module("two.dash_apps")
    app: DjangoDash = importlib.import_module("one.dash_apps").app
    return app


def outputs(name: str = "one") -> list[str]:
    return [spec["output"] for spec in Client().get(f"/dash/app/{name}/_dash-dependencies").json()]


@pytest.mark.django_db
@pytest.mark.parametrize("layout", [PLAIN, COROUTINE])
@pytest.mark.parametrize(
    "asked_before", [["_dash-layout"], ["", "_dash-layout"], ["_dash-dependencies", "_dash-layout"]]
)
def test_what_a_layout_function_imports_is_among_the_callbacks_of_its_app(
    write: Write, layout: str, asked_before: list[str]
) -> None:
    site(write, layout)
    for part in asked_before:
        Client().get(f"/dash/app/one/{part}")
    assert outputs() == ["out.children", "out.title"]
    assert outputs("two") == []
    assert "function(n)" in Client().get("/dash/app/one/").content.decode()
    answer = Client().post("/dash/app/one/ask", {"value": 2}, content_type="application/json")
    assert answer.json() == "one got 2"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("colour", ["wsgi", "asgi"])
@pytest.mark.parametrize("layout", [PLAIN, COROUTINE])
def test_a_process_that_has_not_made_the_layout_answers_the_callback(write: Write, layout: str, colour: str) -> None:
    app = site(write, layout)
    response = ask_for(colour, app)
    assert response["out"]["children"] == "one got 1"


def ask_for(colour: str, app: DjangoDash) -> Any:
    url = f"/dash/app/{app.slug}/_dash-update-component"
    if colour == "wsgi":
        response = Client().post(url, BODY, content_type="application/json")
    else:
        response = async_to_sync(AsyncClient().post)(url, BODY, content_type="application/json")
    assert response.status_code == 200, response.content
    return json.loads(response.content)["response"]


def test_an_unknown_callback_calls_the_layout_function_for_its_imports_once_in_a_process(write: Write) -> None:
    site(write)
    unknown = {**BODY, "output": "no.such"}
    for body in (BODY, BODY, unknown, unknown):
        Client().post("/dash/app/one/_dash-update-component", body, content_type="application/json")
    outputs()
    assert len(sys.modules["one.dash_apps"].calls) == 1


def test_a_layout_function_that_raises_hides_no_callbacks(write: Write) -> None:
    site(write, PLAIN, WIDGET + "raise ValueError('the widget is broken')\n")
    Client(raise_request_exception=False).get("/dash/app/one/_dash-layout")
    assert outputs() == ["out.children", "out.title"]
    response = Client(raise_request_exception=False).get("/dash/app/one/_dash-layout")
    assert response.status_code == 500


def test_a_callback_that_comes_when_pages_are_open_is_served_and_named_in_the_log(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    site(write)
    Client().get("/dash/app/one/_dash-layout")
    assert len(outputs()) == 2
    caplog.clear()
    write({"one/later.py": WIDGET.replace('"out"', '"later"').replace("/ask", "/later")})
    with caplog.at_level(logging.WARNING):
        importlib.import_module("one.later")
        assert outputs() == ["out.children", "out.title", "later.children", "later.title"]
    assert caplog.messages == [
        f"The callback 'later.{part}' of module one.later comes when pages of <DjangoDash 'One' of one.dash_apps> are "
        "open, which do not know it. Import the module where the app is made."
        for part in ("children", "title")
    ]


def test_a_background_callback_that_comes_too_late_is_refused_in_the_log(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    site(write, PLAIN, WIDGET.replace('api_endpoint="/ask"', "background=True"))
    Client().get("/dash/app/one/_dash-layout")
    with caplog.at_level(logging.ERROR):
        assert outputs() == ["out.title"]
    assert caplog.messages[0] == (
        "The background callback 'out.children' of module one.widget is registered too late: no worker would know it. "
        "Import the module where the app is made."
    )


def test_requests_look_for_callbacks_only_after_something_was_registered(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    site(write)
    Client().get("/dash/app/one/_dash-layout")
    outputs()
    monkeypatch.setattr("django_plotly_dash.dash_globals.take_in_late_callbacks", None)
    assert len(outputs()) == 2
    assert not registry["One"].misses_callbacks()


def test_a_callback_that_is_only_half_registered_is_taken_when_it_is_complete(write: Write) -> None:
    site(write)
    Client().get("/dash/app/one/_dash-layout")
    outputs()
    write({"one/half.py": "from dash import *\nrest = callback(Output('half', 'children'), Input('in', 'n_clicks'))\n"})
    half = importlib.import_module("one.half")
    assert outputs() == ["out.children", "out.title"]
    half.rest(lambda value: value)
    assert outputs() == ["out.children", "out.title", "half.children"]


def test_one_that_nobody_can_own_stops_no_app_and_is_named_once(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    site(write)
    write({"shared/widget.py": WIDGET, "one/widget.py": "import shared.widget\n" + WIDGET})
    assert Client().get("/dash/app/one/_dash-layout").status_code == 200
    for _ in range(2):
        assert outputs("one") == ["out.children", "out.title"]
        assert outputs("two") == []
    assert len([message for message in caplog.messages if "'out.children', registered" in message]) == 1
    assert "module shared.widget, could belong to any of these apps: " in caplog.text
    assert not registry["One"].misses_callbacks()


def test_one_that_an_app_made_later_leaves_undecided_stops_no_app_that_is_set_up(write: Write, apps: Any) -> None:
    apps._apps.clear()
    write({"alone/dash_apps.py": APP.format(name="Alone", layout=PLAIN), "alone/widget.py": "", "calls.py": WIDGET})
    importlib.import_module("alone.dash_apps")
    importlib.import_module("calls")
    assert outputs("alone") == ["out.children", "out.title"]
    site(write)
    write({"later.py": WIDGET.replace('"out"', '"later"').replace("/ask", "/later")})
    importlib.import_module("later")
    assert outputs("alone") == ["out.children", "out.title"]


def test_one_that_another_thread_has_half_registered_at_set_up_is_taken_when_it_is_complete(write: Write) -> None:
    site(write)
    write({"one/half.py": "from dash import *\nrest = callback(Output('half', 'children'), Input('in', 'n_clicks'))\n"})
    half = importlib.import_module("one.half")
    assert outputs() == []
    half.rest(lambda value: value)
    assert outputs() == ["half.children"]


def test_requests_look_no_further_after_a_decoration_that_failed(write: Write) -> None:
    site(write, PLAIN, "")
    Client().get("/dash/app/one/_dash-layout")
    signature = "def show(value, nobody, fills): ..."
    write(
        {"one/wrong.py": WIDGET.replace("def show(value, dash_app_id=", f"{signature}\ndef rest(value, dash_app_id=")}
    )
    with pytest.raises(InjectionError):
        importlib.import_module("one.wrong")
    assert outputs() == []
    assert not registry["One"].misses_callbacks()


def test_callbacks_that_are_asked_for_while_the_layout_is_made_wait_for_its_imports(write: Write) -> None:
    widget = "import time\ntime.sleep(0.3)\n" + WIDGET + WIDGET.replace('"out"', '"other"').replace("/ask", "/other")
    site(write, PLAIN, widget)
    outputs("one")
    other = {**BODY, "output": "other.children", "outputs": {"id": "other", "property": "children"}}

    def ask(body: dict[str, Any], after: float) -> int:
        time.sleep(after)
        url = "/dash/app/one/_dash-update-component"
        return Client().post(url, body, content_type="application/json").status_code

    with ThreadPoolExecutor() as pool:
        assert list(pool.map(ask, [BODY, other], [0.0, 0.1])) == [200, 200]


def test_a_layout_function_that_fails_once_hides_no_callback_for_good(write: Write) -> None:
    failing = PLAIN + "\n    if not calls: calls.append(0); raise ValueError('away for a moment')"
    site(write, failing)
    client = Client(raise_request_exception=False)
    url = "/dash/app/one/_dash-update-component"
    answers = [client.post(url, BODY, content_type="application/json").status_code for _ in range(3)]
    assert answers == [500, 200, 200]


def test_a_background_callback_that_comes_too_late_is_named_once(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    site(write, PLAIN, WIDGET.replace('api_endpoint="/ask"', "background=True"))
    Client().get("/dash/app/one/_dash-layout")
    outputs()
    write({"one/later.py": WIDGET.replace('"out"', '"later"').replace("/ask", "/later")})
    importlib.import_module("one.later")
    outputs()
    assert len([message for message in caplog.messages if "background callback 'out.children'" in message]) == 1


def test_one_with_the_id_of_a_callback_of_the_app_is_refused_in_the_log(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    app = site(write)
    app.callback(Output("out", "children"), Input("in", "n_clicks"))(lambda value: f"the app's own {value}")
    Client().get("/dash/app/one/_dash-layout")
    assert ask_for("wsgi", app)["out"]["children"] == "the app's own 1"
    outputs()
    assert [message for message in caplog.messages if "'out.children'" in message] == [
        "The callback 'out.children' of module one.widget, registered with dash.callback, is not served: callback() of "
        "<DjangoDash 'One' of one.dash_apps> has it."
    ]


def test_callbacks_that_the_app_registers_while_late_ones_come_are_all_kept(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The threads change places inside of what is one step.
    monkeypatch.setattr("django_plotly_dash.dash_globals.late.copied", lambda entry: time.sleep(0.005) or dict(entry))
    app = site(write, PLAIN, "")
    outputs()
    own = [f"own-{n}.children" for n in range(200)]

    def register() -> None:
        for callback_id in own:
            app.callback(Output(callback_id.split(".")[0], "children"), Input("in", "n_clicks"))(lambda value: value)

    late = "".join(WIDGET.replace('"out"', f'"late-{n}"').replace("/ask", f"/late-{n}") for n in range(20))
    write(
        {
            "one/later.py": late.replace(
                "\n@callback",
                "\nfrom django_plotly_dash.registry import registry\n"
                "registry['One'].take_in_late_callbacks()\n@callback",
            )
        }
    )
    with ThreadPoolExecutor() as pool:
        registering = pool.submit(register)
        importlib.import_module("one.later")
        registering.result()
    outputs()
    assert set(own) <= set(app.callback_map)
    assert len(app._callback_list) == len(own) + 40
