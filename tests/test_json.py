"""Values in layouts and results of callbacks that are not JSON by nature, with and without orjson."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import importlib
import json
import logging
import uuid
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import dash
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io
import pytest
from dash import ALL, Input, NoUpdate, Output, Patch, State, ctx, dcc, html, no_update, set_props
from dash._utils import to_json
from django.db import models
from django.test import Client
from django.utils import translation
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, ngettext_lazy

from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import SerializationError
from django_plotly_dash.json_values import plain
from django_plotly_dash.models import DashApp, StatelessApp

from .helpers import call, callback_body, post, result

UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
MONDAY = gettext_lazy("Monday")
UTC = datetime.timezone.utc
Pair = namedtuple("Pair", "left right")


class Size(models.TextChoices):
    SMALL = "s", "Small"


class Level(enum.Enum):
    HIGH = UUID


@dataclasses.dataclass
class Point:
    x: Decimal
    label: Any


@pytest.fixture(autouse=True, params=["json", "orjson"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Plotly's JSON engine: what Dash has without and with orjson."""
    before = plotly.io.json.config.default_engine
    plotly.io.json.config.default_engine = request.param
    yield request.param
    plotly.io.json.config.default_engine = before


@pytest.fixture
def client() -> Client:
    """Sees error pages as a browser does."""
    return Client(raise_request_exception=False)


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Django leaves the language of the last request on."""
    with translation.override("en"):
        yield


@pytest.fixture
def answering() -> Callable[[Any], DjangoDash]:
    """An app with one callback, which returns the value."""

    def make(value: Any) -> DjangoDash:
        app = DjangoDash("Answering")
        app.layout = html.Div([html.Button(id="go"), dcc.Store(id="out")])

        @app.callback(Output("out", "data"), Input("go", "n_clicks"))
        def answer(clicks: Any) -> Any:
            return value

        return app

    return make


def at_once(value: Any) -> Any:
    return json.loads(to_json(plain(value)))


VALUES: dict[str, tuple[Any, Any]] = {
    "a text": ("text", "text"),
    "None": (None, None),
    "not a number": (float("nan"), None),
    "a lazy translation": (MONDAY, "Monday"),
    "a lazy plural": (ngettext_lazy("%d year", "%d years", 2) % 2, "2 years"),
    "a lazy text": (lazystr("later"), "later"),
    "a safe string": (mark_safe("<b>bold</b>"), "<b>bold</b>"),
    "a lazy object": (SimpleLazyObject(lambda: {"id": UUID}), {"id": str(UUID)}),
    "a UUID": (UUID, str(UUID)),
    "a Decimal": (Decimal("1.50"), 1.5),
    "a Decimal that is no number": (Decimal("NaN"), None),
    "a Decimal that is no number and says so": (Decimal("sNaN"), None),
    "a date": (datetime.date(2024, 2, 29), "2024-02-29"),
    "a time": (datetime.time(8, 30), "08:30:00"),
    "a naive datetime": (datetime.datetime(2024, 2, 29, 8, 30), "2024-02-29T08:30:00"),
    "an aware datetime": (datetime.datetime(2024, 2, 29, 8, 30, tzinfo=UTC), "2024-02-29T08:30:00+00:00"),
    "a duration": (datetime.timedelta(days=1, seconds=5), "P1DT00H00M05S"),
    "a choice": (Size.SMALL, "s"),
    "an enum of UUIDs": (Level.HIGH, str(UUID)),
    "a dataclass": (Point(Decimal("0.5"), MONDAY), {"x": 0.5, "label": "Monday"}),
    "a named tuple": (Pair(UUID, 1), [str(UUID), 1]),
    "an ordered dict": (OrderedDict(a=Decimal(1)), {"a": 1.0}),
    "a tuple": ((1, Decimal("0.5")), [1, 0.5]),
    "keys": (
        {UUID: 1, MONDAY: 2, datetime.date(2024, 1, 1): 3, np.int64(4): 4, Size.SMALL: 5, mark_safe("<i>"): 6, 7: 7},
        {str(UUID): 1, "Monday": 2, "2024-01-01": 3, "4": 4, "s": 5, "<i>": 6, "7": 7},
    ),
    "a numpy integer": (np.int64(7), 7),
    "a numpy float": (np.float32(0.5), 0.5),
    "a numpy float that is no number": (np.float64("nan"), None),
    "a numpy truth value": (np.bool_(True), True),
    "a numpy text": (np.str_("text"), "text"),
    "a numpy date": (np.datetime64("2024-02-29"), "2024-02-29"),
    "a numpy date in nanoseconds": (np.datetime64("2024-02-29T08:30:00", "ns"), "2024-02-29T08:30:00.000000000"),
    "no numpy date": (np.datetime64("NaT", "s"), None),
    "a numpy duration": (np.timedelta64(5, "s"), "P0DT00H00M05S"),
    "a numpy array": (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "an array of another machine's byte order": (np.array([1, 2], dtype=">i4"), [1, 2]),
    "a series of another machine's byte order": (pd.Series([1.5, 2.5], dtype=">f4"), [1.5, 2.5]),
    "a wide numpy float": (np.longdouble("0.5"), 0.5),
    "an array of wide floats": (np.array([0.5, np.nan], dtype=np.longdouble), [0.5, None]),
    "an array that is not contiguous": (np.arange(6)[::2], [0, 2, 4]),
    "an array of objects": (np.array([UUID, Decimal(1), MONDAY, None], dtype=object), [str(UUID), 1.0, "Monday", None]),
    "an array of texts": (np.array(["a", "b"]), ["a", "b"]),
    "an array of dates": (np.array(["2024-02-29", "NaT"], dtype="datetime64[s]"), ["2024-02-29T00:00:00", None]),
    "an array of durations": (np.array([5], dtype="timedelta64[s]"), ["P0DT00H00M05S"]),
    "a masked array": (np.ma.array([1, 2], mask=[False, True]), [1, None]),
    "a series": (pd.Series([1.5, None]), [1.5, None]),
    "a series of texts": (pd.Series(["a", None]), ["a", None]),
    "a series of integers with a gap": (pd.Series([1, None], dtype="Int64"), [1, None]),
    "a series of Decimals": (pd.Series([Decimal("0.5")]), [0.5]),
    "a series of dates": (pd.Series(pd.to_datetime(["2024-02-29", None])), ["2024-02-29T00:00:00", None]),
    "a series with a time zone": (
        pd.Series(pd.to_datetime(["2024-02-29T08:30"]).tz_localize("UTC")),
        ["2024-02-29T08:30:00+00:00"],
    ),
    "categories": (pd.Series(["a", "b"], dtype="category"), ["a", "b"]),
    "an index": (pd.Index([1, 2]), [1, 2]),
    "an index of dates": (pd.date_range("2024-02-29", periods=1), ["2024-02-29T00:00:00"]),
    "a timestamp": (pd.Timestamp("2024-02-29T08:30"), "2024-02-29T08:30:00"),
    "no timestamp": (pd.NaT, None),
    "no value of pandas": (pd.NA, None),
    "records of a frame": (
        pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "d": [Decimal(1), Decimal(2)]}).to_dict("records"),
        [{"n": 1, "d": 1.0}, {"n": None, "d": 2.0}],
    ),
    "many rows, one of them with a UUID": (
        [{"n": n} for n in range(50)] + [{"n": UUID}],
        [{"n": n} for n in range(50)] + [{"n": str(UUID)}],
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_callback_may_return(name: str, answering: Callable[[Any], DjangoDash], client: Client, db: None) -> None:
    value, wanted = VALUES[name]
    assert result(call(client, answering(value), "out.data", 1)) == wanted
    assert result(call(client, answering({"deep": [value]}), "out.data", 1)) == {"deep": [wanted]}


@pytest.mark.parametrize("name", VALUES)
def test_a_layout_may_hold(name: str, client: Client, db: None) -> None:
    value, wanted = VALUES[name]
    app = DjangoDash("Holding")
    app.layout = html.Div([dcc.Store(id="store", data=value), html.Span(**{"data-deep": {"deep": [value]}})])
    store, span = client.get("/dash/app/holding/_dash-layout").json()["props"]["children"]
    assert store["props"]["data"] == wanted
    assert span["props"]["data-deep"] == {"deep": [wanted]}


@pytest.mark.django_db
def test_primary_keys_and_choices_of_rows_are_values(answering: Callable[[Any], DjangoDash], client: Client) -> None:
    row = StatelessApp.objects.create(app_name="Row")
    rows = list(StatelessApp.objects.values("pk", "slug"))
    assert result(call(client, answering([row.pk, rows]), "out.data", 1)) == [row.pk, [{"pk": row.pk, "slug": "row"}]]


@pytest.mark.django_db
def test_a_lazy_translation_is_in_the_language_of_each_request(client: Client, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    app = DjangoDash("Translated", title=MONDAY)
    app.layout = html.Div([html.H1(MONDAY), dcc.Dropdown([{"label": MONDAY, "value": 1}], id="day"), html.P(id="out")])

    @app.callback(Output("out", "children"), Input("day", "value"), running=[(Output("out", "title"), MONDAY, "")])
    def show(day: Any) -> Any:
        return html.B(MONDAY)

    for language, word in (("de", "Montag"), ("en", "Monday"), ("de", "Montag")):
        headers = {"Accept-Language": language}
        heading, dropdown, _ = client.get("/dash/app/translated/_dash-layout", headers=headers).json()["props"][
            "children"
        ]
        assert heading["props"]["children"] == word
        assert dropdown["props"]["options"][0]["label"] == word
        with translation.override(language):
            body = callback_body(app, "out.children", 1)
        answer = client.post(
            "/dash/app/translated/_dash-update-component",
            json.dumps(body),
            content_type="application/json",
            headers=headers,
        )
        assert result(answer)["props"]["children"] == word
        (spec,) = client.get("/dash/app/translated/_dash-dependencies", headers=headers).json()
        assert spec["running"]["running"] == {"out.title": word}
        page = client.get("/dash/app/translated/", headers=headers).content.decode()
        assert f"<title>{word}</title>" in page


def test_a_layout_that_needs_no_change_is_not_copied() -> None:
    layout = html.Div([html.P("text"), dcc.Dropdown(["a"], id="d"), {"rows": [{"n": 1}] * 50}, np.arange(3)])
    assert plain(layout) is layout


def test_a_layout_that_is_changed_stays_as_it_is_for_the_next_request() -> None:
    heading, aside = html.H1(MONDAY, id="heading"), html.P("text")
    layout = html.Div([heading, aside])
    changed = plain(layout)
    assert isinstance(changed, html.Div)
    assert changed["heading"].children == "Monday"
    assert changed.children[1] is aside
    assert layout.children[0] is heading
    assert heading.children is MONDAY


def test_a_figure_is_written_with_its_arrays_as_plotly_writes_them() -> None:
    figure = go.Figure(go.Scatter(x=np.arange(3), y=pd.Series([1.5, None, 2])), layout={"title": "Title"})
    assert at_once({"figure": figure}) == json.loads(to_json({"figure": figure}))


def test_components_are_written_as_dash_writes_them() -> None:
    layout = html.Div([html.P("a", id={"type": "p", "index": 1}), dcc.Graph(figure=go.Figure()), [html.I(), None]])
    assert at_once(layout) == json.loads(to_json(layout))


@pytest.mark.django_db
def test_no_update_patch_and_several_outputs_go_through(client: Client) -> None:
    app = DjangoDash("Several")
    app.layout = html.Div([html.Button(id="go"), dcc.Store(id="a"), dcc.Store(id="b"), dcc.Store(id="c")])

    @app.callback(
        Output("a", "data"), Output("b", "data"), Output("c", "data"), Input("go", "n_clicks"), State("a", "data")
    )
    def answer(clicks: Any, data: Any) -> Any:
        patch = Patch()
        patch["when"] = MONDAY
        patch["keys"].append(UUID)
        return no_update, NoUpdate if clicks == 2 else patch, (Decimal("0.5"),)

    name = "..a.data...b.data...c.data.."
    answer_to = json.loads(call(client, app, name, 1, None).content)["response"]
    assert "a" not in answer_to
    assert answer_to["b"]["data"]["operations"] == [
        {"operation": "Assign", "location": ["when"], "params": {"value": "Monday"}},
        {"operation": "Append", "location": ["keys"], "params": {"value": str(UUID)}},
    ]
    assert answer_to["c"]["data"] == [0.5]
    assert json.loads(call(client, app, name, 2, None).content)["response"] == {"c": {"data": [0.5]}}


@pytest.mark.django_db
def test_values_of_pattern_outputs_and_coroutine_functions_are_made_plain(client: Client) -> None:
    app = DjangoDash("Patterns")
    app.layout = html.Div([html.Button(id="go"), *(dcc.Store(id={"kind": "s", "n": n}) for n in range(2))])

    @app.callback(Output({"kind": "s", "n": ALL}, "data"), Input("go", "n_clicks"))
    async def answer(clicks: Any) -> Any:
        return [UUID, MONDAY]

    (name,) = [name for name in app.callback_map if "kind" in name]
    outputs = [{"id": {"kind": "s", "n": n}, "property": "data"} for n in range(2)]
    body = callback_body(app, name, 1, outputs=[outputs]) | {"outputs": outputs}
    answered = json.loads(post(client, app, body).content)["response"]
    assert [properties["data"] for properties in answered.values()] == [str(UUID), "Monday"]


@pytest.mark.django_db
def test_values_of_set_props_are_made_plain(client: Client) -> None:
    app = DjangoDash("Setting")
    app.layout = html.Div([html.Button(id="go"), dcc.Store(id="out"), dcc.Store(id="side")])

    @app.callback(Output("out", "data"), Input("go", "n_clicks"))
    def answer(clicks: Any) -> Any:
        set_props("side", {"data": UUID})
        ctx.set_props("side", {"title": MONDAY})
        if clicks == 2:
            set_props("side", {"data": {1, 2}})
        return 1

    side = json.loads(call(client, app, "out.data", 1).content)["sideUpdate"]
    assert side == {"side": {"data": str(UUID), "title": "Monday"}}
    app.backend.show_errors = True
    page = call(client, app, "out.data", 2).content.decode()
    assert "set_props of side: at .data is a set" in page


@pytest.mark.django_db
@pytest.mark.parametrize("given_to", ["the app", "the callback", "dash.callback"])
def test_what_an_error_handler_gives_is_made_plain(given_to: str, client: Client) -> None:
    def handler(error: Exception) -> Any:
        return {"id": UUID, "day": MONDAY}

    app = DjangoDash(f"Handled by {given_to}", on_error=handler if given_to == "the app" else None)
    app.layout = html.Div([html.Button(id="go"), dcc.Store(id="out")])
    register = dash.callback if given_to == "dash.callback" else app.callback

    @register(Output("out", "data"), Input("go", "n_clicks"), on_error=None if given_to == "the app" else handler)
    def answer(clicks: Any) -> Any:
        raise ValueError("no answer")

    client.get(f"/dash/app/{app.slug}/_dash-dependencies")
    assert result(call(client, app, "out.data", 1)) == {"id": str(UUID), "day": "Monday"}


@pytest.mark.django_db
def test_an_api_endpoint_answers_with_plain_values(client: Client) -> None:
    app = DjangoDash("Endpoint")
    app.layout = html.Div([dcc.Input(id="in"), dcc.Store(id="out")])

    @app.callback(Output("out", "data"), Input("in", "value"), api_endpoint="/api/answer")
    def answer(value: Any) -> Any:
        return {"id": UUID, "day": MONDAY}

    response = client.post("/dash/app/endpoint/api/answer", {"value": 1}, content_type="application/json")
    assert response.json() == {"id": str(UUID), "day": "Monday"}


@pytest.mark.django_db
def test_pages_may_have_lazy_titles_and_layouts(write: Any, client: Client) -> None:
    write(
        {
            "lazy_site/pages/home.py": """
