"""What a page with many apps costs the browser: requests, bytes, and the time until the last app has answered, for one
app in the page, for twelve, and for twelve with three frames beside them.

Each page is opened in a browser of its own, with empty caches, and again with full ones. The three are opened in turn
within one run, so that noise of the machine falls on all alike; what counts are ratios of the medians.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests import urls

ROUNDS = int(os.environ.get("ROUNDS", "5"))
PAGES = {"1 app": (1, 0), "12 apps": (12, 0), "12 apps, 3 frames": (12, 3)}
READY = """([apps, frames]) => {
    const text = (root) => root?.querySelector("#echoed")?.textContent;
    const answered = (root) => / got /.test(text(root)) && root.querySelector(".main-svg");
    const inPage = [...document.querySelectorAll("[data-django-plotly-dash]")].filter(answered).length;
    const inFrames = [...document.querySelectorAll("iframe")].filter((frame) => answered(frame.contentDocument)).length;
    return inPage === apps && inFrames === frames && performance.now();
}"""


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


def page_with(request: HttpRequest, apps: int, frames: int) -> HttpResponse:
    """A page with so many apps and frames."""
    tags = [f"{{% plotly_direct name='Many {number}' %}}" for number in range(apps)]
    tags += [f"{{% plotly_app name='Many {number}' %}}" for number in range(frames)]
    text = "{% load plotly_dash %}<!DOCTYPE html><html><head><link rel=icon href='data:,'></head><body>"
    return HttpResponse(engines["django"].from_string(text + "".join(tags)).render({}, request))


def opened(context: BrowserContext, address: str, apps: int, frames: int) -> tuple[int, int, float]:
    """Requests, kilobytes and milliseconds of a page until its last app has answered."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    count, size = 0, 0.0

    def requested(_: Any) -> None:
        nonlocal count
        count += 1

    def finished(event: dict[str, Any]) -> None:
        nonlocal size
        size += event["encodedDataLength"]

    session.on("Network.requestWillBeSent", requested)
    session.on("Network.loadingFinished", finished)
    page.goto(f"{address}/bench/{apps}/{frames}/")
    page.locator("iframe").last.scroll_into_view_if_needed() if frames else None
    time = page.wait_for_function(READY, arg=[apps, frames], polling=20).json_value()
    page.wait_for_timeout(100)
    page.close()
    return count, round(size / 1000), time


def measure(browser: Browser, address: str) -> None:
    """Print the table."""
    found: dict[tuple[str, str], list[tuple[int, int, float]]] = {}
    for _ in range(ROUNDS):
        for name, (apps, frames) in PAGES.items():
            context = browser.new_context(viewport={"width": 1000, "height": 8000})
            for caches in ("empty", "full"):
                found.setdefault((name, caches), []).append(opened(context, address, apps, frames))
            context.close()
    print(f"{'page':20} {'caches':8} {'requests':>9} {'kB':>7} {'last app ready':>15}")
    for (name, caches), results in found.items():
        requests, size, time = (statistics.median(values) for values in zip(*results, strict=True))
        one = statistics.median(result[2] for result in found["1 app", caches])
        print(f"{name:20} {caches:8} {requests:9.0f} {size:7.0f} {time / one:13.2f} x")


def main() -> None:
    """Serve the tests' site and measure its pages."""
    urls.urlpatterns.append(path("bench/<int:apps>/<int:frames>/", page_with))
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(WSGIHandler())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--headless", "--disable-gpu", "--no-proxy-server"]
        )
        measure(browser, f"http://127.0.0.1:{server.server_port}")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
