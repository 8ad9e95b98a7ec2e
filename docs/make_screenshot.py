"""Make the README's picture: the demo as a visitor sees it, in headless Chromium."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.demo_server import demo_server  # noqa: E402 - it is found by way of the line above

TARGET = ROOT / "docs" / "images" / "demo.png"
SHOWN = "world/"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def wait_for_charts(page: Page) -> None:
    """Until every frame of the page has drawn its charts and no callback is under way."""
    for frame in page.frames[1:]:
        frame.wait_for_selector(".js-plotly-plot .main-svg")
        frame.wait_for_selector("[data-dash-is-loading]", state="detached")
    page.wait_for_timeout(500)  # charts that have just been drawn take up their final size


def main() -> None:
    if CHROMIUM is None:
        sys.exit("There is no Chromium here. Install it, or name it in the environment variable CHROMIUM.")
    TARGET.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, demo_server(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light", reduced_motion="reduce")
        page.goto(f"{server.url}/{SHOWN}")
        wait_for_charts(page)
        page.screenshot(path=TARGET)
        browser.close()
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
