"""Apps in frames of a Django template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dash import Input, Output, dcc, html
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from django_plotly_dash import DjangoDash

pytestmark = pytest.mark.browser


def test_two_apps_on_a_page_both_answer(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/frames/")
    first, second = page.frame_locator("iframe[title='Echo']"), page.frame_locator("iframe[title='Second app']")
    # both have the same ids
    first.locator("#text").fill("for the first")
    second.locator("#text").fill("for the second")
    expect(first.locator("#echoed")).to_have_text("You wrote for the first")
    expect(second.locator("#echoed")).to_have_text("Second got for the second")
    expect(first.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def test_the_site_may_forbid_frames_of_its_own_pages(page: Page, live_server: LiveServer) -> None:
    host = page.goto(f"{live_server}/frames/")
    with page.expect_response("**/dash/app/echo/") as framed:
        page.reload()
    assert host is not None
    assert host.headers["x-frame-options"] == "DENY"
    assert framed.value.headers["x-frame-options"] == "SAMEORIGIN"
    expect(page.frame_locator("iframe[title='Echo']").locator("#echoed")).to_be_visible()


@pytest.mark.parametrize(
    ("part", "height"), [("flat", 80), ("half", 400), ("text", 320), ("number", 250), ("border", 100)]
)
def test_a_frame_has_the_size_that_the_tag_says(page: Page, live_server: LiveServer, part: str, height: int) -> None:
    page.goto(f"{live_server}/pages/sizes/")
    box = page.locator(f"#{part} iframe").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (800, height)
    expect(page.frame_locator(f"#{part} iframe").locator("#text")).to_be_visible()


def test_a_frame_has_a_border_only_if_asked_for(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/sizes/")
    width = "element => getComputedStyle(element).borderRightWidth"
    assert page.locator("#flat iframe").evaluate(width) == "0px"
    assert page.locator("#border iframe").evaluate(width) != "0px"


# --- frames that follow their content --------------------------------------------------------------------------------

HEIGHTS = """part => {
    const frame = document.querySelector(`#${part} iframe`), page = frame.contentDocument.documentElement;
    return [frame.clientHeight, page.scrollHeight - page.clientHeight];
}"""


def settled(page: Page, part: str, is_right: Callable[[int], bool]) -> int:
    """The height of a frame as soon as it is right and nothing of its page is hidden."""
    page.wait_for_function(
        "part => document.querySelector(`#${part} iframe`).contentDocument?.querySelector('#react-entry-point > *')",
        arg=part,
    )
    seen: list[object] = []
    for _ in range(200):
        height, hidden = page.evaluate(HEIGHTS, part)
        seen.append((height, hidden))
        if is_right(height) and hidden == 0:
            return int(height)
        page.wait_for_timeout(50)
    raise AssertionError(f"the frame of {part} had these heights and hidden pixels: {seen[-10:]}")


def test_a_frame_follows_its_content(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/heights/")
    lines = page.frame_locator("#growing iframe").locator("#lines")
    three = settled(page, "growing", lambda height: 150 < height < 250)
    for number in (30, 0, 3):
        lines.fill(str(number))
        assert settled(page, "growing", lambda height, n=number: abs(height - three - 50 * (n - 3)) <= 2)


# Heights that a frame has had, and widths of scroll bars in it at each picture that the browser has drawn
RECORDING = """() => {
    const frame = document.querySelector("#growing iframe"), inner = frame.contentWindow;
    window.heights = [];
    window.bars = new Set();
    new ResizeObserver(() => heights.push(frame.clientHeight)).observe(frame);
    const draw = () => {
        bars.add(inner.innerWidth - inner.document.documentElement.clientWidth);
        requestAnimationFrame(draw);
    };
    draw();
}"""


def test_a_frame_goes_straight_to_its_new_height(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/heights/")
    lines = page.frame_locator("#growing iframe").locator("#lines")
    three = settled(page, "growing", lambda height: 150 < height < 250)
    page.evaluate(RECORDING)
    for number, upwards in ((30, True), (0, False), (3, True)):
        page.evaluate("heights.length = 0")
        lines.fill(str(number))
        settled(page, "growing", lambda height, n=number: abs(height - three - 50 * (n - 3)) <= 2)
        page.wait_for_timeout(300)
        heights = page.evaluate("heights")
        assert heights == sorted(heights, reverse=not upwards)
    assert page.evaluate("[...bars]") == [0]


def test_an_app_in_a_frame_may_do_what_the_sandbox_allows(page: Page, serve: Callable[..., str]) -> None:
    app = DjangoDash("Allowed")
    app.layout = html.Div(
        [
            html.Button("ask", id="ask"),
            html.P(id="answer"),
            html.Button("save", id="save"),
            dcc.Download(id="download"),
            html.A("another window", href="/pages/empty/", target="_blank", id="open"),
            html.Form(html.Button("send", id="send"), action="/dash/app/echo/", method="GET"),
        ]
    )
    app.clientside_callback(
        "() => `sure: ${confirm('sure?')}`",
        Output("answer", "children"),
        Input("ask", "n_clicks"),
        prevent_initial_call=True,
    )
    app.callback(Output("download", "data"), Input("save", "n_clicks"), prevent_initial_call=True)(
        lambda _: {"content": "saved", "filename": "note.txt"}
    )
    page.goto(f"{serve()}/pages/example/?app=Allowed")
    frame = page.frame_locator("iframe")
    page.on("dialog", lambda dialog: dialog.accept())
    frame.locator("#ask").click()
    expect(frame.locator("#answer")).to_have_text("sure: true")
    with page.expect_download() as download:
        frame.locator("#save").click()
    assert download.value.path().read_text() == "saved"
    with page.expect_popup() as popup:
        frame.locator("#open").click()
    expect(popup.value).to_have_title("Apps come later")
    frame.locator("#send").click()
    expect(frame.locator("#echoed")).to_be_visible()  # the page that the form leads to


def test_a_menu_at_the_edge_of_a_frame_is_seen_whole(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/heights/")
    settled(page, "edge", lambda height: 60 < height < 150)
    app = page.frame_locator("#edge iframe")
    app.locator("#choice").click()
    settled(page, "edge", lambda height: 240 < height < 600)
    menu = app.locator(".dash-dropdown-content")
    handle = menu.element_handle()
    frame = handle.owner_frame()
    assert frame is not None
    frame.wait_for_function(
        "menu => menu.clientHeight > 150 && menu.getBoundingClientRect().bottom <= innerHeight", arg=handle
    )
    app.get_by_text("option 2", exact=True).click()
    settled(page, "edge", lambda height: 60 < height < 150)


def test_a_modal_that_is_taller_than_its_frame_is_seen_whole(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/heights/")
    settled(page, "modal", lambda height: height < 100)
    app = page.frame_locator("#modal iframe")
    app.locator("#open").click()
    settled(page, "modal", lambda height: height > 400)
    assert app.locator("#close").evaluate("button => button.getBoundingClientRect().bottom <= innerHeight")
    app.locator("#close").evaluate("button => button.click()")  # a real one would scroll the page first
    settled(page, "modal", lambda height: height < 100)


def test_an_app_that_is_as_tall_as_its_window_does_not_grow_for_ever(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/heights/")
    # One with a margin around it, which is taller than any window, and one without.
    for part in ("tall", "flush"):
        page.wait_for_function(f"document.querySelector('#{part} iframe').clientHeight === 600")
    page.wait_for_timeout(500)
    for part in ("tall", "flush"):
        assert page.evaluate(f"document.querySelector('#{part} iframe').clientHeight") == 600


def test_heights_are_taken_from_the_frames_own_page_only(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/heights/")
    height = settled(page, "edge", lambda height: 60 < height < 150)
    page.evaluate("window.postMessage({type: 'django-plotly-dash', event: 'height', height: 999}, '*')")
    page.evaluate(
        """() => new Promise((resolve) => {
            const other = document.body.appendChild(document.createElement("iframe"));
            other.srcdoc = `<script>
                parent.postMessage({type: 'django-plotly-dash', event: 'height', height: 999}, '*');
                parent.postMessage('sent', '*');
            </script>`;
            addEventListener("message", ({ data }) => data === "sent" && resolve());
        })"""
    )
    assert [page.evaluate(HEIGHTS, part)[0] for part in ("edge",)] == [height]


def test_the_query_of_the_page_is_passed_on_if_wanted(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/query/?region=north&region=south")
    frames = [frame.url.partition("/dash")[2] for frame in page.frames[1:]]
    assert sorted(frames) == ["/app/second-app/", "/app/second-app/?region=north&region=south"]


def test_bootstrap_gives_a_frame_its_shape(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/bootstrap/")
    for part in ("four", "five"):
        box = page.locator(f"#{part} iframe").bounding_box()
        assert box is not None
        assert abs(box["width"] * 9 / 16 - box["height"]) < 1
        expect(page.frame_locator(f"#{part} iframe").locator("#text")).to_be_visible()


@pytest.mark.parametrize("sandbox", [True, False])
def test_chromium_remarks_on_the_sandbox_only_where_there_is_one(
    page: Page, serve: Callable[..., str], settings: Any, sandbox: bool
) -> None:
    if not sandbox:
        settings.PLOTLY_DASH = {"iframe_sandbox": None}
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{serve()}/frames/")
    for title in ("Echo", "Second app"):
        expect(page.frame_locator(f"iframe[title='{title}']").locator("#echoed")).to_be_visible()
    assert bool([text for text in said if "sandbox" in text]) is sandbox
