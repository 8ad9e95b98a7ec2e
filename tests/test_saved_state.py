"""What a saved instance shows, and what of a callback is saved with it. Parallel processes: tests/services."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dash import ALL, Input, Output, Patch, State, dcc, html, no_update, page_container, register_page, set_props
from dash.exceptions import PreventUpdate
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from django_plotly_dash import DjangoDash, signals, state_store
from django_plotly_dash.exceptions import ConfigurationError
from django_plotly_dash.layout_state import key_of, values_of
from django_plotly_dash.models import DashApp
from django_plotly_dash.saved_state import Recorder

from .helpers import call, callback_body, post, result

pytestmark = pytest.mark.django_db
STATE = {"text": {"value": "saved"}, "done": {"children": "nothing yet"}}


def simple(**kwargs: Any) -> DjangoDash:
    """An app whose callback writes into ``done`` what stands in ``text``."""
    app = DjangoDash("Simple", **kwargs)
    app.layout = html.Div([dcc.Input(id="text", value="default"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("text", "value"))
    def write(text: str) -> str:
        if text == "raise":
            raise ValueError("as the test wants it")
        if text == "prevent":
            raise PreventUpdate
        return f"wrote {text}"

    return app


def saved(app: DjangoDash, state: Any = None, **fields: Any) -> DashApp:
    return DashApp.objects.create_for(
        app, "One", state=STATE if state is None else state, **{"save_on_change": True, **fields}
    )


def stored() -> Any:
    return DashApp.objects.get().current_state()


def tell(app: DjangoDash, *values: Any, output: str = "done.children", client: Client | None = None) -> Any:
    return call(client or Client(raise_request_exception=False), app, output, *values, url="/dash/instance/one/")


def shown(url: str = "/dash/instance/one/") -> dict[str, Any]:
    return values_of(json.loads(Client().get(f"{url}_dash-layout").content))


@pytest.fixture
def heard(django_capture_on_commit_callbacks: Any) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Signals that were sent, and their arguments."""
    found: list[tuple[str, dict[str, Any]]] = []

    def listener(name: str) -> Callable[..., None]:
        return lambda signal, sender, **kwargs: found.append((name, kwargs))

    on_saved, on_denied = listener("saved"), listener("denied")
    signals.state_saved.connect(on_saved)
    signals.state_denied.connect(on_denied)
    with django_capture_on_commit_callbacks(execute=True):
        pass
    yield found
    signals.state_saved.disconnect(on_saved)
    signals.state_denied.disconnect(on_denied)


# --- what is shown --------------------------------------------------------------------------------------------------

CELL = {"kind": "cell", "row": 1}


def parts() -> list[Any]:
    return [
        dcc.Input(id="text", value="default"),
        html.Div(id=CELL),
        dcc.Checklist(id="list", options=[{"label": html.Span("rich", id="deep"), "value": 1}]),
    ]


LAYOUTS: dict[str, Callable[[], Any]] = {
    "static": lambda: html.Div(parts()),
    "list": parts,
    "function": lambda: lambda: html.Div(parts()),
    "function of the user": lambda: lambda user, dash_app: html.Div([str(user), *parts()]),
}


@pytest.mark.parametrize("kind", LAYOUTS)
def test_saved_values_are_shown_whatever_the_layout_is(kind: str) -> None:
    app = DjangoDash("Simple")
    app.layout = LAYOUTS[kind]()
    saved(
        app, {"text": {"value": None, "placeholder": "p"}, key_of(CELL): {"children": [1]}, "deep": {"children": "s"}}
    )
    for _ in range(2):
        values = shown()
        assert values["text"] == {"value": None, "placeholder": "p"}
        assert values[key_of(CELL)] == {"children": [1]}
        assert values["deep"] == {"children": "s"}
    assert shown("/dash/app/simple/")["text"] == {"value": "default"}


async def coroutine_page() -> Any:
    return html.Div(parts())


@pytest.mark.parametrize(
    "layout", [html.Div(parts()), lambda **_: html.Div(parts()), lambda user, **_: html.Div(parts()), coroutine_page]
)
def test_saved_values_are_shown_on_pages(layout: Any) -> None:
    app = DjangoDash("Paged", use_pages=True, pages_folder="")
    with app.speaking():
        register_page("one", path="/", layout=layout)
    app.layout = html.Div([dcc.Input(id="always"), page_container])
    saved(app, {"text": {"value": "saved"}, "always": {"value": "too"}}, save_on_change=False)
    client, url = Client(), "/dash/instance/one/"
    assert client.get(url).status_code == 200
    router = "..._pages_content.children..._pages_store.data..."[1:-1]
    content = json.loads(call(client, app, router, url, "", url=url).content)["response"]["_pages_content"]["children"]
    assert values_of(content)["text"]["value"] == "saved"
    assert shown()["always"]["value"] == "too"
    plain = json.loads(call(client, app, router, "/dash/app/paged/", "", url="/dash/app/paged/").content)
    assert values_of(plain["response"]["_pages_content"]["children"])["text"]["value"] == "default"


