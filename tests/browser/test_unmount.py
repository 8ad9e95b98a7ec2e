"""Apps that come into a page and go again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.browser

# Counts what is added to and taken from window and document, and which timers and sockets there are.
COUNTING = """
(() => {
    const counts = window.counts = { listeners: 0, intervals: 0, sockets: 0, observers: 0 };
    for (const target of [window, document]) {
        const known = new Map();
        const keyOf = (type, listener, options) =>
            [type, listener, Boolean(typeof options === "object" ? options?.capture : options)];
        const find = (key) => [...known.keys()].find((other) => other.every((part, index) => part === key[index]));
        const { addEventListener, removeEventListener } = target;
        target.addEventListener = function (...args) {
            const key = keyOf(...args);
            if (!find(key)) { known.set(key, true); counts.listeners += 1; }
            return addEventListener.apply(this, args);
        };
        target.removeEventListener = function (...args) {
            const key = find(keyOf(...args));
            if (key) { known.delete(key); counts.listeners -= 1; }
            return removeEventListener.apply(this, args);
        };
    }
    const intervals = new Set();
    const { setInterval, clearInterval } = window;
    window.setInterval = (...args) => {
        const id = setInterval(...args);
        intervals.add(id);
        counts.intervals = intervals.size;
        return id;
    };
    window.clearInterval = (id) => { clearInterval(id); intervals.delete(id); counts.intervals = intervals.size; };
    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket { constructor(...args) { super(...args); counts.sockets += 1; } };
})();
"""
CYCLE = """async ([fragment, byItself]) => {
    const place = document.getElementById("place");
    place.innerHTML = fragment;
    const element = place.querySelector("[data-django-plotly-dash]");
    await window.djangoPlotlyDash.mount(element);
    await new Promise((resolve) => {
        const look = () =>
            (/got/.test(element.textContent) && element.querySelector(".main-svg") ? resolve() : setTimeout(look, 10));
        look();
    });
    if (!byItself) window.djangoPlotlyDash.unmount(element);
    place.replaceChildren();
    while (window.dash_stores.length) await new Promise((resolve) => setTimeout(resolve));
}"""
STATE = """() => ({
    ...window.counts,
    stores: window.dash_stores.length,
    own: Object.keys(window.dash_clientside).filter((name) => name.startsWith("~")).length,
    scripts: document.scripts.length,
    children: document.body.children.length,
})"""


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_fragment_that_comes_and_goes_leaves_nothing_behind(
    page: Page, live_server: LiveServer, by_itself: bool
) -> None:
    """Unmounted by a script, and by being removed."""
    page.add_init_script(COUNTING)
    page.goto(f"{live_server}/pages/empty/")
    session = page.context.new_cdp_session(page)
    fragment = page.evaluate("async () => (await fetch('/pages/fragment/')).text()")

    def counters() -> dict[str, int]:
        for _ in range(3):
            session.send("HeapProfiler.collectGarbage")
        found = session.send("Memory.getDOMCounters")
        return {key: found[key] for key in ("nodes", "jsEventListeners")}

    for _ in range(5):
        page.evaluate(CYCLE, [fragment, by_itself])
    state, before = page.evaluate(STATE), counters()
    for _ in range(45):
        page.evaluate(CYCLE, [fragment, by_itself])
    after = counters()
    assert page.evaluate(STATE) == state
    assert (state["stores"], state["own"], state["intervals"], state["sockets"]) == (0, 0, 0, 0)
    # One app alone has some 400 nodes and 150 listeners, so a leak of one per turn would add up to many thousands.
    assert after["nodes"] - before["nodes"] < 400
    assert after["jsEventListeners"] - before["jsEventListeners"] < 100


def test_what_is_inserted_is_mounted_and_what_is_removed_is_unmounted_by_itself(
    page: Page, live_server: LiveServer
) -> None:
    page.goto(f"{live_server}/pages/empty/")
    page.evaluate(
        """async () => {
            const text = await (await fetch("/pages/fragment/?app=Blue")).text();
            document.getElementById("place").innerHTML = text;
        }"""
    )
    place = page.locator("#place")
    expect(place.locator("#echoed")).to_have_text("Blue got blue")
    place.locator("#text").fill("later")
    expect(place.locator("#painted")).to_have_text("blue paints later")
    # An element that is only moved keeps its app.
    page.evaluate("document.body.prepend(document.getElementById('place'))")
    expect(place.locator("#text")).to_have_value("later")
    page.evaluate("document.getElementById('place').replaceChildren()")
    page.wait_for_function("(window.dash_stores ?? []).length === 0")


def test_an_app_is_mounted_and_unmounted_by_a_script(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/direct/")
    first, third = page.locator("#first"), page.locator("#third")
    expect(third.locator("#echoed")).to_have_text("Red got red")
    mark = "[data-django-plotly-dash]"
    assert page.evaluate(f"djangoPlotlyDash.unmount('#first {mark}')") is True
    assert page.evaluate(f"djangoPlotlyDash.unmount('#first {mark}')") is False
    expect(first.locator("#echoed")).to_have_count(0)
    third.locator("#text").fill("still here")
    expect(third.locator("#echoed")).to_have_text("Red got still here")
    assert page.evaluate(f"djangoPlotlyDash.mount('#first {mark}').then((element) => element.className)") == (
        "django-plotly-dash django-plotly-dash-direct django-plotly-dash-app-red"
    )
    expect(first.locator("#echoed")).to_have_text("Red got red")
    message = page.evaluate("djangoPlotlyDash.mount('#first').catch((error) => error.message)")
    assert message == "djangoPlotlyDash.mount needs an element that {% plotly_direct %} has made, not #first."


def test_an_app_that_goes_while_it_is_being_mounted_leaves_nothing(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server}/pages/empty/")
    page.evaluate(
        """async () => {
            const text = await (await fetch("/pages/fragment/")).text();
            const place = document.getElementById("place");
            for (let number = 0; number < 20; number += 1) {
                place.innerHTML = text;
                await new Promise((resolve) => setTimeout(resolve, number * 7));
                place.replaceChildren();
                await null;
            }
        }"""
    )
    page.wait_for_function("(window.dash_stores ?? []).length === 0")
    page.evaluate(
        "async () => { document.getElementById('place').innerHTML = await (await fetch('/pages/fragment/')).text(); }"
    )
    expect(page.locator("#echoed")).to_have_text("Red got red")
    assert page.evaluate("window.dash_stores.length") == 1
