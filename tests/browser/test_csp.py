"""A strict Content-Security-Policy, by Django's middleware and by django-csp."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import pytest
from csp.constants import NONCE
from django.test import Client
from django.utils.module_loading import import_string
from playwright.sync_api import Page, expect

from tests.server_processes import Server

pytestmark = pytest.mark.browser

DJANGO = "django.middleware.csp.ContentSecurityPolicyMiddleware"
DJANGO_CSP = "csp.middleware.CSPMiddleware"
NOTE_VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(
        `${event.effectiveDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`
    ));
"""
both = pytest.mark.parametrize(
    "middleware",
    [
        pytest.param(
            DJANGO,
            marks=pytest.mark.skipif(django.VERSION < (6, 0), reason="this Django has no middleware for policies"),
        ),
        DJANGO_CSP,
    ],
    ids=["django", "django-csp"],
)


def use(settings: Any, middleware: str, *, style: tuple[str, ...] = ("'self'", "'unsafe-inline'")) -> None:
    """Let the site send the policy of docs/csp."""
    settings.MIDDLEWARE = [middleware, *settings.MIDDLEWARE]
    nonce = NONCE if middleware == DJANGO_CSP else import_string("django.utils.csp.CSP").NONCE
    directives = {
        "default-src": ["'self'"],
        "script-src": ["'self'", nonce],
        "style-src-elem": list(style),
        "style-src-attr": ["'none'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
    }
    if middleware == DJANGO:
        settings.SECURE_CSP = directives
    else:
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}


def violations(page: Page) -> list[str]:
    return [violation for frame in page.frames for violation in frame.evaluate("window.violations")]


@both
def test_the_page_of_an_app_runs(page: Page, settings: Any, serve: Callable[..., str], middleware: str) -> None:
    use(settings, middleware)
    page.add_init_script(NOTE_VIOLATIONS)
    address = serve()
    response = page.goto(f"{address}/dash/app/red/")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "'nonce-" in policy
    assert "unsafe-eval" not in policy
    expect(page.locator("#echoed")).to_have_text("Red got red")
    expect(page.locator("#reversed")).to_have_text("der")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert violations(page) == []


@both
def test_apps_in_a_page_and_in_frames_run(
    page: Page, settings: Any, serve: Callable[..., str], middleware: str
) -> None:
    use(settings, middleware)
    page.add_init_script(NOTE_VIOLATIONS)
    address = serve()
    page.goto(f"{address}/pages/mixed/")
    for part in (page.locator("#direct"), page.locator("#custom"), page.frame_locator("#frame iframe")):
        expect(part.locator("#echoed")).to_have_text("Blue got blue")
        expect(part.locator("#reversed")).to_have_text("eulb")
        part.locator("#text").fill("typed")
        expect(part.locator("#painted")).to_have_text("blue paints typed")
    expect(page.locator("#hooked #echoed")).to_have_text("Hooked got hook")
    assert page.evaluate("window.seenByHook") == ["echoed.children"]
    page.wait_for_function("document.querySelector('#frame iframe').clientHeight > 300")
    assert violations(page) == []
    assert "nonce" not in page.evaluate("document.querySelector('#direct').innerHTML")


def test_apps_run_under_a_policy_that_names_no_hosts(page: Page, settings: Any, serve: Callable[..., str]) -> None:
    use(settings, DJANGO_CSP)
    settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["script-src"] = [NONCE, "'strict-dynamic'"]
    page.add_init_script(NOTE_VIOLATIONS)
    address = serve()
    page.goto(f"{address}/pages/empty/")
    page.evaluate(
        "async () => { document.getElementById('place').innerHTML = await (await fetch('/pages/fragment/')).text(); }"
    )
    expect(page.locator("#echoed")).to_have_text("Red got red")
    expect(page.locator("#reversed")).to_have_text("der")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.goto(f"{address}/dash/app/red/")
    expect(page.locator("#reversed")).to_have_text("der")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert violations(page) == []


def test_what_style_src_has_to_allow(page: Page, settings: Any, serve: Callable[..., str], troubles: Any) -> None:
    """The measurement behind the table in docs/csp."""
    use(settings, DJANGO_CSP, style=("'self'",))
    page.add_init_script(NOTE_VIOLATIONS)
    address = serve()
    found: dict[str, set[str]] = {}
    for name, wait in {"growing": "#shown div", "edge": "#choice", "many-1": ".main-svg"}.items():
        page.goto(f"{address}/dash/app/{name}/")
        expect(page.locator(wait).first).to_be_attached()
        page.wait_for_function("window.violations.length > 0")
        for violation in violations(page):
            directive, _, source = violation.partition(": ")
            found.setdefault(directive, set()).add(re.sub(r".*/([\w-]+)\..*", r"\1", source.strip()))
    assert set(found) == {"style-src-elem"}
    assert {"dash_renderer", "dash_core_components", "plotly"} <= found["style-src-elem"]
    troubles.clear()


@pytest.mark.django_db
def test_every_inline_script_of_a_page_has_the_nonce(settings: Any) -> None:
    use(settings, DJANGO_CSP)
    pages = [Client().get("/dash/app/red/") for _ in range(2)]
    nonces = set()
    for response in pages:
        text = re.sub("<!--.*?-->", "", response.content.decode(), flags=re.DOTALL)
        nonce = response.headers["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
        assert text.count("<script") == text.count(f'<script nonce="{nonce}"') > 10
        nonces.add(nonce)
    assert len(nonces) == 2


LIVE = {
    "as it stands": {},
    "sockets alone": {
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],
        "default-src": ["'none'"],
        "frame-src": ["'self'"],
    },
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("more", LIVE.values(), ids=LIVE.keys())
def test_pipes_and_websocket_callbacks_run(page: Page, tmp_path: Path, more: Any) -> None:
    policy = {"DPD_TEST_POLICY": json.dumps(more), "DPD_TEST_DATABASE": str(tmp_path / "site.sqlite3")}
    environment = {"DJANGO_SETTINGS_MODULE": "tests.site_websockets.settings", **policy}
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, env={**os.environ, **environment, "DPD_TEST_LAYERS": "{}"}, check=True)
    page.add_init_script(NOTE_VIOLATIONS)
    server = Server("uvicorn", tmp_path, **environment).start()
    try:
        page.goto(f"{server.url}/direct/")
        for part in (page.locator("#tick"), page.locator("#tock"), page.frame_locator("iframe")):
            expect(part.locator("#clock")).to_have_text(re.compile(r"\d"))
            part.locator("#go").click()
            expect(part.locator("#answer")).to_contain_text("1 of the page nobody")
        page.evaluate(
            """() => new Promise((resolve) => {
                window.dpd_wsb.add_callback(resolve);
                window.dpd_wsb.send({type: "connection_triplet", channel_name: "open", label: "mic"});
                setInterval(() => window.dpd_wsb.send({channel_name: "open", label: "mic", value: 1}), 200);
            })"""
        )
        assert violations(page) == []
    finally:
        page.goto("about:blank")
        server.stop()