def test_components_that_a_callback_returns_are_its_own_business() -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="go"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("go", "value"))
    def fill(go: Any) -> Any:
        return dcc.Input(id="text", value="of the callback")

    saved(app, {"text": {"value": "saved"}})
    assert values_of(json.loads(tell(app, 1).content))["text"] == {"value": "of the callback"}


# --- what is saved --------------------------------------------------------------------------------------------------


def test_what_a_callback_receives_and_returns_is_saved() -> None:
    app = simple()
    saved(app)
    assert tell(app, "new").status_code == 200
    assert stored() == {"text": {"value": "new"}, "done": {"children": "wrote new"}}
    assert shown()["text"] == {"value": "new"}


def test_what_is_not_tracked_is_not_saved() -> None:
    app = simple()
    saved(app, {"done": {"children": 1}})
    tell(app, "new")
    assert stored() == {"done": {"children": "wrote new"}}


def test_without_save_on_change_nothing_is_saved() -> None:
    app = simple()
    saved(app, save_on_change=False)
    assert tell(app, "new").status_code == 200
    assert stored() == STATE


def test_a_callback_that_raises_saves_nothing() -> None:
    app = simple()
    saved(app)
    assert tell(app, "raise").status_code == 500
    assert stored() == STATE


def test_what_a_callback_received_is_saved_although_it_returns_nothing() -> None:
    app = simple()
    saved(app)
    assert tell(app, "prevent").status_code == 204
    assert stored() == {**STATE, "text": {"value": "prevent"}}


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_only_a_post_saves(method: str) -> None:
    app = DjangoDash("Simple")

    def layout(dash_app: DashApp) -> Any:
        dash_app.update_current_state("text", "value", "changed by the layout")
        return dcc.Input(id="text", value="default")

    app.layout = layout
    saved(app)
    for path in ("", "_dash-layout"):
        getattr(Client(), method)(f"/dash/instance/one/{path}")
    assert stored() == STATE


def test_another_request_does_not_see_what_was_not_saved() -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="text"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("text", "value"))
    def write(text: str, dash_app: DashApp) -> str:
        dash_app.update_current_state("text", "value", "changed")
        assert dash_app.current_state()["text"]["value"] == "changed"
        raise ValueError("as the test wants it")

    saved(app)
    tell(app, "x")
    assert stored() == STATE
    assert shown()["text"] == {"value": "saved"}


@pytest.mark.parametrize("save_on_change", [True, False])
def test_what_the_users_code_sets_is_kept(save_on_change: bool) -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="text"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("text", "value"))
    def write(text: str, dash_app: DashApp) -> Any:
        dash_app.update_current_state("text", "value", "of the code")
        dash_app.update_current_state("done", "children", "of the code")
        dash_app.update_current_state("other", "children", "not tracked")
        return "returned"

    saved(app, save_on_change=save_on_change)
    tell(app, "received")
    # In the order of time: received, set by the code, returned.
    done = "returned" if save_on_change else "of the code"
    assert stored() == {"text": {"value": "of the code"}, "done": {"children": done}}


