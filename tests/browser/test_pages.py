"""An app's own page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash
import pytest
from dash import Input, Output, State, dcc, html
from django.urls import include, path
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash
from django_plotly_dash.models import DashApp, StatelessApp
from tests.site_urls import mount

pytestmark = pytest.mark.browser


def test_a_callback_answers_on_typing(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/dash/app/echo/")
    expect(page.locator("#echoed")).to_have_text("You wrote hello")
    page.fill("#text", "a new text")
    expect(page.locator("#echoed")).to_have_text("You wrote a new text")


def test_an_async_callback_answers(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/dash/app/second-app/")
    page.fill("#text", "three")
    expect(page.locator("#echoed")).to_have_text("Second got three")


def test_a_graph_is_drawn(page: Page, live_server: LiveServer) -> None:
    loaded: list[str] = []
    page.on("response", lambda response: loaded.append(response.url))
    page.goto(f"{live_server}/dash/app/echo/")
    line = page.locator("#graph .js-plotly-plot path.js-line")
    expect(line).to_be_visible()
    box = line.bounding_box()
    assert box is not None
    assert box["width"] > 300
    # a part of dcc that is fetched when the first graph appears
    assert any("/dash/_dash-component-suites/dash/dcc/async-graph" in url for url in loaded)


def test_a_deep_link_reloads_and_the_app_knows_its_path(page: Page, live_server: LiveServer) -> None:
    app = DjangoDash("Deep")
    app.layout = html.Div(
        [
            dcc.Location(id="location"),
            dcc.Link("further", id="further", href=app.get_relative_path("/some/page/further")),
            html.P(id="where"),
        ]
    )

    @app.callback(Output("where", "children"), Input("location", "pathname"), State("location", "search"))
    def show(pathname: str, search: str) -> str:
        return f"{pathname} {search} {app.strip_relative_path(pathname)}"

    start = f"{live_server}/dash/app/deep/some/page"
    page.goto(f"{start}?a=1")
    expect(page.locator("#where")).to_have_text("/dash/app/deep/some/page ?a=1 some/page")
    page.click("#further")
    expect(page.locator("#where")).to_have_text("/dash/app/deep/some/page/further some/page/further")
    assert page.url == f"{start}/further"
    page.reload()
    expect(page.locator("#where")).to_have_text("/dash/app/deep/some/page/further some/page/further")
    page.go_back()
    expect(page.locator("#where")).to_have_text("/dash/app/deep/some/page ?a=1 some/page")


def book(number: str | None = None, page: str | None = None, **others: str) -> html.H1:
    return html.H1(f"book {number}, page {page}, and {others}")


@pytest.fixture
def books(transactional_db: None) -> DjangoDash:
    """Pages that are registered in another order than theirs, and a saved instance."""
    app = DjangoDash("Books", use_pages=True, pages_folder="")
    dash.register_page("end", path="/end", order=3, title="The end", layout=html.H1("no more"))
    dash.register_page(
        "book",
        path_template="/book/<number>",
        order=2,
        title=lambda number=None: f"Book {number}",
        redirect_from=["/volume"],
        layout=book,
    )
    dash.register_page("start", path="/", order=1, title="All books", layout=html.H1("all of them"))

    def layout() -> html.Div:
        links = [dcc.Link(page["name"], href=page["relative_path"]) for page in dash.page_registry.values()]
        seventh = dcc.Link("the seventh", id="seventh", href=app.get_relative_path("/book/7?page=12&mark=red"))
        return html.Div([html.Nav(links), seventh, dash.page_container])

    app.layout = layout
    stateless = StatelessApp.objects.create(app_name="Books")
    DashApp.objects.create(stateless_app=stateless, instance_name="My books", slug="my-books")
    return app


@pytest.mark.usefixtures("books")
def test_query_strings_order_titles_and_redirects_of_pages_wherever_they_are(
    page: Page, settings: Any, serve: Callable[..., str]
) -> None:
    ours = include("django_plotly_dash.urls")
    mount(settings, path("dash/", ours), path("elsewhere/<slug:team>/", ours))
    site = serve()
    for place in (
        "/dash/app/books/",
        "/dash/instance/my-books/",
        "/elsewhere/blue/app/books/",
        "/elsewhere/blue/instance/my-books/",
    ):
        start = f"{site}{place}"
        page.goto(start)
        expect(page.locator("h1")).to_have_text("all of them")
        expect(page).to_have_title("All books")
        expect(page.locator("nav a")).to_have_text(["Start", "Book", "End"])

        page.click("#seventh")
        expect(page.locator("h1")).to_have_text("book 7, page 12, and {'mark': 'red'}")
        expect(page).to_have_title("Book 7")
        assert page.url == f"{start}book/7?page=12&mark=red"
        page.reload()
        expect(page.locator("h1")).to_have_text("book 7, page 12, and {'mark': 'red'}")
        expect(page).to_have_title("Book 7")

        page.click("nav a:text('End')")
        expect(page.locator("h1")).to_have_text("no more")
        expect(page).to_have_title("The end")
        assert page.url == f"{start}end"
        page.go_back()
        expect(page).to_have_title("Book 7")
        assert page.url == f"{start}book/7?page=12&mark=red"

        page.goto(f"{start}volume?page=3")
        expect(page.locator("h1")).to_have_text("book none, page 3, and {}")
        assert page.url == f"{start}book/none?page=3"


def test_style_picture_and_icon_of_the_assets_folder(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/dash/app/decorated/")
    expect(page.locator("h1")).to_have_css("color", "rgb(1, 102, 203)")
    assert page.locator("#logo").evaluate("image => image.decode().then(() => image.naturalWidth)") == 120
    icon = page.locator("link[rel=icon]").get_attribute("href")
    assert icon is not None
    assert icon.startswith("/dash/app/decorated/assets/favicon.ico")
    answer = page.request.get(f"{live_server}{icon}")
    assert answer.ok
    assert answer.body().startswith(b"\0\0\1\0")


def test_component_libraries_work_by_import_alone(page: Page, live_server: LiveServer) -> None:
    # Imported here, since every page loads all libraries that its process has imported.
    import dash_ag_grid
    import dash_bootstrap_components
    import dash_mantine_components
    import dpd_components

    app = DjangoDash("Libraries")
    app.layout = dash_mantine_components.MantineProvider(
        [
            dash_bootstrap_components.Button("of Bootstrap", id="bootstrap", className="mb-3"),
            dash_mantine_components.Button("of Mantine", id="mantine"),
            dash_ag_grid.AgGrid(id="grid", columnDefs=[{"field": "city"}], rowData=[{"city": "Ulm"}, {"city": "Bern"}]),
            dpd_components.Pipe(id="pipe", label="news", channel_name="channel", value=None),
            html.P(id="clicks"),
        ]
    )

    @app.callback(Output("clicks", "children"), Input("bootstrap", "n_clicks"), Input("mantine", "n_clicks"))
    def count(bootstrap: int | None, mantine: int | None) -> str:
        return f"{bootstrap or 0} and {mantine or 0}"

    page.goto(f"{live_server}/dash/app/libraries/")
    expect(page.locator("#grid .ag-center-cols-container .ag-cell")).to_have_text(["Ulm", "Bern"])
    page.click("button#bootstrap.btn")
    page.click("button#mantine")
    page.click("button#mantine")
    expect(page.locator("#clicks")).to_have_text("1 and 2")
    # A pipe that finds no socket on its page waits for one here.
    assert page.evaluate("window.dpd_wsb_pre.callbacks.length") == 1


def test_session_state_counts_across_reloads(page: Page, live_server: LiveServer) -> None:
    app = DjangoDash("Counter")

    def layout(session_state: dict[str, Any]) -> html.Div:
        return html.Div([html.Button("add", id="add"), html.P(f"{session_state.get('count', 0)} so far", id="count")])

    app.layout = layout

    @app.callback(Output("count", "children"), Input("add", "n_clicks"), prevent_initial_call=True)
    def add(clicks: int, session_state: dict[str, Any]) -> str:
        session_state["count"] = session_state.get("count", 0) + 1
        return f"{session_state['count']} so far"

    page.goto(f"{live_server}/dash/app/counter/")
    expect(page.locator("#count")).to_have_text("0 so far")
    for count in (1, 2):
        page.click("#add")
        expect(page.locator("#count")).to_have_text(f"{count} so far")
    page.reload()
    expect(page.locator("#count")).to_have_text("2 so far")
    page.click("#add")
    expect(page.locator("#count")).to_have_text("3 so far")
