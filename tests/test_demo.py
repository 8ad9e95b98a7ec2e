"""The demo's pages and apps, asked over HTTP."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

import pytest
from websockets.sync.client import connect

from tests.demo_server import FRAMES, INSTANCES, MANAGE, PAGES, DemoServer, demo_server

APPS = [name for names in PAGES.values() for name in names]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    with demo_server(tmp_path_factory.mktemp("demo")) as running:
        yield running
    assert [line for line in running.complaints() if "/nonsense/" not in line] == []


class Visitor:
    """A browser without a renderer: it keeps cookies and sends the CSRF token as forms and Dash do."""

    def __init__(self, server: DemoServer) -> None:
        self.url = server.url
        self.cookies = CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        with self.opener.open(f"{self.url}{path}") as response:
            assert response.status == 200
            return response.read().decode()

    def post(self, path: str, data: bytes, kind: str = "application/json") -> str:
        token = next((cookie.value for cookie in self.cookies if cookie.name == "csrftoken"), "") or ""
        headers = {"Content-Type": kind, "X-CSRFToken": token}
        with self.opener.open(Request(f"{self.url}{path}", data, headers)) as response:
            assert response.status == 200
            return response.read().decode()

    def log_in(self, name: str, password: str) -> None:
        self.get("/login/")
        form = urlencode({"username": name, "password": password}).encode()
        self.post("/login/", form, "application/x-www-form-urlencoded")

    def layout(self, app: str) -> dict[str, Any]:
        self.get(prefix(app))
        return json.loads(self.get(f"{prefix(app)}_dash-layout"))

    def call(self, app: str, output: str, *values: Any, changed: str | None = None) -> dict[str, Any]:
        """Outputs of the callback that has ``output``, by component id, for values of its inputs in order."""
        callbacks = json.loads(self.get(f"{prefix(app)}_dash-dependencies"))
        (spec,) = (found for found in callbacks if output in outputs_of(found))
        outputs = [dict(zip(("id", "property"), name.split("."), strict=True)) for name in outputs_of(spec)]
        body = {
            "output": spec["output"],
            "outputs": outputs if spec["output"].startswith("..") else outputs[0],
            "inputs": [{**part, "value": value} for part, value in zip(spec["inputs"], values, strict=True)],
            "state": [],
            "changedPropIds": [changed] if changed else [],
        }
        return json.loads(self.post(f"{prefix(app)}_dash-update-component", json.dumps(body).encode()))["response"]


def prefix(app: str) -> str:
    return f"/dash/instance/{INSTANCES[app]}/" if app in INSTANCES else f"/dash/app/{app.lower()}/"


def outputs_of(spec: dict[str, Any]) -> list[str]:
    return [] if spec.get("no_output") else spec["output"].strip(".").split("...")


def ids_of(component: Any) -> set[str]:
    """Ids of all components of a layout."""
    if isinstance(component, list):
        return set().union(*map(ids_of, component))
    if not isinstance(component, dict):
        return set()
    return {component["props"].get("id"), *ids_of(component["props"].get("children"))} - {None}


def figure(response: dict[str, Any], graph: str) -> dict[str, Any]:
    return response[graph]["figure"]


@pytest.fixture
def visitor(server: DemoServer) -> Visitor:
    return Visitor(server)


def test_the_index_links_every_demo(visitor: Visitor) -> None:
    linked = re.findall(r'<li>\s*<a href="/([a-z0-9-]+)/">', visitor.get("/"))
    assert linked == list(PAGES)


@pytest.mark.parametrize(("page", "names"), PAGES.items())
def test_a_page_frames_its_apps_and_shows_their_source(visitor: Visitor, page: str, names: list[str]) -> None:
    text = visitor.get(f"/{page}/")
    urls = re.findall(r'<iframe[^>]* src="(/dash/[^"]+)"', text)
    assert [re.sub("initial/[^/]+/$", "", url) for url in urls] == [prefix(name) for name in FRAMES[page]]
    figures = re.findall(r"<figcaption>([^<]+)</figcaption>\s*<pre[^>]*>(.*?)</pre>", text, re.S)
    shown = {file: html.unescape(re.sub("<[^>]+>", "", code)) for file, code in figures}
    assert shown == {file: (MANAGE.parent / file).read_text() for file in shown}
    sources = [source for file, source in shown.items() if file.endswith(".py")]
    assert [re.findall(r'DjangoDash\("(\w+)"[,)]', source)[-1:] for source in sources] == [[name] for name in names]


def test_a_page_that_does_not_exist_is_missing(visitor: Visitor) -> None:
    with pytest.raises(HTTPError, match="404") as error:
        visitor.get("/nonsense/")
    error.value.close()


@pytest.mark.parametrize("path", ["/", "/login/", *(f"/{page}/" for page in PAGES), *map(prefix, APPS)])
def test_nothing_is_loaded_from_elsewhere(visitor: Visitor, path: str) -> None:
    loaded = re.findall(r'(?:<script[^>]* src|<link[^>]* href|<i(?:frame|mg)[^>]* src)="([^"]+)"', visitor.get(path))
    assert loaded
    assert [url for url in loaded if re.match(r"\w+:|//", url)] == []


@pytest.mark.parametrize("app", APPS)
def test_a_layout_has_every_component_that_its_callbacks_name(visitor: Visitor, app: str) -> None:
    ids = ids_of(visitor.layout(app))
    for spec in json.loads(visitor.get(f"{prefix(app)}_dash-dependencies")):
        named = {part["id"] for part in spec["inputs"]} | {name.split(".")[0] for name in outputs_of(spec)}
        assert named <= ids


def test_the_shirt_has_the_chosen_colour_and_size(visitor: Visitor) -> None:
    visitor.layout("SimpleExample")
    small = visitor.call("SimpleExample", "shirt.figure", "Red", "S")
    large = visitor.call("SimpleExample", "shirt.figure", "Green", "XL")
    assert small["sentence"]["children"] == "A T-shirt in red, size S."
    assert figure(small, "shirt")["data"][0]["fillcolor"] != figure(large, "shirt")["data"][0]["fillcolor"]
    assert max(figure(small, "shirt")["data"][0]["x"]) < max(figure(large, "shirt")["data"][0]["x"])


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [(["Oceania", "Europe"], {"Oceania", "Europe"}), ([], {"Africa", "Americas", "Asia", "Europe", "Oceania"})],
)
def test_the_world_shows_the_chosen_continents(visitor: Visitor, chosen: list[str], shown: set[str]) -> None:
    visitor.layout("World")
    answer = figure(visitor.call("World", "countries.figure", 1977, chosen), "countries")
    assert {trace["name"] for trace in answer["data"]} == shown


def test_the_world_follows_the_country_under_the_pointer(visitor: Visitor) -> None:
    visitor.layout("World")
    hovered = {"points": [{"customdata": ["Norway"]}]}
    answer = figure(visitor.call("World", "history.figure", hovered), "history")
    assert answer["layout"]["title"]["text"] == "Norway: years of life"


def test_two_apps_draw_the_same_shares(visitor: Visitor) -> None:
    visitor.layout("StockPrices")
    lines = figure(visitor.call("StockPrices", "lines.figure", ["GOOG", "MSFT"]), "lines")
    assert [trace["name"] for trace in lines["data"]] == ["GOOG", "MSFT"]
    (bars,) = figure(visitor.call("StockGains", "bars.figure", 2018), "bars")["data"]
    assert {"GOOG", "MSFT"} <= set(bars["y"])


@pytest.mark.parametrize("shares", [[], ["NFLX"]])
def test_any_number_of_shares_can_be_chosen(visitor: Visitor, shares: list[str]) -> None:
    visitor.layout("StockPrices")
    lines = figure(visitor.call("StockPrices", "lines.figure", shares), "lines")
    assert [trace["name"] for trace in lines["data"]] == shares


def test_votes_stay_in_the_session_of_their_visitor(server: DemoServer, visitor: Visitor) -> None:
    visitor.layout("Visitor")
    for _ in range(2):
        visitor.call("Visitor", "count.children", None, None, None, 1, changed="limes.n_clicks")
    other = Visitor(server)
    other.layout("Visitor")
    counts = [who.call("Visitor", "count.children", *[None] * 4)["count"]["children"] for who in (visitor, other)]
    assert [re.findall(r"\d+", count) for count in counts] == [["2"], ["0"]]


def test_the_layout_greets_who_is_logged_in(visitor: Visitor) -> None:
    assert "Welcome, visitor!" in json.dumps(visitor.layout("Visitor"))
    visitor.log_in("demo", "demo")
    assert "Welcome, demo!" in json.dumps(visitor.layout("Visitor"))


def test_the_monitor_streams_at_the_pace_that_the_page_tells(server: DemoServer, visitor: Visitor) -> None:
    url, origin = f"ws{server.url[4:]}{prefix('Monitor')}_dash-ws-callback", server.url
    visitor.layout("Monitor")
    (spec,) = json.loads(visitor.get(f"{prefix('Monitor')}_dash-dependencies"))
    page = {"rendererId": "page"}
    request = {"type": "callback_request", "requestId": "1", "payload": {"output": spec["output"]}}
    shown: dict[str, Any] = {}
    with connect(url, origin=origin, proxy=None) as websocket:  # type: ignore[arg-type]
        websocket.send(json.dumps(page | request))
        while shown.keys() != {"chart", "now"}:
            heard = json.loads(websocket.recv(timeout=30))
            for message in heard if isinstance(heard, list) else [heard]:
                if message["type"] == "get_props_request":
                    answer = {"type": "get_props_response", "payload": {"pace": 0.2, "value": 0.2}}
                    websocket.send(json.dumps(page | answer | {"requestId": message["requestId"]}))
                else:
                    shown[message["payload"]["componentId"]] = message["payload"]["props"]
    assert re.fullmatch(r"Processor \d+ %, memory \d+ %", shown["now"]["children"])
    new, traces, points = shown["chart"]["extendData"]
    assert (len(new["x"]), len(new["y"]), traces, points) == (2, 2, [0, 1], 120)


@pytest.mark.parametrize(("time", "tables"), [("Lunch", 68), ("Dinner", 176), ("All day", 244)])
def test_tips_are_summed_up_for_the_time_of_day(visitor: Visitor, time: str, tables: int) -> None:
    visitor.layout("Tips")
    answer = visitor.call("Tips", "chart.figure", time)
    assert answer["tables"]["children"] == tables
    assert sum(len(trace["x"]) for trace in figure(answer, "chart")["data"]) == tables


def test_the_sliders_of_the_saved_plan_stay_for_everybody(server: DemoServer, visitor: Visitor) -> None:
    def monthly(who: Visitor) -> Any:
        (slider,) = (
            part for part in who.layout("Savings")["props"]["children"] if part["props"].get("id") == "monthly"
        )
        return slider["props"]["value"]

    assert monthly(visitor) == 200
    answer = visitor.call("Savings", "growth.figure", 350, 4, changed="monthly.value")
    assert answer["sum"]["children"] == "After 20 years: $130,071"
    assert monthly(Visitor(server)) == 350


def test_the_demos_user_may_use_the_admin(visitor: Visitor) -> None:
    visitor.log_in("demo", "demo")
    assert "Our plan" in visitor.get("/admin/django_plotly_dash/dashapp/?q=our-plan")
    assert "dashboards.savings" in visitor.get("/admin/django_plotly_dash/statelessapp/")


def test_a_page_and_its_app_share_the_session(server: DemoServer, visitor: Visitor) -> None:
    for _ in range(2):
        visitor.get("/session/")
    visitor.layout("SessionCounter")
    clicked = visitor.call("SessionCounter", "told.children", 1, None, changed="more.n_clicks")
    assert clicked["told"]["children"] == "Page opened: 2. Button clicked: 1."
    assert visitor.call("SessionCounter", "told.children", 1, 1, changed="forget.n_clicks")["told"]["children"] == (
        "Page opened: 0. Button clicked: 0."
    )
    visitor.get("/session/")
    assert (
        visitor.call("SessionCounter", "told.children", 1, 1)["told"]["children"]
        == "Page opened: 1. Button clicked: 0."
    )
    other = Visitor(server)
    other.layout("SessionCounter")
    assert other.call("SessionCounter", "told.children", None, None)["told"]["children"].startswith("Page opened: 0.")


@pytest.mark.parametrize(
    ("query", "country", "heading"),
    [
        ("", "Norway", "Years of life"),
        ("?show=Wealth+of+Japan", "Japan", "Wealth in $ a head"),
        ("?show=nonsense", "Norway", "Years of life"),
    ],
)
def test_the_page_hands_a_country_and_a_measure_over(visitor: Visitor, query: str, country: str, heading: str) -> None:
    (url,) = re.findall(r'<iframe src="([^"]+)"', visitor.get(f"/handed/{query}"))
    title, dropdown, *_ = json.loads(visitor.get(f"{url}_dash-layout"))["props"]["children"]
    assert (title["props"]["children"], dropdown["props"]["value"]) == (heading, country)