@pytest.mark.parametrize(("policy", "fails"), [("owner", False), ("anybody", True)])
def test_saving_the_row_in_a_callback_leaves_its_state_to_the_end_of_the_callback(policy: str, fails: bool) -> None:
    app = DjangoDash("Simple", state_write_policy=policy)
    app.layout = html.Div([dcc.Input(id="text"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("text", "value"))
    def write(text: str, dash_app: DashApp) -> str:
        dash_app.update_current_state("text", "value", "of the code")
        dash_app.instance_name = "Renamed"
        dash_app.save()
        if fails:
            raise ValueError("as the test wants it")
        return text

    saved(app)
    assert tell(app, "received").status_code == (500 if fails else 200)
    assert stored() == STATE
    assert DashApp.objects.get().instance_name == "Renamed"


@pytest.mark.parametrize("save_on_change", [True, False])
def test_a_callback_finds_what_it_has_received_in_its_row(save_on_change: bool) -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="text"), dcc.Input(id="other"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("text", "value"), Input("other", "value"))
    def write(text: list[str], other: str, dash_app: DashApp) -> Any:
        state = dash_app.current_state()
        found = [list(state["text"]["value"]), state["other"]["value"], dict(dash_app.pending_changes())]
        state["text"]["value"].append("what is done to it saves nothing")
        return found

    saved(app, {"text": {"value": "saved"}, "other": {"value": "newer"}}, save_on_change=save_on_change)
    assert result(tell(app, ["new"], "older")) == [["new"], "newer", {}]
    assert stored() == {"text": {"value": ["new"] if save_on_change else "saved"}, "other": {"value": "newer"}}


def rich() -> DjangoDash:
    app = DjangoDash("Rich")
    app.layout = html.Div([dcc.Input(id="how"), *(html.Div(id={"row": n}) for n in range(3)), html.Div(id="done")])

    @app.callback(
        Output({"row": ALL}, "children"),
        Output("done", "children"),
        Output("graph", "figure", allow_duplicate=True),
        Input("how", "value"),
        State({"row": ALL}, "title"),
        prevent_initial_call=True,
    )
    def write(how: str, titles: list[str]) -> Any:
        patch = Patch()
        patch["data"].append(how)
        set_props({"row": 0}, {"title": "set"})
        set_props("how", {"placeholder": how})
        return [f"row 0 {how}", no_update, None], no_update, patch

    return app


def rich_body(how: Any, titles: list[Any]) -> dict[str, Any]:
    (output,) = rich_app.callback_map
    spec = rich_app.callback_map[output]
    graph = spec["output"][2]
    return {
        "output": output,
        "outputs": [
            [{"id": {"row": n}, "property": "children"} for n in range(3)],
            {"id": "done", "property": "children"},
            {"id": "graph", "property": graph.component_property},
        ],
        "inputs": [{"id": "how", "property": "value", "value": how}],
        "state": [[{"id": {"row": n}, "property": "title", "value": title} for n, title in enumerate(titles)]],
        "changedPropIds": ["how.value"],
    }


rich_app: Any = None


def test_pattern_ids_several_outputs_no_update_patches_and_set_props() -> None:
    global rich_app
    rich_app = rich()
    rows = {key_of({"row": n}): {"children": f"before {n}", "title": ""} for n in range(3)}
    saved(
        rich_app,
        {**rows, "done": {"children": "before"}, "graph": {"figure": {"data": [1]}}, "how": {"placeholder": ""}},
    )
    response = post(Client(), rich_app, rich_body("fast", ["a", "b", "c"]), "/dash/instance/one/")
    assert response.status_code == 200, response.content
    assert stored() == {
        key_of({"row": 0}): {"children": "row 0 fast", "title": "set"},
        key_of({"row": 1}): {"children": "before 1", "title": "b"},
        key_of({"row": 2}): {"children": None, "title": "c"},
        "done": {"children": "before"},
        "graph": {"figure": {"data": [1, "fast"]}},
        "how": {"placeholder": "fast"},
    }


def test_a_patch_is_made_on_what_is_stored_by_then(monkeypatch: pytest.MonkeyPatch) -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="text"), dcc.Graph(id="graph")])

    @app.callback(Output("graph", "figure"), Input("text", "value"), State("graph", "figure"))
    def add(text: str, figure: Any) -> Any:
        row = DashApp.objects.get()  # another request, meanwhile
        row.update_current_state("graph", "figure", {"data": [1, "another's"]})
        row.handle_current_state()
        patch = Patch()
        patch["data"].append(text)
        return patch

    saved(app, {"graph": {"figure": {"data": [1]}}})
    tell(app, "mine", {"data": [1]}, output="graph.figure")
    assert stored() == {"graph": {"figure": {"data": [1, "another's", "mine"]}}}


@pytest.mark.parametrize(
    ("changed", "made"), [(["graph.figure"], ["of the browser", "mine"]), (["text.value"], [1, "mine"])]
)
def test_a_patch_is_made_on_what_was_changed_in_the_browser(changed: list[str], made: list[Any]) -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="text"), dcc.Graph(id="graph")])

    @app.callback(Output("graph", "figure"), Input("text", "value"), Input("graph", "figure"))
    def add(text: str, figure: Any) -> Any:
        patch = Patch()
        patch["data"].append(text)
        return patch

    saved(app, {"graph": {"figure": {"data": [1]}}})
    body = callback_body(app, "graph.figure", "mine", {"data": ["of the browser"]}, changed=changed)
    assert post(Client(), app, body, "/dash/instance/one/").status_code == 200
    assert stored() == {"graph": {"figure": {"data": made}}}


def test_a_patch_that_does_not_fit_leaves_the_value(caplog: pytest.LogCaptureFixture) -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="text"), dcc.Graph(id="graph")])

    @app.callback(Output("graph", "figure"), Input("text", "value"))
    def add(text: str) -> Any:
        patch = Patch()
        patch["nothing"]["of it"].append(text)
        return patch

    saved(app, {"graph": {"figure": {"data": [1]}}})
    assert tell(app, "mine", output="graph.figure").status_code == 200
    assert stored() == {"graph": {"figure": {"data": [1]}}}
    assert "A Patch of graph.figure does not fit what One has stored" in caplog.text


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


COMPONENT = {"props": {"srcDoc": "<script>"}, "type": "Iframe", "namespace": "dash_html_components"}


@pytest.mark.parametrize(
    "value",
    [
        COMPONENT,
        [{"deep": COMPONENT}],
        Patch().to_plotly_json(),
        {"_dash_no_update": "_dash_no_update"},
        nested(200),
        nested(900),
    ],
    ids=["a component", "a component inside", "a patch", "no update", "deep", "deeper"],
)
def test_what_a_browser_sends_is_never_saved_as_a_component(value: Any) -> None:
    app = simple()
    saved(app)
    assert tell(app, value).status_code == 200
    assert stored()["text"] == {"value": "saved"}


