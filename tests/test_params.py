"""``params``: what a page hands to an app's functions."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from dash import DiskcacheManager, Input, Output, dcc, html, page_container, register_page
from django.core.cache import caches
from django.test import AsyncClient, Client, RequestFactory
from django.utils.safestring import mark_safe

from django_plotly_dash import DjangoDash
from django_plotly_dash.background import managers
from django_plotly_dash.exceptions import HandedOverError
from django_plotly_dash.models import DashApp, StatelessApp
from django_plotly_dash.params import Params, checked
from tests.background_page import Page

from .handing_over import layout_at, url_on_page
from .helpers import call, callback_body, needs_mcp, needs_signed_handles, result

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.urls("tests.handing_over"), pytest.mark.django_db]
GIVEN = {"year": 2007, "places": ["Oslo", {"name": "Bergen"}], "none": None, "deep": {"a": [1.5, True]}}


@pytest.fixture
def app() -> DjangoDash:
    app = DjangoDash("Told")
    app.layout = lambda params: html.Div([html.P(json.dumps(params), id="told"), dcc.Input(id="in"), html.P(id="out")])
    app.callback(Output("out", "children"), Input("in", "value"))(lambda value, params: json.dumps([value, params]))
    return app


# --- who gets them ----------------------------------------------------------------------------------------------------


def test_layout_functions_and_callbacks_get_what_the_page_gave(client: Client, app: DjangoDash) -> None:
    url = url_on_page(client, "Told", params=GIVEN)
    assert json.loads(layout_at(client, url)["told"]["children"]) == GIVEN
    assert json.loads(result(call(client, app, "out.children", "x", url=url))) == ["x", GIVEN]


def test_they_are_empty_where_none_were_given(client: Client, app: DjangoDash) -> None:
    for url in ("/dash/app/told/", url_on_page(client, "Told", {"in": {"value": 1}})):
        assert layout_at(client, url)["told"]["children"] == "{}"
        assert result(call(client, app, "out.children", "x", url=url)) == '["x", {}]'


def test_they_go_beside_initial_arguments(client: Client, app: DjangoDash) -> None:
    url = url_on_page(client, "Told", {"in": {"value": "handed"}}, GIVEN)
    shown = layout_at(client, url)
    assert (shown["in"]["value"], json.loads(shown["told"]["children"])) == ("handed", GIVEN)


async def test_coroutine_functions_get_them(app: DjangoDash) -> None:
    async def show(value: str, params: Any) -> str:
        await asyncio.sleep(0)
        return str(params["year"])

    app.callback(Output("told", "title"), Input("in", "value"))(show)
    client = AsyncClient()
    url = app.get_absolute_url(GIVEN, share=True)
    body = json.dumps(callback_body(app, "told.title", "x"))
    answer = await client.post(f"{url}_dash-update-component", body, content_type="application/json")
    assert result(answer) == "2007"
    refused = await client.get(f"{url.replace('/initial/s', '/initial/v')}_dash-layout")
    assert refused.status_code == 400


def test_kwargs_and_keyword_only_parameters_take_them(client: Client, app: DjangoDash) -> None:
    app.callback(Output("told", "title"), Input("in", "value"))(lambda value, **kwargs: kwargs["params"]["year"])
    app.callback(Output("told", "lang"), Input("in", "value"))(lambda *args, params: params["year"])
    url = url_on_page(client, "Told", params=GIVEN)
    assert [result(call(client, app, f"told.{name}", "x", url=url)) for name in ("title", "lang")] == [2007, 2007]


def test_an_argument_of_dashs_of_that_name_wins(client: Client, app: DjangoDash) -> None:
    app.callback(output=Output("told", "title"), inputs={"params": Input("in", "value")})(lambda params: params)
    url = url_on_page(client, "Told", params=GIVEN)
    assert result(call(client, app, "told.title", "of Dash", url=url)) == "of Dash"


def test_pages_get_them_and_a_query_cannot_pass_for_them(client: Client) -> None:
    app = DjangoDash("Told pages", use_pages=True, pages_folder="")
    app.layout = html.Div([page_container])
    register_page("page", path="/page", layout=lambda params=None, **query: html.P(f"{params['year']} {sorted(query)}"))
    url = url_on_page(client, "Told pages", params=GIVEN)
    client.get(url)
    (output,) = (name for name in app.callback_map if "_pages_content" in name)
    body = {
        "output": output,
        "outputs": [
            {"id": o.component_id, "property": o.component_property} for o in app.callback_map[output]["output"]
        ],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": f"{url}page"},
            {"id": "_pages_location", "property": "search", "value": "?params=1999&q=2"},
        ],
        "state": [],
        "changedPropIds": ["_pages_location.pathname"],
    }
    answer = client.post(f"{url}_dash-update-component", json.dumps(body), content_type="application/json")
    assert answer.json()["response"]["_pages_content"]["children"]["props"]["children"] == "2007 ['q']"


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[DjangoDash]:
    import diskcache

    with diskcache.Cache(str(tmp_path / "results")) as cache:
        manager = DiskcacheManager(cache, cache_by=[lambda: "release 1"])
        app = DjangoDash("Told jobs", background_callback_manager=manager)
        app.layout = html.Div()
        yield app
    managers.forget_managers()


@needs_signed_handles
@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_worker_gets_them_and_a_kept_result_is_for_those_params(client: Client, jobs: DjangoDash) -> None:
    jobs.callback(Output("out", "children"), Input("in", "value"), background=True)(
        lambda value, params: f"{value} {params.get('year')} {type(params).__name__}"
    )
    for params, shown in (({"year": 2007}, "2007"), ({"year": 1952}, "1952"), ({"year": 2007}, "2007"), (None, "None")):
        page = Page(client, jobs, url_on_page(client, "Told jobs", params=params))
        assert page.result("out.children", "x") == f"x {shown} Params"


@needs_mcp
def test_programs_get_an_empty_mapping(client: Client) -> None:
    app = DjangoDash("Told tools", enable_mcp=True)
    app.layout = html.Div([dcc.Input(id="in"), html.P(id="out")])

    @app.callback(Output("out", "children"), Input("in", "value"))
    def show(value: str, params: Any) -> str:
        """Show."""
        return f"{value} {dict(params)}"

    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    url = "/dash/app/told-tools/_mcp"
    tools = client.post(url, json.dumps(message), content_type="application/json").json()["result"]["tools"]
    (tool,) = (tool for tool in tools if "show" in tool["name"])
    assert list(tool["inputSchema"]["properties"]) == ["value"]
    message |= {"method": "tools/call", "params": {"name": tool["name"], "arguments": {"value": "x"}}}
    answer = client.post(url, json.dumps(message), content_type="application/json").json()
    assert answer["result"]["structuredContent"]["response"]["out"]["children"] == "x {}"


def test_an_endpoint_of_a_callback_gets_them_and_cannot_be_told_them(client: Client) -> None:
    app = DjangoDash("Told endpoint")
    app.layout = html.Div()

    @app.callback(Output("out", "children"), Input("in", "value"), api_endpoint="/api/show")
    def show(value: str, params: Any) -> str:
        return f"{value} {params['year']}"

    url = url_on_page(client, "Told endpoint", params=GIVEN)
    client.get(url)

    def ask(**body: Any) -> Any:
        return client.post(f"{url}api/show", json.dumps(body), content_type="application/json")

    assert ask(value="x").json() == "x 2007"
    assert ask(value="x", params={"year": 1}).status_code == 400


# --- what can be given ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_nothing_makes_the_plain_url(client: Client, app: DjangoDash, nothing: Any) -> None:
    assert url_on_page(client, "Told", params=nothing) == "/dash/app/told/"


def test_mappings_tuples_and_safe_texts_are_taken_as_json_has_them() -> None:
    given = MappingProxyType({"a": (1, 2), "b": mark_safe("<b>"), mark_safe("c"): False})
    assert checked(given) == {"a": [1, 2], "b": "<b>", "c": False}
    assert type(checked(given)["b"]) is str  # type: ignore[index]


LOOP: dict[str, Any] = {}
LOOP["again"] = LOOP


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1], r"params is \[1\], a list; it has to be a dict"),
        ('{"year": 2007}', "params is .*, a str; it has to be a dict"),
        ({"when": Decimal(1)}, r"params\['when'\] is Decimal\('1'\), a Decimal; params take texts"),
        ({"a": [{"b": {1}}]}, r"params\['a'\]\[0\]\['b'\] is \{1\}, a set"),
        ({"a": {1: 2}}, r"params\['a'\] has the key 1, a int; keys have to be texts"),
        ({"a": float("nan")}, r"params\['a'\] is nan, which JSON does not have"),
        ({"a": b"x" * 100}, r"params\['a'\] is b'x{75}\.\.\., a bytes"),
        (LOOP, "params is nested too deeply, or holds itself"),
    ],
)
def test_anything_that_is_not_json_is_refused(client: Client, app: DjangoDash, given: Any, message: str) -> None:
    with pytest.raises(HandedOverError, match=message):
        url_on_page(client, "Told", params=given)


# --- a dict that nobody changes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.__setitem__("a", 1),
        lambda p: p.__delitem__("year"),
        lambda p: p.update(a=1),
        lambda p: p.pop("year"),
        lambda p: p.popitem(),
        lambda p: p.clear(),
        lambda p: p.setdefault("a", 1),
        lambda p: p.__ior__({"a": 1}),
        lambda p: p["deep"].update(b=1),
        lambda p: p["places"][1].clear(),
    ],
)
def test_they_cannot_be_changed(change: Any) -> None:
    params = Params(GIVEN)
    with pytest.raises(TypeError, match="params cannot be changed"):
        change(params)
    assert params == GIVEN


def test_otherwise_they_are_a_dict() -> None:
    params = Params(GIVEN)
    assert json.loads(json.dumps(params)) == {**params} == params | {} == GIVEN
    assert isinstance(params, dict)
    changed = params.copy()
    changed["deep"]["a"] = "changed"
    changed["places"][1]["name"] = "changed"
    assert (type(changed), params) == (dict, GIVEN)
    for again in (pickle.loads(pickle.dumps(params)), copy.copy(params), copy.deepcopy(params)):
        assert (type(again), type(again["deep"]), again) == (Params, Params, GIVEN)


# --- how they travel --------------------------------------------------------------------------------------------------


def test_changed_ones_are_a_400(client: Client, app: DjangoDash) -> None:
    url = url_on_page(client, "Told", params=GIVEN)
    changed = url.replace("/initial/ve", "/initial/vf")
    assert changed != url
    assert client.get(f"{changed}_dash-layout").status_code == 400
    refused = call(client, app, "out.children", "x", url=changed)
    assert refused.status_code == 400
    assert "This address was changed" in refused.json()["error"]


def test_large_ones_are_kept_and_a_callback_says_when_they_are_gone(
    client: Client, settings: Settings, app: DjangoDash
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "told"}}
    settings.PLOTLY_DASH = {"initial_arguments_url_limit": 100}
    url = url_on_page(client, "Told", params=GIVEN)
    assert json.loads(result(call(client, app, "out.children", "x", url=url))) == ["x", GIVEN]
    caches["default"].clear()
    refused = call(client, app, "out.children", "x", url=url)
    assert (refused.status_code, "is not kept any more" in refused.json()["error"]) == (410, True)


def test_small_ones_stay_in_the_url_beside_large_arguments(client: Client, settings: Settings, app: DjangoDash) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "told"}}
    settings.PLOTLY_DASH = {"initial_arguments_url_limit": 400}
    url = url_on_page(client, "Told", {"in": {"value": "".join(map(str, range(1000)))}}, GIVEN)
    caches["default"].clear()
    assert client.get(f"{url}_dash-layout").status_code == 410
    # The page that is open keeps all that its callbacks ask for.
    assert json.loads(result(call(client, app, "out.children", "x", url=url))) == ["x", GIVEN]


# --- URLs made in Python ----------------------------------------------------------------------------------------------


def test_an_app_makes_urls_with_params(client: Client, rf: RequestFactory, app: DjangoDash) -> None:
    assert app.get_absolute_url() == "/dash/app/told/"
    url = app.get_absolute_url(params=GIVEN, initial_arguments={"in": {"value": 1}}, share=True)
    shown = layout_at(client, url)
    assert (json.loads(shown["told"]["children"]), shown["in"]["value"]) == (GIVEN, 1)


def test_a_url_for_one_visitor_needs_the_request(client: Client, app: DjangoDash) -> None:
    with pytest.raises(HandedOverError, match=r"there is no request that tells which.*or say share=True"):
        app.get_absolute_url(params=GIVEN)
    request = client.get(url_on_page(client, "Told")).wsgi_request
    url = app.get_absolute_url(params=GIVEN, request=request)
    assert json.loads(layout_at(client, url)["told"]["children"]) == GIVEN
    assert Client().get(url).status_code == 400


def test_a_callback_knows_its_request(client: Client, app: DjangoDash) -> None:
    app.callback(Output("told", "title"), Input("in", "value"))(lambda value: app.get_absolute_url({"year": value}))
    client.get("/dash/app/told/")
    url = result(call(client, app, "told.title", 1952))
    assert layout_at(client, url)["told"]["children"] == '{"year": 1952}'
    assert Client().get(url).status_code == 400


def test_urls_of_instances(client: Client, app: DjangoDash) -> None:
    base, other = (StatelessApp.objects.create(app_name=name) for name in ("Told", "Another"))
    row = DashApp.objects.create(stateless_app=base, instance_name="Mine")
    for instance in (row, row.slug):
        assert app.get_absolute_url(instance=instance) == "/dash/instance/mine/"
        url = app.get_absolute_url(GIVEN, instance=instance, share=True)
        assert json.loads(layout_at(client, url)["told"]["children"]) == GIVEN
    DjangoDash("Another").layout = html.Div()
    with pytest.raises(ValueError, match="'theirs' is one of another app"):
        app.get_absolute_url(instance=DashApp.objects.create(stateless_app=other, instance_name="Theirs"))
