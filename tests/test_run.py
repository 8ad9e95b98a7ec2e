"""``app.run()``: scripts with one file, in processes of their own, asked over HTTP."""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from django_plotly_dash import DjangoDash, standalone
from django_plotly_dash.exceptions import ConfigurationError

from .conftest import CHROMIUM, missing
from .helpers import needs_mcp, needs_signed_handles
from .redis_server import Redis
from .waiting import eventually

PROJECT = Path(__file__).parent.parent
Start = Callable[..., "Script"]


class Script:
    """A running script: its address, its output, and a client that keeps cookies as a browser does."""

    def __init__(self, folder: Path, port: int, environ: dict[str, str]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._output = folder / "output.txt"
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        clean = {key: value for key, value in os.environ.items() if key not in ("DJANGO_SETTINGS_MODULE", "HOST")}
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "script.py"],
                cwd=folder,
                env={**clean, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1", **environ},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait(self) -> None:
        for _ in range(600):
            if self.process.poll() is not None:
                raise AssertionError(f"the script has ended: {self.output}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"the script does not answer: {self.output}")

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def open(self, path: str, data: bytes | None = None, **headers: str) -> tuple[int, str]:
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with self._opener.open(request, timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def json(self, path: str) -> Any:
        return json.loads(self.open(path)[1])

    @property
    def config(self) -> dict[str, Any]:
        """What the page tells the renderer; opening it sets the CSRF cookie."""
        page = self.open("/")[1]
        return json.loads(page.split('id="_dash-config" type="application/json">')[1].split("</script>")[0])

    def call(self, output: str, *values: Any, query: str = "", token: bool = True) -> tuple[int, Any]:
        """Send a callback as the renderer does, with the token that it reads from the cookie."""
        config = self.config
        spec = next(spec for spec in self.json("/_dash-dependencies") if spec["output"] == output)
        filled = [{**part, "value": value} for part, value in zip(spec["inputs"] + spec["state"], values, strict=True)]
        ident, prop = output.rsplit(".", 1)
        body = {
            "output": output,
            "outputs": {"id": ident, "property": prop},
            "inputs": filled[: len(spec["inputs"])],
            "state": filled[len(spec["inputs"]) :],
            "changedPropIds": [],
        }
        headers = {"Content-Type": "application/json"}
        if token:
            cookie = next(cookie for cookie in self.cookies if cookie.name == config["csrf_token_name"])
            headers[config["csrf_header_name"]] = str(cookie.value)
        status, text = self.open(f"/_dash-update-component{query}", json.dumps(body).encode(), **headers)
        return status, json.loads(text) if text.startswith("{") else text


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Run a script; ``PORT`` in its environment is a free one."""
    running: list[Script] = []

    def run(source: str, files: dict[str, str] | None = None, **environ: str) -> Script:
        for name, text in {"script.py": source, **(files or {})}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(textwrap.dedent(text))
        port = free_port()
        script = Script(tmp_path, port, {"PORT": str(port), **environ})
        running.append(script)
        return script

    yield run
    for script in running:
        script.stop()


def value_of(answer: tuple[int, Any]) -> Any:
    status, body = answer
    assert status == 200, body
    ((properties,),) = (body["response"].values(),)
    ((value,),) = (properties.values(),)
    return value


GREETING = """
    from dash import Input, Output, callback, dcc, html
    from django_plotly_dash import DjangoDash as Dash

    app = Dash(__name__)
    app.layout = html.Div([
        dcc.Input(id="name", value="Ada"), html.Div(id="greeting"), html.Img(src=app.get_asset_url("logo.svg")),
    ])

    @callback(Output("greeting", "children"), Input("name", "value"))
    def greet(name):
        if name == "nobody":
            raise ValueError("the secret of the script")
        return f"Hello {name}"

    if __name__ == "__main__":
        app.run(%s)
"""


def test_a_script_is_served_at_the_root_with_its_callbacks_assets_and_deep_links(start: Start) -> None:
    script = start(GREETING % "debug=True", {"assets/logo.svg": "<svg/>", "assets/style.css": "body {}"})
    script.wait()
    assert script.config["requests_pathname_prefix"] == "/"
    assert value_of(script.call("greeting.children", "Bob")) == "Hello Bob"
    assert script.json("/_dash-layout")["props"]["children"][2]["props"]["src"].startswith("/assets/logo.svg")
    assert script.open("/assets/logo.svg") == (200, "<svg/>")
    assert "/assets/style.css" in script.open("/")[1]
    assert "_dash-config" in script.open("/some/where")[1]
    assert f"http://127.0.0.1:{script.port}/" in script.output


def test_a_callback_of_a_script_needs_the_csrf_token(start: Start) -> None:
    script = start(GREETING % "")
    script.wait()
    assert script.call("greeting.children", "Bob", token=False)[0] == 403
    assert value_of(script.call("greeting.children", "Bob")) == "Hello Bob"


def test_a_script_is_run_anew_when_it_changes(start: Start, tmp_path: Path) -> None:
    script = start(GREETING % "debug=True")
    script.wait()
    assert "hot_reload" in script.config
    before = script.json("/_reload-hash")["reloadHash"]
    assert value_of(script.call("greeting.children", "Bob")) == "Hello Bob"
    path = tmp_path / "script.py"
    path.write_text(path.read_text().replace("Hello", "Good day"))
    for number in range(100):
        time.sleep(0.2)
        if number % 20 == 19:
            path.touch()  # Django's reloader may have begun to watch only after the change
        # While one process ends and the next begins, a request may be lost, or answered with an error.
        with contextlib.suppress(OSError, IndexError, AssertionError, ValueError):
            if value_of(script.call("greeting.children", "Bob")) == "Good day Bob":
                break
    else:
        raise AssertionError(script.output)
    assert script.json("/_reload-hash")["reloadHash"] != before


def test_debug_shows_the_traceback_of_a_callback_and_nothing_else_does(start: Start) -> None:
    script = start(GREETING % "debug=True, use_reloader=False")
    script.wait()
    status, text = script.call("greeting.children", "nobody")
    assert status == 500
    assert "the secret of the script" in text
    script.stop()

    script = start(GREETING % "debug=False")
    script.wait()
    status, body = script.call("greeting.children", "nobody")
    assert (status, "secret" in str(body)) == (500, False)
    assert "the secret of the script" in script.output
    assert script.config["ui"] is False
    assert "hot_reload" not in script.config


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("debug=True, use_reloader=False, dev_tools_ui=False", {"ui": False, "props_check": True}),
        ("debug=True, use_reloader=False, dev_tools_props_check=False", {"ui": True, "props_check": False}),
        ("debug=True, use_reloader=False, dev_tools_hot_reload=False", {"hot_reload": None}),
        ("debug=True, use_reloader=False, dev_tools_hot_reload_interval=7", {"hot_reload": 7000}),
        ("dev_tools_ui=True", {"ui": True, "props_check": False}),
    ],
)
def test_dev_tools_arguments_reach_the_page(start: Start, arguments: str, wanted: dict[str, Any]) -> None:
    script = start(GREETING % arguments)
    script.wait()
    config = script.config
    found = {**config, "hot_reload": config.get("hot_reload", {}).get("interval")}
    assert {name: found[name] for name in wanted} == wanted


def test_all_callbacks_can_be_hidden(start: Start) -> None:
    script = start(GREETING % "hide_all_callbacks=True")
    script.wait()
    assert [spec["hidden"] for spec in script.json("/_dash-dependencies")] == [True]


def test_the_debug_flag_may_come_from_the_environment(start: Start) -> None:
    script = start(GREETING % "use_reloader=False", DASH_DEBUG="true")
    script.wait()
    assert script.config["ui"] is True


def test_arguments_that_are_for_notebooks_and_proxies_are_taken_with_a_warning(start: Start) -> None:
    script = start(GREETING % 'jupyter_mode="tab", jupyter_height=600, proxy="http://127.0.0.1:1::https://a.example"')
    script.wait()
    assert value_of(script.call("greeting.children", "Bob")) == "Hello Bob"
    assert "app.run(jupyter_mode=...) has no effect: Django serves a script" in script.output
    assert "app.run(jupyter_height=...) has no effect" in script.output
    assert "app.run(proxy=...) has no effect: it only changes the address that Dash prints" in script.output


def test_session_state_lasts_from_one_callback_to_the_next(start: Start) -> None:
    script = start("""
        from dash import Dash, Input, Output, html
        from django_plotly_dash import DjangoDash

        app = DjangoDash()
        app.layout = html.Div([html.Button(id="button"), html.Div(id="count")])

        @app.callback(Output("count", "children"), Input("button", "n_clicks"))
        def count(clicks, session_state, user):
            session_state["count"] = session_state.get("count", 0) + 1
            return f"{user} {session_state['count']}"

        app.run()
    """)
    script.wait()
    assert [value_of(script.call("count.children", None)) for _ in range(3)] == [
        "AnonymousUser 1",
        "AnonymousUser 2",
        "AnonymousUser 3",
    ]


def test_pages_of_a_script_have_links_and_deep_links_below_the_root(start: Start) -> None:
    script = start(
        """
        import dash
        from dash import dcc, html
        from django_plotly_dash import DjangoDash

        app = DjangoDash(__name__, use_pages=True)
        app.layout = html.Div([
            html.Div([dcc.Link(page["name"], href=page["relative_path"]) for page in dash.page_registry.values()]),
            dash.page_container,
        ])

        if __name__ == "__main__":
            app.run(debug=True, use_reloader=False)
        """,
        {
            "pages/home.py": """
                import dash
                from dash import html
                dash.register_page(__name__, path="/", title="The first page")
                layout = html.H1("Home")
            """,
            "pages/report.py": """
                import dash
                from dash import html
                dash.register_page(__name__, path_template="/report/<year>", title="A report")
                def layout(year=None, user=None, **query):
                    return html.H1(f"Report of {year}, {query}")
            """,
        },
    )
    script.wait()
    assert '<meta property="og:title" content="The first page">' in script.open("/")[1]
    assert '<meta property="og:title" content="A report">' in script.open("/report/2024")[1]
    links = script.json("/_dash-layout")["props"]["children"][0]["props"]["children"]
    assert {"/"} <= {link["props"]["href"] for link in links}
    spec = next(s for s in script.json("/_dash-dependencies") if "_pages_content.children" in s["output"])
    values = {"pathname": "/report/2024", "search": "?unit=km"}
    prefix = script.config["requests_pathname_prefix"]
    body = {
        "output": spec["output"],
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": [{**part, "value": values[part["property"]]} for part in spec["inputs"]],
        "changedPropIds": ["_pages_location.pathname"],
    }
    token = next(str(cookie.value) for cookie in script.cookies if "csrf" in cookie.name)
    headers = {"Content-Type": "application/json", "X-Csrftoken": token}
    status, text = script.open(f"{prefix}_dash-update-component", json.dumps(body).encode(), **headers)
    assert status == 200
    shown = json.loads(text)["response"]["_pages_content"]["children"]
    assert shown["props"]["children"] == "Report of 2024, {'unit': 'km'}"


EXAMPLES = {
    "a dropdown and a figure": (
        """
        import plotly.express as px
        from dash import Input, Output, callback, dcc, html
        from django_plotly_dash import DjangoDash as Dash

        frame = px.data.gapminder()
        app = Dash()
        app.layout = [
            dcc.Dropdown(sorted(frame.country.unique()), "Norway", id="country"),
            dcc.Graph(id="line"),
        ]

        @callback(Output("line", "figure"), Input("country", "value"))
        def draw(country):
            return px.line(frame[frame.country == country], x="year", y="pop", title=country)

        if __name__ == "__main__":
            app.run(debug=True)
        """,
        "line.figure",
        ("Peru",),
        lambda figure: figure["layout"]["title"]["text"] == "Peru",
    ),
    "state that waits for a button": (
        """
        from dash import Input, Output, State, callback, dcc, html
        from django_plotly_dash import DjangoDash as Dash

        app = Dash(__name__, external_stylesheets=["https://example.org/style.css"])
        app.layout = html.Div([
            dcc.Input(id="city", value="Oslo"), html.Button("Go", id="go", n_clicks=0), html.P(id="answer"),
        ])

        @callback(Output("answer", "children"), Input("go", "n_clicks"), State("city", "value"))
        def answer(clicks, city):
            return f"{city} after {clicks}"

        if __name__ == "__main__":
            app.run(debug=True)
        """,
        "answer.children",
        (2, "Rome"),
        lambda text: text == "Rome after 2",
    ),
    "a coroutine function": (
        """
        import asyncio
        from dash import Input, Output, dcc, html
        from django_plotly_dash import DjangoDash as Dash

        app = Dash(__name__)
        app.layout = html.Div([dcc.Slider(0, 9, id="slider"), html.Div(id="square")])

        @app.callback(Output("square", "children"), Input("slider", "value"))
        async def square(value):
            await asyncio.sleep(0)
            return value * value

        if __name__ == "__main__":
            app.run(debug=True)
        """,
        "square.children",
        (7,),
        lambda number: number == 49,
    ),
    "a table, with a clientside callback beside it": (
        """
        import pandas as pd
        from dash import Input, Output, clientside_callback, callback, dash_table, dcc, html
        from django_plotly_dash import DjangoDash as Dash

        frame = pd.DataFrame({"kind": ["a", "b", "a"], "amount": [1, 2, 3]})
        app = Dash(__name__)
        app.layout = html.Div([
            dcc.RadioItems(["a", "b"], id="kind"), dash_table.DataTable(id="table"), html.Div(id="title"),
        ])
        clientside_callback("(kind) => `Kind ${kind}`", Output("title", "children"), Input("kind", "value"))

        @callback(Output("table", "data"), Input("kind", "value"))
        def rows(kind):
            return frame[frame.kind == kind].to_dict("records")

        if __name__ == "__main__":
            app.run(debug=True)
        """,
        "table.data",
        ("a",),
        lambda rows: [row["amount"] for row in rows] == [1, 3],
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_after_changing_only_the_import(start: Start, name: str) -> None:
    source, output, values, holds = EXAMPLES[name]
    script = start(source)
    script.wait()
    assert holds(value_of(script.call(output, *values)))


@needs_signed_handles
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_background_callback_of_a_script_gives_its_result(method: str, start: Start) -> None:
    """Processes are forked on Linux, and spawned on macOS and Windows."""
    script = start(
        """
        import os
        import diskcache
        import multiprocess
        from dash import DiskcacheManager, Input, Output, html
        from django_plotly_dash import DjangoDash as Dash

        app = Dash(__name__, background_callback_manager=DiskcacheManager(diskcache.Cache("./cache")))
        app.layout = html.Div([html.Button("Run", id="run"), html.P("waiting", id="result")])

        @app.callback(Output("result", "children"), Input("run", "n_clicks"), background=True)
        def work(clicks):
            return f"done {clicks}"

        if __name__ == "__main__":
            multiprocess.set_start_method(os.environ["START_METHOD"])
            app.run(debug=True, use_reloader=False)
        """,
        START_METHOD=method,
    )
    script.wait()
    assert result_in_the_background(script, 5) == "done 5", script.output


def result_in_the_background(script: Script, clicks: int) -> Any:
    end = f"?endId={script.config['end_id']}"
    status, job = script.call("result.children", clicks, query=end)
    assert status == 200, job
    query = f"{end}&cacheKey={job['cacheKey']}&job={job['job']}"

    def answer() -> Any:
        status, body = script.call("result.children", clicks, query=query)
        return (status, body) if status != 200 or "response" in body else None

    return value_of(eventually(answer, 0.1))


CELERY = """
    import os
    import dash
    from celery import Celery
    from dash import CeleryManager, Input, Output, callback, html
    from django_plotly_dash import DjangoDash as Dash

    celery_app = Celery(__name__, broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
    app = Dash(%s background_callback_manager=CeleryManager(celery_app))
    app.layout = html.Div([html.Button("Run", id="run"), html.P("waiting", id="result")])

    @callback(Output("result", "children"), Input("run", "n_clicks"), background=True)
    def work(clicks, session_state, user):
        return [clicks, dict(session_state), str(user), dash.get_asset_url("logo.svg"), __name__]

    if __name__ == "__main__":
        app.run(debug=True, use_reloader=False)
"""


@needs_signed_handles
@pytest.mark.parametrize("name", ["__name__,", ""], ids=["named", ""])
def test_a_script_with_celery_runs_with_a_worker_that_imports_it(name: str, start: Start, tmp_path: Path) -> None:
    redis = Redis()
    redis.start()
    state = tmp_path / "state"
    environ = {"REDIS_URL": redis.url, "XDG_STATE_HOME": str(state)}
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "logo.svg").write_text("<svg/>")
    script = start(CELERY % name, **environ)
    command = [sys.executable, "-m", "celery", "-A", "script:celery_app", "worker", "--concurrency=1"]
    clean = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    worker = subprocess.Popen(command, cwd=tmp_path, env={**clean, "PYTHONPATH": str(PROJECT), **environ})
    try:
        script.wait()
        clicks, session, user, asset, module = result_in_the_background(script, 5)
        assert (clicks, session, user, module) == (5, {}, "AnonymousUser", "script")
        assert asset.startswith("/assets/logo.svg")
    finally:
        worker.terminate()
        worker.wait()
        redis.stop()
    (key,) = (path for path in state.rglob("*") if path.is_file())
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_script_with_celery_and_no_place_for_a_key_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(ConfigurationError, match="Set DJANGO_PLOTLY_DASH_SCRIPT_KEY to a long random text for both"):
        standalone._shared_key("key")


def key_of_others(folder: Path) -> None:
    (folder / "script-key").write_text("k" * 50)
    (folder / "script-key").chmod(0o644)


def folder_of_others(folder: Path) -> None:
    folder.chmod(0o755)


def link_to_elsewhere(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.write_text("k" * 50)
    elsewhere.chmod(0o600)
    (folder / "script-key").symlink_to(elsewhere)


def empty_key(folder: Path) -> None:
    (folder / "script-key").touch(mode=0o600)


@pytest.mark.parametrize("planted", [key_of_others, folder_of_others, link_to_elsewhere, empty_key])
def test_a_key_that_somebody_else_may_have_put_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = tmp_path / "django_plotly_dash"
    folder.mkdir(mode=0o700)
    planted(folder)
    with pytest.raises(ConfigurationError, match=r"is not for this user alone|is no key"):
        standalone._shared_key("k" * 50)


@pytest.mark.parametrize("links", [True, False])
def test_two_processes_of_a_script_have_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError("no links here")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    if not links:
        monkeypatch.setattr("os.link", refuse)
    assert standalone._shared_key("a" * 50) == standalone._shared_key("b" * 50) == "a" * 50
    assert [path.name for path in (tmp_path / "django_plotly_dash").iterdir()] == ["script-key"]


@needs_mcp
def test_a_script_answers_to_mcp(start: Start) -> None:
    script = start((GREETING % "").replace("Dash(__name__)", "Dash(__name__, enable_mcp=True)"))
    script.wait()
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    message["params"] = {"name": "greet", "arguments": {"name": "Bob"}}
    status, text = script.open("/_mcp", json.dumps(message).encode(), **{"Content-Type": "application/json"})
    assert status == 200
    assert json.loads(text)["result"]["structuredContent"]["response"] == {"greeting": {"children": "Hello Bob"}}


# --- what is refused --------------------------------------------------------------------------------------------


def test_a_project_is_told_to_use_runserver() -> None:
    with pytest.raises(ConfigurationError, match=r"python manage\.py runserver 127\.0\.0\.1:8123"):
        DjangoDash("In a project").run(port=8123)


def test_a_script_beside_a_settings_module_is_told_to_use_runserver(start: Start) -> None:
    script = start(GREETING % "debug=True", DJANGO_SETTINGS_MODULE="tests.settings")
    assert script.process.wait(timeout=60) == 1
    assert "DJANGO_SETTINGS_MODULE is 'tests.settings'" in script.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dev_tool_ui": True}, "does not know 'dev_tool_ui'. Did you mean 'dev_tools_ui'?"),
        ({"ssl_context": "adhoc"}, "does not know 'ssl_context'. It takes host, port, debug"),
        ({"port": 70000}, "port is 70000; it has to be a number from 1 to 65535"),
        ({"port": "http"}, "port is 'http'"),
    ],
)
def test_arguments_that_cannot_work_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        DjangoDash("Refused").run(**arguments)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "environ", "wanted"),
    [
        ((None, None), {}, ("127.0.0.1", 8050)),
        ((None, None), {"HOST": "0.0.0.0", "PORT": "80"}, ("0.0.0.0", 80)),
        (("localhost", "9000"), {"HOST": "0.0.0.0", "PORT": "80"}, ("localhost", 9000)),
        ((None, None), {"HOST": "x86_64-linux-gnu", "CONDA_PREFIX": "conda"}, ("127.0.0.1", 8050)),
        (("[::1]", 8051), {}, ("::1", 8051)),
    ],
)
def test_the_address_comes_from_arguments_or_the_environment(
    arguments: tuple[Any, Any], environ: dict[str, str], wanted: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOST", "PORT", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert standalone.address(*arguments) == wanted


def test_another_host_name_is_not_answered(start: Start) -> None:
    script = start(GREETING % "debug=True, use_reloader=False")
    script.wait()
    assert script.open("/", Host="evil.example")[0] == 400


def test_the_urls_of_scripts_cannot_be_included_in_a_project() -> None:
    with pytest.raises(ConfigurationError, match=r"includes django_plotly_dash\.urls"):
        standalone.served_app()


# --- in a browser -----------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_script_works_in_a_browser(start: Start) -> None:
    if not CHROMIUM:
        missing("there is no Chromium")
    from playwright.sync_api import expect, sync_playwright

    # Without network, asking for Dash's newest version would be an error in the console.
    arguments = "debug=True, dev_tools_disable_version_check=True"
    script = start(GREETING % arguments, {"assets/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>'})
    script.wait()
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(script.url)
        expect(page.locator("#greeting")).to_have_text("Hello Ada")
        page.fill("#name", "Grace")
        expect(page.locator("#greeting")).to_have_text("Hello Grace")
        assert problems == []
        page.fill("#name", "nobody")
        expect(page.get_by_text("Callback error updating greeting.children")).to_be_visible()
        browser.close()


STREAM = """
    import asyncio
    import sys
    from dash import Input, Output, callback, dcc, html, set_props
    from django_plotly_dash import DjangoDash as Dash

    %s
    app = Dash(__name__)
    app.layout = html.Div([dcc.Input(id="name"), html.Div(id="greeting"), html.Div(id="clock")])

    @callback(Output("greeting", "children"), Input("name", "value"), websocket=True)
    def greet(name):
        set_props("clock", {"children": "now"})
        return f"Hello {name}"

    if __name__ == "__main__":
        app.run(debug=True)
"""


def test_a_script_with_websocket_callbacks_is_served_by_daphne(start: Start) -> None:
    script = start(STREAM % "")
    script.wait()
    url = script.config["websocket"]["url"]
    assert url == "/_dash-ws-callback"
    output = {"id": "greeting", "property": "children"}
    payload = {
        "output": "greeting.children",
        "outputs": output,
        "inputs": [{"id": "name", "property": "value", "value": "Bob"}],
    }
    request = {"type": "callback_request", "rendererId": "page", "requestId": "1", "payload": payload}
    with connect(f"ws{script.url[4:]}{url}", origin=script.url, proxy=None) as websocket:  # type: ignore[arg-type]
        websocket.send(json.dumps(request))
        heard: list[Any] = []
        while not heard or heard[-1]["type"] != "callback_response":
            message = json.loads(websocket.recv(timeout=30))
            heard += message if isinstance(message, list) else [message]
    assert heard[0]["payload"] == {"componentId": "clock", "props": {"children": "now"}}
    assert heard[1]["payload"]["data"]["response"] == {"greeting": {"children": "Hello Bob"}}
    assert "ASGI/Daphne" in script.output


def test_a_script_with_websocket_callbacks_but_without_daphne_says_so(start: Start) -> None:
    script = start(STREAM % "sys.modules['daphne'] = None  # as if it were not installed")
    script.wait()
    assert "websocket" not in script.config
    assert value_of(script.call("greeting.children", "Bob")) == "Hello Bob"
    assert "Callbacks with websocket=True are answered over HTTP: pip install daphne serves them." in script.output