@pytest.mark.parametrize("ident", [{"kind": "größe", "n": 1}, {"kind": "a.b", "n": 1.0}, {"kind": "\x7f", "n": 0.5}])
def test_ids_that_a_browser_spells_in_another_way(ident: dict[str, Any]) -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id=ident, value="old"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input({"kind": ident["kind"], "n": ALL}, "value"))
    def write(values: list[str]) -> str:
        return f"wrote {values[0]}"

    saved(app, {}).populate_values()
    # JSON.stringify escapes no letters, and knows no 1.0
    sent = {**ident, "n": int(ident["n"]) if ident["n"] == int(ident["n"]) else ident["n"]}
    spelled = json.dumps(sent, ensure_ascii=False, separators=(",", ":"))
    (output,) = app.callback_map
    body = {
        "output": output,
        "outputs": {"id": "done", "property": "children"},
        "inputs": [[{"id": sent, "property": "value", "value": "new"}]],
        "changedPropIds": [f"{spelled}.value"],
    }
    assert post(Client(), app, body, "/dash/instance/one/").status_code == 200
    assert stored()[key_of(ident)] == {"value": "new"}
    assert shown()[key_of(ident)]["value"] == "new"


def form(*, returned: bool = False, clientside: str = "") -> DjangoDash:
    """A name that only a button's callback reads, rows that all share, and whatever else is wanted of the name."""
    app = DjangoDash("Form")
    rows = [dcc.Input(id={"row": n}, value=0) for n in range(3)]
    app.layout = html.Div([dcc.Input(id="name"), html.Button(id="go"), html.Div(id="done"), *rows])

    @app.callback(
        Output("done", "children"), Input("go", "n_clicks"), State("name", "value"), State({"row": ALL}, "value")
    )
    def read(clicks: Any, name: Any, rows: Any) -> str:
        return f"{name} {sum(rows)}"

    @app.callback(Output("done", "title"), Input({"row": ALL}, "value"))
    def add(rows: list[int]) -> int:
        return sum(rows)

    if returned:

        @app.callback(Output("name", "value"), Input("done", "children"), prevent_initial_call=True)
        def follow(text: str) -> str:
            return text

    if clientside == "input":
        app.clientside_callback("x => x", Output("done", "lang"), Input("name", "value"))
    if clientside == "output":
        app.clientside_callback("x => x", Output("name", "value"), Input("done", "lang"))
    return app


def form_body(name: Any, rows: list[Any], changed: list[str], *, go: bool) -> dict[str, Any]:
    items = [{"id": {"row": n}, "property": "value", "value": value} for n, value in enumerate(rows)]
    if not go:
        outputs = {"id": "done", "property": "title"}
        return {"output": "done.title", "outputs": outputs, "inputs": [items], "changedPropIds": changed}
    return {
        "output": "done.children",
        "outputs": {"id": "done", "property": "children"},
        "inputs": [{"id": "go", "property": "n_clicks", "value": 1}],
        "state": [{"id": "name", "property": "value", "value": name}, items],
        "changedPropIds": changed,
    }


def tell_form(app: DjangoDash, name: Any, rows: list[Any], changed: list[str], *, go: bool) -> Any:
    response = post(Client(), app, form_body(name, rows, changed, go=go), "/dash/instance/one/")
    assert response.status_code == 200, response.content
    return stored()


FORM = {"name": {"value": None}, **{key_of({"row": n}): {"value": 0} for n in range(3)}}


def row_values(state: Any) -> list[Any]:
    return [state[key_of({"row": n})]["value"] for n in range(3)]


def test_values_that_a_page_merely_still_has_do_not_undo_what_others_have_saved() -> None:
    app = form()
    saved(app, FORM)
    for n in range(3):  # each in a page of its own, which does not know of the others
        rows = [n + 1 if n == other else 0 for other in range(3)]
        tell_form(app, None, rows, [key_of({"row": n}) + ".value"], go=False)
    assert row_values(stored()) == [1, 2, 3]
    assert row_values(tell_form(app, "typed", [0, 0, 0], ["go.n_clicks"], go=True)) == [1, 2, 3]


@pytest.mark.parametrize("clientside", ["", "input", "output"])
def test_what_was_typed_and_is_read_as_a_state_is_saved(clientside: str) -> None:
    app = form(clientside=clientside)
    saved(app, FORM)
    assert tell_form(app, "typed", [0, 0, 0], ["go.n_clicks"], go=True)["name"] == {"value": "typed"}


def test_a_state_that_another_callback_returns_is_saved_by_that_one() -> None:
    app = form(returned=True)
    saved(app, {**FORM, "name": {"value": "of another"}})
    assert tell_form(app, "older", [0, 0, 0], ["go.n_clicks"], go=True)["name"] == {"value": "of another"}