import dash
from dash import html
from django.utils.translation import gettext_lazy
dash.register_page(__name__, path="/", title=gettext_lazy("Monday"))
layout = html.H1(gettext_lazy("Tuesday"))
""",
            "lazy_site/apps.py": """
import dash
from django_plotly_dash import DjangoDash
app = DjangoDash("Lazy pages", use_pages=True)
app.layout = dash.page_container
""",
        }
    )
    app = importlib.import_module("lazy_site.apps").app
    client.get("/dash/app/lazy-pages/_dash-layout")
    (name,) = [name for name in app.callback_map if "_pages_content.children" in name]
    shown = json.loads(call(client, app, name, "/dash/app/lazy-pages/", "").content)["response"]
    assert shown["_pages_content"]["children"]["props"]["children"] == "Tuesday"
    assert shown["_pages_store"]["data"] == {"title": "Monday"}
    assert 'content="Monday"' in client.get("/dash/app/lazy-pages/").content.decode()


# --- what cannot be written -------------------------------------------------------------------------------------


def rows_of_apps() -> Any:
    return StatelessApp.objects.all()


REFUSED: dict[str, tuple[Any, str, str]] = {
    "a model instance": (
        [html.Div([html.B(), html.Span(StatelessApp(app_name="x"), id="name")], id="box")],
        "at [0] > Div(id='box').children[1] > Span(id='name').children is a django_plotly_dash.models.StatelessApp",
        "Give a field of the model instance, such as its pk, or str() of it.",
    ),
    "a lazy model instance": (
        SimpleLazyObject(lambda: StatelessApp(app_name="x")),
        "is a django_plotly_dash.models.StatelessApp",
        "such as its pk",
    ),
    "a queryset": ({"rows": rows_of_apps()}, "at .rows is a django.db.models.query.QuerySet", "list(queryset.values("),
    "a set": ({"a": [{"b": {1}}]}, "at .a[0].b is a set", "sorted(...) or list(...)"),
    "bytes": (Point(Decimal(1), b"x"), "at .label is a bytes", "Decode the bytes"),
    "a frame": (pd.DataFrame({"a": [1]}), "DataFrame, which cannot", 'df.to_dict("records")'),
    "a generator": ((n for n in "ab"), "is a generator", "Give list(...) of it."),
    "a complex number": ([1, 2j], "at [1] is a complex", "Properties take texts"),
    "a numpy complex number": (np.array([2j]), "at [0] is a complex", "Properties take texts"),
    "a key": ({(1, 2): "x"}, "at [(1, 2)] is a tuple", "A key of a dict has to be a text or a number."),
    "a path": ({"file": Path("x")}, "at .file is a pathlib", "Properties take texts"),
    "a function": ({"f": len}, "at .f is a builtin_function_or_method", "Properties take texts"),
    "one of many rows": ([{"n": n} for n in range(50)] + [{"n": {1}}], "at [50].n is a set", "sorted("),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_callback_that_returns_something_else_is_told_where_it_is(
    name: str,
    answering: Callable[[Any], DjangoDash],
    client: Client,
    db: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    value, place, advice = REFUSED[name]
    app = answering(value)
    with caplog.at_level(logging.ERROR, logger="django_plotly_dash"):
        response = call(client, app, "out.data", 1)
    assert (response.status_code, response.json()) == (500, {"error": "The server could not answer."})
    error = caplog.records[0].exc_info[1]  # type: ignore[index]
    assert isinstance(error, SerializationError)
    where = "The result of tests.test_json.answering.<locals>.make.<locals>.answer, for out.data"
    assert str(error).startswith(where)
    assert place in str(error)
    assert "which cannot be written as JSON" in str(error)
    assert advice in str(error)


def test_the_dev_tools_show_where_it_is(
    answering: Callable[[Any], DjangoDash], client: Client, db: None, settings: Any
) -> None:
    settings.PLOTLY_DASH = {"dev_tools": True}
    response = call(client, answering({"a": {1}}), "out.data", 1)
    assert response.status_code == 500
    assert "for out.data: at .a is a set, which cannot be written as JSON" in response.content.decode()


@pytest.mark.django_db
def test_of_several_outputs_the_right_one_is_named(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    app = DjangoDash("Two")
    app.layout = html.Div([html.Button(id="go"), dcc.Store(id="a"), dcc.Store(id={"n": 1})])

    @app.callback([Output("a", "data"), Output({"n": 1}, "data")], Input("go", "n_clicks"))
    def answer(clicks: Any) -> Any:
        return [1], [{1}]

    (name,) = [name for name in app.callback_map if "a.data" in name]
    outputs = [{"id": "a", "property": "data"}, {"id": {"n": 1}, "property": "data"}]
    assert post(client, app, callback_body(app, name, 1) | {"outputs": outputs}).status_code == 500
    assert 'for {"n":1}.data: at [0] is a set' in str(caplog.records[0].exc_info[1])  # type: ignore[index]


@pytest.mark.django_db
def test_a_layout_with_something_else_is_told_where_it_is(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    app = DjangoDash("Wrong layout")
    app.layout = html.Div([html.P("x"), dcc.Store(id="store", data={"row": DashApp(instance_name="i")})])
    assert client.get("/dash/app/wrong-layout/_dash-layout").status_code == 500
    message = str(caplog.records[0].exc_info[1])  # type: ignore[index]
    assert message.startswith(
        "The layout: at Div.children[1] > Store(id='store').data.row is a django_plotly_dash.models.DashApp"
    )


def in_itself(**others: Any) -> dict[str, Any]:
    value: dict[str, Any] = {**others}
    value["rows"] = [1, {"parent": value}]
    return value


def list_in_itself() -> list[Any]:
    value: list[Any] = ["a"]
    value.append(value)
    return value


def component_in_itself() -> Any:
    box = html.Div([html.B()], id="box")
    box.children.append(html.P(box))
    return box


@dataclasses.dataclass
class Node:
    parent: Any = None


def node_in_itself() -> Node:
    node = Node()
    node.parent = SimpleLazyObject(lambda: {"node": node})
    return node


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


ENDLESS: dict[str, tuple[Callable[[], Any], str]] = {
    "a dict": (in_itself, "at .rows[1].parent is a dict, which cannot be written as JSON. It contains itself."),
    # what has to be made plain is not to blame
    "beside others": (lambda: in_itself(a=Decimal(1), b=MONDAY), "at .rows[1].parent is a dict"),
    "a list": (list_in_itself, "at [1] is a list, which cannot be written as JSON. It contains itself."),
    "a component": (component_in_itself, "at Div(id='box').children[1] > P.children is a dash.html.Div.Div, which"),
    "a dataclass": (
        node_in_itself,
        "at .parent.node is a tests.test_json.Node, which cannot be written as JSON. It con",
    ),
    "too deep": (lambda: nested(100_000), "which cannot be written as JSON. It lies more than 250 levels deep."),
}
ONLY_PYTHON: dict[str, tuple[Any, str, str]] = {
    "an integer": ({"n": [1, 2**70]}, "at .n[1] is an int", "integers of up to 64 bits"),
    "an integer below": (-(2**63) - 1, "is an int", "integers of up to 64 bits"),
    "half of a surrogate pair": (html.P([html.B("x"), "\ud800"], id="p"), "at P(id='p').children[1] is a str", "UTF-8"),
    "a key": ({"a": {"\ud800": 1}}, r"at .a.\ud800 is a str", "UTF-8"),
    "a number as a key": ([{2**70: 1}], f"at [0][{2**70}] is an int", "64 bits"),
    "one of many rows": ([{"n": n} for n in range(50)] + [{"n": 2**70}], "at [50].n is an int", "64 bits"),
    "many levels": ({"a": nested(300)}, "at .a[0][0]", "too many levels of lists and dicts"),
}


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("name", [*ENDLESS, *ONLY_PYTHON])
def test_what_the_writer_refuses_is_named_as_well(
    name: str, colour: str, engine: str, client: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    value, place, advice = ONLY_PYTHON[name] if name in ONLY_PYTHON else (ENDLESS[name][0](), ENDLESS[name][1], "")

    def answer(clicks: Any) -> Any:
        return 1, value

    async def answer_async(clicks: Any) -> Any:
        return 1, value

    app = DjangoDash("Refused")
    app.layout = html.Div([html.Button(id="go"), dcc.Store(id="a"), dcc.Store(id="b")])
    app.callback(Output("a", "data"), Output("b", "data"), Input("go", "n_clicks"))(
        answer if colour == "sync" else answer_async
    )
    response = call(client, app, "..a.data...b.data..", 1)
    if name in ONLY_PYTHON and engine == "json":
        assert json.loads(response.content)["response"]["b"]["data"] == json.loads(to_json(value))
        return
    assert (response.status_code, response.json()) == (500, {"error": "The server could not answer."})
    error = caplog.records[0].exc_info[1]  # type: ignore[index]
    assert isinstance(error, SerializationError)
    assert f"answer{'_async' if colour == 'async' else ''}, for b.data" in str(error)
    assert place in str(error)
    assert advice in str(error)
    assert len(str(error)) < 500
    str(error).encode()  # as a log file is


@pytest.mark.parametrize("kind", ["a component", "a function"])
@pytest.mark.parametrize("name", [*ENDLESS, *ONLY_PYTHON])
def test_so_it_is_in_a_layout(
    name: str, kind: str, engine: str, client: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    value, place, advice = ONLY_PYTHON[name] if name in ONLY_PYTHON else (ENDLESS[name][0](), ENDLESS[name][1], "")
    app = DjangoDash("Refused layout", suppress_callback_exceptions=True)
    layout = html.Div([html.P("x"), html.P(value, id="refused")])
    app.layout = layout if kind == "a component" else lambda: layout
    response = client.get("/dash/app/refused-layout/_dash-layout")
    if name in ONLY_PYTHON and engine == "json":
        assert response.json()["props"]["children"][1]["props"]["children"] == json.loads(to_json(value))
        return
    assert response.status_code == 500
    error = caplog.records[0].exc_info[1]  # type: ignore[index]
    assert isinstance(error, SerializationError)
    assert ": at Div.children[1] > P(id='refused').children" in str(error)
    assert place.removeprefix("at ").removeprefix("Div").removeprefix("P") in str(error)
    assert advice in str(error)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["set_props", "endpoint", "on_error"])
def test_the_writer_s_refusals_of_other_values_are_named(
    kind: str, engine: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    app = DjangoDash("Others", on_error=lambda error: {"from handler": 2**70} if kind == "on_error" else None)
    app.layout = html.Div([html.Button(id="go"), dcc.Store(id="out"), dcc.Store(id="side")])

    @app.callback(Output("out", "data"), Input("go", "n_clicks"), api_endpoint="/api/huge")
    def answer(clicks: Any) -> Any:
        if kind == "on_error":
            raise ValueError
        if kind == "set_props":
            set_props("side", {"data": [2**70]})
            return 1
        return [2**70]

    if kind == "endpoint":
        response = client.post("/dash/app/others/api/huge", {"clicks": 1}, content_type="application/json")
    else:
        response = call(client, app, "out.data", 1)
    if engine == "json":
        assert response.status_code == 200
        assert str(2**70) in response.content.decode()
        return
    assert response.status_code == 500
    message = str(caplog.records[0].exc_info[1])  # type: ignore[index]
    assert {
        "set_props": "set_props of side: at .data[0] is an int",
        "on_error": ", for out.data: at .from handler is an int",
        "endpoint": "What is answered at api/huge: at [0] is an int",
    }[kind] in message


@pytest.mark.django_db
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_type_error_of_the_function_stays_what_it_is(
    colour: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    app = DjangoDash("Other error")
    app.layout = html.Div([html.Button(id="go"), dcc.Store(id="out"), dcc.Store(id="side")])

    def answer(clicks: Any) -> Any:
        set_props("side", {"data": [2**70]})
        raise TypeError("of the function")

    async def answer_async(clicks: Any) -> Any:
        return answer(clicks)

    app.callback(Output("out", "data"), Input("go", "n_clicks"))(answer if colour == "sync" else answer_async)
    assert call(client, app, "out.data", 1).status_code == 500
    assert str(caplog.records[0].exc_info[1]) == "of the function"  # type: ignore[index]


@pytest.mark.django_db
def test_a_wrong_number_of_outputs_stays_dash_s_error(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    app = DjangoDash("Wrong number")
    app.layout = html.Div([html.Button(id="go"), dcc.Store(id="a"), dcc.Store(id="b")])

    @app.callback(Output("a", "data"), Output("b", "data"), Input("go", "n_clicks"))
    def answer(clicks: Any) -> Any:
        return 1, 2, 3

    assert call(client, app, "..a.data...b.data..", 1).status_code == 500
    error = caplog.records[0].exc_info[1]  # type: ignore[index]
    assert isinstance(error, dash.exceptions.InvalidCallbackReturnValue)


def test_nothing_is_written_twice_while_all_is_well(
    answering: Callable[[Any], DjangoDash], client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: Any) -> Any:
        raise AssertionError("A search for faults where there is none.")

    for room in ("results", "conversion"):
        monkeypatch.setattr(f"django_plotly_dash.json_values.{room}.fault_in", never)
    assert result(call(client, answering({"rows": [1, 2]}), "out.data", 1)) == {"rows": [1, 2]}
