"""The demo as its readers see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

from tests.demo_server import FRAMES, PAGES, DemoServer, demo_server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    with demo_server(tmp_path_factory.mktemp("demo")) as running:
        yield running
    assert running.complaints() == []


def frames(page: Page, url: str) -> list[Frame]:
    """The apps of a page, once their charts are drawn and no callback is under way."""
    page.goto(url)
    apps = page.frames[1:]
    for app in apps:
        app.wait_for_selector(".js-plotly-plot .main-svg, .number, td, progress")
        app.wait_for_selector("[data-dash-is-loading]", state="detached")
    return apps


@pytest.mark.parametrize(
    ("name", "scheme"),
    # In "previews", a page in a frame may scroll.
    [*((name, "light") for name in PAGES if name != "previews"), ("stocks", "dark")],
)
def test_every_frame_shows_its_chart_and_nothing_scrolls_twice(
    page: Page, server: DemoServer, name: str, scheme: str
) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 1280, "height": 900})
    apps = frames(page, f"{server.url}/{name}/")
    assert len(apps) == len(FRAMES[name])
    for app in apps:
        root = "document.documentElement"
        app.wait_for_function(f"{root}.scrollHeight <= innerHeight && {root}.scrollWidth <= innerWidth")
    for code in page.locator("pre").all():
        assert code.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert hosts == {server.url.removeprefix("http://")}


@pytest.mark.parametrize("name", ["", *PAGES, "login"])
def test_a_narrow_screen_does_not_scroll_sideways(page: Page, server: DemoServer, name: str) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    page.goto(f"{server.url}/{name}/" if name else server.url)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_choice_in_the_first_app_changes_the_shirt(page: Page, server: DemoServer) -> None:
    (app,) = frames(page, f"{server.url}/simple/")
    app.click("#colour")
    app.get_by_role("option", name="Red").click()
    app.get_by_text("XL").click()
    expect(app.locator("#sentence")).to_have_text("A T-shirt in red, size XL.")


def test_pointing_at_a_country_shows_its_history(page: Page, server: DemoServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    (app,) = frames(page, f"{server.url}/world/")
    expect(app.locator("#history .gtitle")).to_have_text("Portugal: years of life")
    points = app.locator("#countries .point")
    widths = points.evaluate_all("all => all.map(point => point.getBoundingClientRect().width)")
    points.nth(widths.index(max(widths))).hover(force=True)  # Plotly's own layer lies above and takes the event
    expect(app.locator("#history .gtitle")).to_have_text("China: years of life")


def test_a_vote_outlives_a_reload_and_a_user_is_greeted(page: Page, server: DemoServer) -> None:
    page.goto(f"{server.url}/login/")
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password").fill("demo")
    page.locator("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/visitor/")
    app = page.frame_locator("iframe")
    expect(app.get_by_role("heading")).to_have_text("Welcome, demo!")
    app.get_by_role("button", name="Limes").click()
    expect(app.locator("#count")).to_contain_text("Votes in this session: 1.")
    page.reload()
    expect(app.locator("#count")).to_contain_text("Votes in this session: 1.")
    page.get_by_role("button", name="Log out demo").click()
    expect(app.get_by_role("heading")).to_have_text("Welcome, visitor!")
    expect(app.locator("#count")).to_contain_text("Votes in this session: 0.")


def test_a_slider_stays_where_it_was_left_for_every_window(page: Page, server: DemoServer) -> None:
    (app,) = frames(page, f"{server.url}/state/")
    first = app.get_by_role("slider").first
    expect(first).to_have_attribute("aria-valuenow", "200")
    other = page.context.new_page()
    (same,) = frames(other, f"{server.url}/state/")
    expect(same.get_by_role("slider").first).to_have_attribute("aria-valuenow", "200")
    first.press("ArrowRight")
    expect(app.locator("#sum")).to_have_text("After 20 years: $92,908")
    (same,) = frames(other, f"{server.url}/state/")
    expect(same.get_by_role("slider").first).to_have_attribute("aria-valuenow", "250")
    expect(same.locator("#sum")).to_have_text("After 20 years: $92,908")
    other.close()


def test_one_app_stands_in_a_page_four_times(page: Page, server: DemoServer) -> None:
    page.goto(f"{server.url}/in-page/")
    page.click("#insert")
    places = [page.locator(".pair > div").nth(number) for number in (0, 1, 3)]
    places = [*places, page.frame_locator("iframe").locator("body")]
    begun = [10, 15, 10, 10]  # one begins with five that the page hands over
    for place, throws in zip(places, begun, strict=True):
        expect(place.locator("#thrown")).to_have_text(re.compile(f"^{throws} throws"))
    for number, place in enumerate(places, 1):
        for _ in range(number):
            throws = int(place.locator("#thrown").inner_text().split()[0])
            place.locator("#throw").click()
            expect(place.locator("#thrown")).to_have_text(re.compile(f"^{throws + 10} throws"))
    for number, (place, throws) in enumerate(zip(places, begun, strict=True), 1):
        expect(place.locator("#thrown")).to_have_text(re.compile(f"^{number * 10 + throws} throws"))
    page.click("#remove")
    page.wait_for_function("window.dash_stores.length === 2")


def throws_once_more(app: Page | Frame | Locator | FrameLocator) -> None:
    """The app Dice throws by itself when it comes, and again when it is asked to."""
    for throws in (10, 20):
        if throws > 10:
            app.locator("#throw").click()
        expect(app.locator("#thrown")).to_have_text(re.compile(f"^{throws} throws"))


def height(page: Page, frame: int) -> float:
    box = page.locator("iframe").nth(frame).bounding_box()
    assert box
    return box["height"]


def test_a_frame_follows_its_app_and_the_others_keep_what_the_page_says(page: Page, server: DemoServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    app, *_ = frames(page, f"{server.url}/frames/")
    for rows in ("20", "3", "8"):
        app.get_by_text(rows, exact=True).click()
        expect(app.locator("tr")).to_have_count(int(rows))
        page.wait_for_function(
            "([frame, app]) => Math.abs(frame.offsetHeight - app.offsetHeight) <= 1",
            arg=[page.query_selector("iframe"), app.query_selector("body")],
        )
    box = page.locator("iframe").nth(1).bounding_box()
    assert box
    assert [height(page, number) for number in (1, 2, 3)] == pytest.approx(
        [box["width"] * 0.6, box["width"] * 9 / 16, 300], abs=1.5
    )


def test_an_app_in_a_page_with_a_strict_policy_breaks_none_of_it(page: Page, server: DemoServer) -> None:
    page.add_init_script(
        "window.broken = []; addEventListener('securitypolicyviolation', e => broken.push(e.effectiveDirective))"
    )
    response = page.goto(f"{server.url}/strict/")
    assert response
    assert "script-src 'self';" in response.headers["content-security-policy"]
    page.wait_for_selector("#chart .main-svg")
    throws_once_more(page)
    assert page.evaluate("broken") == []


def test_a_template_of_jinja2_shows_apps_in_the_page_and_in_frames(page: Page, server: DemoServer) -> None:
    for app in (*frames(page, f"{server.url}/jinja2/"), page.locator(".django-plotly-dash-direct")):
        throws_once_more(app)


def test_a_draft_shows_its_apps_to_whoever_looks_at_it(page: Page, server: DemoServer) -> None:
    page.goto(f"{server.url}/previews/")
    page.get_by_label("Headline").fill("Another headline")
    page.get_by_role("button", name="Preview").click()
    draft = page.frame_locator("iframe[name=preview]")
    expect(draft.locator("h1")).to_have_text("Another headline")
    throws_once_more(draft)
    expect(draft.frame_locator("iframe").locator("h2")).to_have_text("Years of life")


def test_what_the_cache_keeps_works_for_the_next_visitor(page: Page, server: DemoServer) -> None:
    for _ in range(2):
        page.context.clear_cookies()
        page.goto(f"{server.url}/previews/")
        app = page.locator(".django-plotly-dash-direct")
        throws_once_more(app)


def loaded_from(page: Page, server: DemoServer) -> set[str]:
    """The first parts of the folders that the app finds its page's files in."""
    (app,) = frames(page, f"{server.url}/files/")
    expect(app.locator("td", has_text="kite")).to_have_count(1)
    folders = app.locator("td + td").all_inner_texts()
    assert app.locator("img").evaluate("picture => picture.naturalWidth") == 64
    return {"/".join(folder.split("/")[:3]) for folder in folders}