def with_buttons(trigger: str = "n_clicks") -> DjangoDash:
    """A name, a button that saves it, and another that clears it."""
    app = DjangoDash("Buttons")
    app.layout = html.Div([dcc.Input(id="name"), html.Button(id="go"), html.Button(id="clear"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("go", "n_clicks"), Input("go", "title"), State("name", "value"))
    def read(clicks: Any, title: Any, name: Any) -> str:
        return str(name)

    @app.callback(Output("name", "value"), Input("clear", trigger), prevent_initial_call=True)
    def clear(clicks: Any) -> str:
        return ""

    return app


@pytest.mark.parametrize(
    ("trigger", "changed", "kept"),
    [
        ("n_clicks", ["go.n_clicks"], "typed"),
        ("n_clicks", ["go.title"], ""),  # nobody has pressed anything, and the page may be an old one
        ("n_clicks", ["go.n_clicks", "go.title"], ""),
        ("title", ["go.n_clicks"], ""),
    ],
)
def test_what_was_typed_into_a_form_is_saved_though_another_button_clears_it(
    trigger: str, changed: list[str], kept: str
) -> None:
    app = with_buttons(trigger)
    saved(app, {"name": {"value": "before"}})
    tell(app, 1, output="name.value")
    assert stored() == {"name": {"value": ""}}
    body = callback_body(app, "done.children", 1, "", "typed", changed=changed)
    assert post(Client(), app, body, "/dash/instance/one/").status_code == 200
    assert stored() == {"name": {"value": kept}}


@pytest.mark.parametrize(
    ("prop", "reads", "kept"), [("value", False, 0), ("value", True, 7), ("children", False, 7), ("children", True, 7)]
)
def test_a_button_saves_only_what_can_have_been_typed_since_another_button_set_it(
    prop: str, reads: bool, kept: int
) -> None:
    """A page that still shows 0 logs it, after another one has counted to 7."""
    app = DjangoDash("Counter")
    kind = dcc.Input if prop == "value" else html.Div
    app.layout = html.Div([html.Button(id="plus"), html.Button(id="log"), kind(id="count"), html.Div(id="done")])

    @app.callback(Output("count", prop), Input("plus", "n_clicks"), *([State("count", prop)] if reads else []))
    def plus(clicks: int, *count: int) -> int:
        return count[0] + 1 if reads else clicks

    @app.callback(Output("done", "children"), Input("log", "n_clicks"), State("count", prop))
    def log(clicks: int, count: int) -> str:
        return str(count)

    saved(app, {"count": {prop: 0}})
    tell(app, 7, *([6] if reads else []), output=f"count.{prop}")
    body = callback_body(app, "done.children", 1, 0, changed=["log.n_clicks"])
    assert post(Client(), app, body, "/dash/instance/one/").status_code == 200
    assert stored() == {"count": {prop: kept}}


@pytest.mark.parametrize(("save_on_change", "reads"), [(True, 2), (False, 1)])
def test_a_callback_reads_the_state_no_more_often_than_it_needs(
    save_on_change: bool, reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes long if there are figures in it. So does it to find out whose each global callback is."""
    app = form()
    saved(app, {**FORM, "name": {"value": "typed"}}, save_on_change=save_on_change)
    body = form_body("typed", [0, 0, 0], ["go.n_clicks"], go=True)
    post(Client(), app, body, "/dash/instance/one/")
    read, times = state_store.read, []
    monkeypatch.setattr(state_store, "read", lambda *args: times.append(args) or read(*args))
    monkeypatch.setattr(DjangoDash, "known_callbacks", None)
    assert post(Client(), app, body, "/dash/instance/one/").status_code == 200
    assert len(times) == reads


def test_initial_calls_save_nothing_of_what_they_receive() -> None:
    app = form()
    saved(app, {**FORM, "done": {"children": ""}})
    state = tell_form(app, "older", [7, 7, 7], [], go=True)
    assert (state["name"], row_values(state), state["done"]) == (
        {"value": None},
        [0, 0, 0],
        {"children": "older 21"},
    )


@pytest.mark.parametrize("raw", ["1" + "0" * 30, "18446744073709551616", '"\\ud800"', '{"\\udc00": 1}', "[1e999999]"])
def test_what_could_not_be_sent_to_others_is_not_saved(raw: str) -> None:
    app = simple()

    @app.callback(Output("done", "title"), Input("text", "value"))
    def nothing(text: Any) -> Any:
        return None

    saved(app)
    body = json.dumps(callback_body(app, "done.title", "?")).replace('"?"', raw)
    assert post(Client(), app, body.encode(), "/dash/instance/one/").status_code == 200
    assert stored()["text"] == {"value": [None] if raw.startswith("[") else "saved"}
    assert shown()["text"] == stored()["text"]


def linking(**kwargs: Any) -> DjangoDash:
    app = DjangoDash("Linking", **kwargs)
    app.layout = html.Div([dcc.Location(id="url"), dcc.Link(id="link", href=""), html.Div(id="done")])

    @app.callback(Output("link", "href"), Output("done", "children"), Input("url", "href"))
    def write(href: str, dash_app: Any) -> Any:
        dash_app.update_current_state("done", "title", f"see {app.get_relative_path('/set')}")
        return app.get_relative_path("/there"), [{"deep": f"see {app.get_relative_path('/')}"}]

    return app


LINKS = {"url": {"href": ""}, "link": {"href": ""}, "done": {"children": "", "title": ""}}


def test_what_one_page_was_handed_is_not_saved_for_others() -> None:
    app = linking()
    saved(app, LINKS)
    url = app.get_absolute_url(params={"secret": 1}, instance="one", share=True)
    assert "/initial/" in url
    body = callback_body(app, "..link.href...done.children..", f"http://testserver{url}here?next={url.rstrip('/')}")
    assert post(Client(), app, body, url).status_code == 200
    assert "initial" not in DashApp.objects.get().base_state
    assert stored() == {
        "url": {"href": "http://testserver/~dpd~linking~/here?next=/~dpd~linking~"},
        "link": {"href": "/~dpd~linking~/there"},
        "done": {"children": [{"deep": "see /~dpd~linking~/"}], "title": "see /~dpd~linking~/set"},
    }
    values = shown()
    assert values["link"]["href"] == "/dash/instance/one/there"
    assert values["url"] == {"href": "http://testserver/dash/instance/one/here?next=/dash/instance/one"}
    assert shown(url)["link"]["href"] == f"{url}there"


def test_a_page_that_was_opened_with_values_saves_only_what_is_changed_in_it() -> None:
    app = simple()
    saved(app)
    url = app.get_absolute_url(params={"year": 1999}, instance="one", share=True)
    opening = callback_body(app, "done.children", "of this page", changed=[])
    assert post(Client(), app, opening, url).status_code == 200
    assert stored() == STATE
    assert post(Client(), app, callback_body(app, "done.children", "typed"), url).status_code == 200
    assert stored() == {"text": {"value": "typed"}, "done": {"children": "wrote typed"}}


def test_addresses_of_the_app_are_saved_as_they_are_at_any_place() -> None:
    app = linking()
    saved(app, LINKS)
    for href, kept in (
        ("http://testserver/dash/instance/one/a", "http://testserver/~dpd~linking~/a"),
        ("/dash/instance/one", "/~dpd~linking~"),
        ("/dash/instance/one/assets/logo.png", "/dash/instance/one/assets/logo.png"),
        ("/dash/instance/one-more/", "/dash/instance/one-more/"),
        ("http://elsewhere/dash/instance/one/", "http://elsewhere/dash/instance/one/"),
        ("say /dash/instance/one/", "say /dash/instance/one/"),
    ):
        post(Client(), app, callback_body(app, "..link.href...done.children..", href), "/dash/instance/one/")
        assert stored()["url"] == {"href": kept}
        assert shown()["url"] == {"href": href}
    assert stored()["link"] == {"href": "/~dpd~linking~/there"}


def test_what_is_nested_less_is_saved() -> None:
    app = simple()
    saved(app)
    assert tell(app, nested(90)).status_code == 200
    assert stored()["text"] == {"value": nested(90)}
    assert shown()["text"] == {"value": nested(90)}


def test_numbers_that_json_does_not_have() -> None:
    app = simple()
    saved(app)
    body = json.dumps(callback_body(app, "done.children", "?")).replace('"?"', "NaN")
    assert post(Client(), app, body.encode(), "/dash/instance/one/").status_code == 200
    assert stored()["text"] == {"value": None}


def test_true_is_not_one() -> None:
    app = simple()
    saved(app, {"text": {"value": 1}})
    tell(app, True)
    assert stored()["text"]["value"] is True


@pytest.mark.django_db(transaction=True)
async def test_coroutine_callbacks_save_on_an_event_loop() -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="text"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("text", "value"))
    async def write(text: str) -> str:
        return f"wrote {text}"

    await DashApp.objects.acreate_for(app, "One", state=STATE, save_on_change=True)
    body = json.dumps(callback_body(app, "done.children", "new"))
    url = "/dash/instance/one/_dash-update-component"
    response = await AsyncClient().post(url, body, content_type="application/json")
    assert response.status_code == 200
    assert (await DashApp.objects.aget()).current_state() == {
        "text": {"value": "new"},
        "done": {"children": "wrote new"},
    }


def test_results_of_background_callbacks_are_saved_and_old_inputs_are_not(rf: Any) -> None:
    """What Dash answers to the question after a result is a response as any; its inputs are from the beginning."""
    app = simple()
    row = saved(app)
    recorder = Recorder(row, app, rf.post("/"))
    recorder.returned({"cacheKey": "key", "job": "job"})
    assert recorder.changes() == {}
    recorder.returned(json.dumps({"multi": True, "response": {"done": {"children": "result"}}}))
    assert recorder.changes() == {"done": {"children": "result"}}


# --- queries --------------------------------------------------------------------------------------------------------


def queries(do: Callable[[], Any]) -> list[str]:
    """The first word and the table of each query, savepoints and their like apart."""
    with CaptureQueriesContext(connection) as captured:
        assert do().status_code == 200
    words = [query["sql"].split() for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    return [word[0] for word in words]


def test_queries_of_an_app_without_saved_state() -> None:
    app, client = simple(), Client()
    for url in ("/dash/app/simple/", "/dash/app/simple/_dash-layout"):
        assert queries(lambda url=url: client.get(url)) == []
    assert queries(lambda: call(client, app, "done.children", "new")) == []


def test_queries_of_an_instance() -> None:
    app, client = simple(), Client()
    saved(app)
    for url in ("/dash/instance/one/", "/dash/instance/one/_dash-layout"):
        assert queries(lambda url=url: client.get(url)) == ["SELECT"]
    # The row is looked up; then locked, read and written.
    assert queries(lambda: tell(app, "new")) == ["SELECT", "UPDATE", "SELECT", "UPDATE"]
    assert queries(lambda: tell(app, "new")) == ["SELECT"]


@pytest.mark.parametrize("policy", ["anybody", "owner", "change_permission"])
def test_a_callback_that_changes_nothing_writes_nothing_and_takes_no_lock(policy: str) -> None:
    app = simple(state_write_policy=policy)
    saved(app, {"text": {"value": "same"}, "done": {"children": "wrote same"}})
    before = DashApp.objects.get().update
    with CaptureQueriesContext(connection) as captured:
        assert tell(app, "same").status_code == 200
    assert [query["sql"].split()[0] for query in captured] == ["SELECT"]
    assert "FOR UPDATE" not in captured[0]["sql"]
    assert DashApp.objects.get().update == before


def test_only_changed_properties_are_written() -> None:
    app = simple()
    row = saved(app)
    DashApp.objects.filter(pk=row.pk).update(instance_name="Renamed")
    before = DashApp.objects.get().update
    with CaptureQueriesContext(connection) as captured:
        tell(app, "new")
    write = [query["sql"] for query in captured if query["sql"].startswith("UPDATE")][-1]
    assert "instance_name" not in write
    assert DashApp.objects.get().update > before


# --- who may save ---------------------------------------------------------------------------------------------------


def user_with(name: str, permission: str = "", **fields: Any) -> Any:
    user = get_user_model().objects.create_user(name, **fields)
    if permission:
        user.user_permissions.add(Permission.objects.get(codename=permission))
    return user


def asking(user: Any) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def yes(user: Any, instance: DashApp, request: Any) -> bool:
    return (instance.slug, request.method, user.is_authenticated) == ("one", "POST", False)


def truthy(user: Any, instance: DashApp, request: Any) -> Any:
    return "no boolean"


async def coroutine_policy(user: Any, instance: DashApp, request: Any) -> bool:
    return True


def failing(user: Any, instance: DashApp, request: Any) -> bool:
    raise RuntimeError("as the test wants it")


@pytest.mark.parametrize(
    ("policy", "who", "may"),
    [
        ("anybody", "nobody", True),
        ("change_permission", "nobody", False),
        ("change_permission", "reader", False),
        ("change_permission", "changer", True),
        ("change_permission", "superuser", True),
        ("save_permission", "changer", False),
        ("save_permission", "saver", True),
        ("owner", "nobody", False),
        ("owner", "changer", False),
        ("owner", "owner", True),
        ("owner", "superuser", True),
        (yes, "nobody", True),
        (yes, "reader", False),
        ("tests.test_saved_state.yes", "nobody", True),
        (failing, "superuser", False),
        (truthy, "superuser", False),
    ],
)
@pytest.mark.parametrize("where", ["setting", "app"])
def test_who_may_save(policy: Any, who: str, may: bool, where: str, settings: Any, heard: list[Any]) -> None:
    people = {
        "nobody": lambda: None,
        "reader": lambda: user_with("reader", "view_dashapp"),
        "changer": lambda: user_with("changer", "change_dashapp"),
        "saver": lambda: user_with("saver", "save_dashapp_state"),
        "superuser": lambda: user_with("superuser", is_superuser=True),
        "owner": lambda: user_with("owner"),
    }
    user = people[who]()
    settings.PLOTLY_DASH = {"state_write_policy": policy} if where == "setting" else {"state_write_policy": "owner"}
    app = simple(state_write_policy=policy if where == "app" else None)
    saved(app, owner=user if who == "owner" else None)
    response = tell(app, "new", client=asking(user))
    assert json.loads(response.content)["response"] == {"done": {"children": "wrote new"}}
    if may:
        assert stored() == {"text": {"value": "new"}, "done": {"children": "wrote new"}}
        return
    assert stored() == STATE
    ((name, arguments),) = heard
    assert (name, arguments["reason"]) == ("denied", "policy")
    assert arguments["changes"] == {"text": {"value": "new"}, "done": {"children": "wrote new"}}
    assert arguments["request"].method == "POST"
    assert arguments["message"] == "The write policy does not let this user save the state of 'One'."


def test_a_policy_that_is_a_coroutine_function_is_no_policy() -> None:
    with pytest.raises(ConfigurationError, match=r"a coroutine function\. It has to be an ordinary one"):
        simple(state_write_policy=coroutine_policy)


def test_a_policy_that_fails_says_so_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    app = simple(state_write_policy=failing)
    saved(app)
    assert tell(app, "new").status_code == 200
    assert "The state_write_policy of Simple failed" in caplog.text
    assert "as the test wants it" in caplog.text


@pytest.mark.parametrize("policy", ["anyone", "", 5, False])
def test_a_policy_that_there_is_not(policy: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        simple(state_write_policy=policy)
    assert str(caught.value) == (
        f"state_write_policy of the app 'Simple' is {policy!r}. It has to be one of 'anybody', 'change_permission', "
        "'save_permission', 'owner', or a function of user, instance and request that returns True or False, or its "
        "dotted path."
    )


def test_a_policy_that_cannot_be_imported_saves_nothing() -> None:
    app = simple(state_write_policy="tests.no_such_module.policy")
    saved(app)
    assert tell(app, "new").status_code == 500
    assert stored() == STATE


# --- signals, sizes, broken rows ------------------------------------------------------------------------------------


def test_a_save_is_announced_when_the_transaction_has_ended(
    heard: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    app = simple()
    row = saved(app)
    with django_capture_on_commit_callbacks() as callbacks:
        tell(app, "new")
        tell(app, "new")
    assert heard == []
    (announce,) = callbacks
    announce()
    ((name, arguments),) = heard
    assert name == "saved"
    assert arguments["instance"] == row
    assert arguments["instance"].current_state() == stored()
    assert arguments["changes"] == {"text": {"value": "new"}, "done": {"children": "wrote new"}}
    assert arguments["request"].path == "/dash/instance/one/_dash-update-component"


def test_growth_beyond_the_limit_is_refused_and_the_page_works_on(
    settings: Any, heard: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings.PLOTLY_DASH = {"state_max_bytes": 200}
    app = simple()
    saved(app)
    response = tell(app, "x" * 300)
    assert json.loads(response.content)["response"]["done"]["children"].startswith("wrote x")
    assert stored() == STATE
    assert [(name, arguments["reason"]) for name, arguments in heard] == [("denied", "size")]
    assert "and PLOTLY_DASH['state_max_bytes'] is 200. It was not saved." in caplog.text
    tell(app, "x")
    assert stored()["text"] == {"value": "x"}


def test_a_row_that_was_deleted_meanwhile(heard: list[Any]) -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="text"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("text", "value"))
    def write(text: str) -> str:
        DashApp.objects.all().delete()
        return text

    saved(app)
    assert tell(app, "new").status_code == 200
    assert [(name, arguments["reason"]) for name, arguments in heard] == [("denied", "gone")]


BROKEN = '{"text": {"value": '


@pytest.fixture
def broken() -> DjangoDash:
    app = simple()
    row = saved(app)
    DashApp.objects.filter(pk=row.pk).update(base_state=BROKEN)
    return app


@pytest.mark.parametrize("debug", [True, False])
def test_an_instance_with_a_broken_state_says_so(broken: DjangoDash, settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    with_logs = Client(raise_request_exception=True)
    page = with_logs.get("/dash/instance/one/", headers={"Accept": "text/html"})
    assert page.status_code == 500
    assert "This saved instance cannot be shown" in page.text
    assert "Traceback" not in page.text
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    for response in (with_logs.get("/dash/instance/one/_dash-layout"), tell(broken, "new")):
        assert response.status_code == 500
        assert json.loads(response.content) == {
            "error": "The saved state of this instance cannot be read. An administrator of this site has to correct it."
        }
    assert DashApp.objects.get().base_state == BROKEN
    assert with_logs.get("/dash/app/simple/").status_code == 200


def test_the_log_says_what_is_wrong_with_it(broken: DjangoDash, caplog: pytest.LogCaptureFixture) -> None:
    Client().get("/dash/instance/one/")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "The saved state of 'One' cannot be read. Line 1, column 20: This is not JSON" in caplog.text


def test_a_state_that_breaks_while_a_callback_runs_is_not_written_over(heard: list[Any]) -> None:
    app = DjangoDash("Simple")
    app.layout = html.Div([dcc.Input(id="text"), html.Div(id="done")])

    @app.callback(Output("done", "children"), Input("text", "value"))
    def write(text: str) -> str:
        DashApp.objects.update(base_state=BROKEN)
        return text

    saved(app)
    assert tell(app, "new").status_code == 200
    assert DashApp.objects.get().base_state == BROKEN
    assert [(name, arguments["reason"]) for name, arguments in heard] == [("denied", "broken")]