def test_the_app_lists_files_that_apps_serve_themselves(page: Page, server: DemoServer) -> None:
    assert loaded_from(page, server) == {"/dash/app", "/dash/_dash-component-suites", "/dash/_dpd"}


def test_the_app_lists_files_that_are_among_the_static_files(page: Page, tmp_path: Path) -> None:
    with demo_server(tmp_path, DEMO_STATICFILES="1") as server:
        # Builds for dev tools are nothing to be collected.
        assert loaded_from(page, server) == {"/static/dpd", "/dash/_dash-component-suites"}
        assert server.complaints() == []


def test_the_monitor_goes_on_by_itself(page: Page, server: DemoServer) -> None:
    (app,) = frames(page, f"{server.url}/monitor/")
    app.get_by_text("5 a second").click()
    app.wait_for_function("document.querySelector('#chart .js-plotly-plot').data[0].x.length > 3")
    expect(app.locator("#now")).to_have_text(re.compile("Processor [0-9]+ %, memory [0-9]+ %"))


def click_is_seen_by_others(app: Frame, app_of_other: Frame) -> None:
    for clicked, watched in ((app, app_of_other), (app_of_other, app)):
        before = watched.locator("#count").inner_text()
        while watched.locator("#count").inner_text() == before:  # its subscription may be under way
            clicked.locator("#more").click()
            watched.wait_for_timeout(200)
        watched.wait_for_timeout(500)
        expect(watched.locator("#count")).to_have_text(clicked.locator("#count").inner_text())


def report_is_written(app: Frame) -> None:
    expect(app.locator("#bar")).to_have_attribute("value", "0")
    app.click("#start")
    expect(app.locator("#state")).to_have_text(re.compile("^Page [0-9]+ of 20"))
    expect(app.locator("#state")).to_have_text("Done.")
    expect(app.locator("#bar")).to_have_attribute("value", "20")


def test_a_click_is_seen_by_all_who_look_at_the_number(page: Page, server: DemoServer) -> None:
    other = page.context.new_page()
    (app,), (app_of_other,) = (frames(each, f"{server.url}/counter/") for each in (page, other))
    click_is_seen_by_others(app, app_of_other)


def test_a_job_in_a_thread_tells_how_far_it_is(page: Page, server: DemoServer) -> None:
    (app,) = frames(page, f"{server.url}/report/")
    report_is_written(app)
