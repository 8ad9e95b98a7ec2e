"""The documentation says what the code does: its steps are followed, its code runs, its tables are compared."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from http.cookiejar import CookieJar
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import Any, get_args, get_type_hints
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

import pytest
from django.core.management import load_command_class
from django.template import Template
from django.test import Client

import django_plotly_dash
from django_plotly_dash import DjangoDash
from django_plotly_dash.admin import DashAppAdmin
from django_plotly_dash.conf import PlotlyDashSettings, app_settings
from django_plotly_dash.exceptions import InjectionError
from django_plotly_dash.injection import EXTRAS
from django_plotly_dash.inventory import AppInfo
from django_plotly_dash.templatetags import plotly_dash as tags
from django_plotly_dash.urls import urlpatterns

from .helpers import callback_body
from .test_layers import LAYERS

ROOT = Path(__file__).parent.parent
PACKAGE = Path(django_plotly_dash.__file__).parent
PAGES = {path.stem: path.read_text() for path in sorted((ROOT / "docs").glob("*.rst"))}
README = (ROOT / "README.md").read_text()
FIRST_APP = README.partition("## A first app")[2].partition("\n## ")[0]
SECONDS_TO_START = 60


# --- reading the documents -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """A piece of code. ``file`` is where the reader is to put it, if anywhere."""

    language: str
    code: str
    file: str = ""


def blocks_of_markdown(text: str) -> list[Block]:
    """Blocks between fences; one that goes into a file names it in a comment on its first line."""
    found = []
    for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        named = re.match(r"(?:#|<!--) (\S+\.\w+(?:, at the end)?)(?: -->)?\n", code)
        found.append(Block(language, code, named[1] if named else ""))
    return found


def blocks_of_page(text: str) -> list[Block]:
    """Blocks of ``code-block`` directives; one that goes into a file names it in its caption."""
    found = []
    pattern = r"^( *)\.\. code-block:: (\S+)\n((?:\1   :.*\n)*)\n((?:\1   .*\n|\n)+)"
    for _, language, options, code in re.findall(pattern, text, re.M):
        caption = re.search(r":caption: (.*)", options)
        found.append(Block(language, f"{dedent(code).rstrip()}\n", caption[1] if caption else ""))
    return found


def table(page: str, label: str = "", heading: str = "") -> list[list[str]]:
    """Rows of the first ``list-table`` behind a label or a heading of its own, without its header."""
    text = PAGES[page]
    if label or heading:
        text = re.split(rf"^\.\. _{label}:\n" if label else rf"^{heading}\n[-=]+\n", text, flags=re.M)[1]
    if label:
        text = re.split(r"^\.\. _", text, flags=re.M)[0]
    found = re.search(r"^\.\. list-table::.*\n(?:   :.*\n)+\n((?:   .*\n|\n)+)", text, re.M)
    if found is None:
        return []
    rows: list[list[str]] = []
    for line in filter(None, map(str.strip, found[1].splitlines())):
        if line.startswith("* - "):
            rows.append([line[4:]])
        elif line.startswith("- "):
            rows[-1].append(line[2:])
        else:
            rows[-1][-1] += f" {line}"
    return rows[1:]


def names_in(cell: str) -> list[str]:
    return re.findall(r"``([^`]+)``", cell)


ALL_BLOCKS = {"README": blocks_of_markdown(README)} | {page: blocks_of_page(text) for page, text in PAGES.items()}


def blocks(language: str) -> Any:
    """Parametrise by every block of a language."""
    found = [(page, number, b) for page, of in ALL_BLOCKS.items() for number, b in enumerate(of)]
    return pytest.mark.parametrize(
        "block", [pytest.param(b, id=f"{page}-{number}") for page, number, b in found if b.language == language]
    )


def test_no_block_is_overlooked() -> None:
    assert {page: len(found) for page, found in ALL_BLOCKS.items() if found} == {
        "README": README.count("\n```") // 2,
        **{page: text.count(".. code-block::") for page, text in PAGES.items() if ".. code-block::" in text},
    }


# --- following the steps ---------------------------------------------------------------------------------------------


class Reader:
    """Does in a folder what a document says, and then looks at the site with a browser that runs no scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "runserver.log"
        self.environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        self.environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.runs_server = False
        self.cookies = CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))

    def follow(self, block: Block) -> None:
        if block.language == "sh":
            for line in block.code.splitlines():
                self.type(shlex.split(line))
        elif block.file:
            name, _, place = block.file.partition(", ")
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a" if place == "at the end" else "w") as file:
                file.write(block.code)

    def type(self, words: list[str]) -> None:
        if words[:2] == ["pip", "install"]:
            assert words[2:] == ["django_plotly_dash>=3"]  # as it is installed already
        elif words[0] == "cd":
            self.folder /= words[1]
        elif words == ["python", "manage.py", "runserver"]:
            self.runs_server = True
        else:
            python = {"python": [], "django-admin": ["-m", "django"]}[words[0]]
            subprocess.run([sys.executable, *python, *words[1:]], cwd=self.folder, env=self.environment, check=True)

    @contextmanager
    def server(self) -> Iterator[None]:
        assert self.runs_server
        with self.log.open("w") as log:
            command = [sys.executable, "manage.py", "runserver", "--noreload", "127.0.0.1:0"]
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self.url = self.address(process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)

    def address(self, process: subprocess.Popen[bytes]) -> str:
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end and process.poll() is None:
            found = re.search(r"development server at (http://[\d.:]+)/", self.log.read_text())
            if found:
                return found[1]
            time.sleep(0.05)
        raise AssertionError(f"The server does not start:\n{self.log.read_text()}")

    def ask(self, path: str, body: Any = None) -> str:
        token = next((cookie.value for cookie in self.cookies if cookie.name == "csrftoken"), "")
        headers = {"X-CSRFToken": token or "", "Content-Type": "application/json"} if body else {}
        data = json.dumps(body).encode() if body else None
        with self.opener.open(Request(f"{self.url}{path}", data, headers)) as response:
            assert response.status == 200
            return response.read().decode()

    def callbacks(self, prefix: str) -> dict[str, Any]:
        """What the app's callbacks answer for the values of its layout: component -> property -> value."""
        values = properties(json.loads(self.ask(f"{prefix}_dash-layout")))
        answers: dict[str, Any] = {}
        for spec in json.loads(self.ask(f"{prefix}_dash-dependencies")):
            outputs = [dict(zip(("id", "property"), name.split("."), strict=True)) for name in split(spec["output"])]
            body = {
                "output": spec["output"],
                "outputs": outputs if spec["output"].startswith("..") else outputs[0],
                "inputs": [{**part, "value": values[part["id"]].get(part["property"])} for part in spec["inputs"]],
                "state": [],
                "changedPropIds": [],
            }
            answers |= json.loads(self.ask(f"{prefix}_dash-update-component", body))["response"]
        return answers


def split(output: str) -> list[str]:
    return output.strip(".").split("...")


def properties(component: Any) -> dict[str, dict[str, Any]]:
    """Component id -> properties, of a layout as it is sent."""
    if isinstance(component, list):
        return {name: value for part in component for name, value in properties(part).items()}
    if not isinstance(component, dict):
        return {}
    own = component["props"]
    return ({own["id"]: own} if "id" in own else {}) | properties(own.get("children"))


@pytest.mark.parametrize(
    ("document", "title", "said", "drawn"),
    [
        (blocks_of_markdown(FIRST_APP), "Squares", {"area": "Visitor, the area is 16."}, "chart"),
        (ALL_BLOCKS["quickstart"], "Growth", {"sentence": "100 at 5 per cent. You have drawn 1 curves."}, "curve"),
    ],
    ids=["README", "quickstart"],
)
def test_a_newcomer_who_follows_the_steps_has_an_app_on_a_page(
    document: list[Block], title: str, said: dict[str, str], drawn: str, tmp_path: Path
) -> None:
    reader = Reader(tmp_path)
    for block in document:
        reader.follow(block)
    with reader.server():
        page = reader.ask("/")
        assert f"<h1>{title}</h1>" in page
        (prefix,) = re.findall(r'<iframe src="([^"]+)"', page)
        framed = reader.ask(prefix)
        answers = reader.callbacks(prefix)
        assets = [block.file for block in document if "/assets/" in block.file]
        for asset in assets:
            (url,) = re.findall(rf'href="({prefix}assets/{Path(asset).name}[^"]*)"', framed)
            assert reader.ask(url) == (reader.folder / asset).read_text()
    assert "_dash-config" in framed
    assert {name: answers[name]["children"] for name in said} == said
    assert answers[drawn]["figure"]["data"][0]["y"]
    log = reader.log.read_text()
    assert "System check identified no issues" in log
    assert "Traceback" not in log


# --- code ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Globals of a module as the reader's is named."""
    made = types.ModuleType("charts.dash_apps")
    made.__file__ = str(tmp_path / "charts" / "dash_apps.py")
    made.__dict__["INSTALLED_APPS"] = []
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made.__dict__


# A worker has to run for these, pytest within a project, or a page with a websocket; tests of their own show them.
RUN_ELSEWHERE = {
    "background": "test_background_celery.py",
    "testing": "test_dash_duo.py",
    "websocket-callbacks": "test_websocket_callbacks.py",
}


@pytest.mark.parametrize(
    "document",
    [
        page
        for page, found in ALL_BLOCKS.items()
        if page not in RUN_ELSEWHERE
        and (page != "mcp" or find_spec("dash.mcp"))
        and any(b.language == "python" for b in found)
    ],
)
@pytest.mark.django_db
def test_python_of_a_page_runs_and_its_apps_answer(
    document: str, module: dict[str, Any], apps: Any, client: Client, settings: Any
) -> None:
    before = {app.slug for app in apps}
    found = ALL_BLOCKS[document]
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.language != "python":
            continue
        code = compile(block.code, "charts/dash_apps.py", "exec")
        error = following.code if following and following.code.startswith("InjectionError: ") else ""
        if error:
            with pytest.raises(InjectionError) as raised:
                exec(code, module)
            assert f"InjectionError: {raised.value}\n" == error
        else:
            exec(code, module)
        if "PLOTLY_DASH" in module:
            settings.PLOTLY_DASH = module.pop("PLOTLY_DASH")
            app_settings()  # raises if it cannot be read
            settings.PLOTLY_DASH = {}
    for app in apps:
        if app.slug not in before:
            answers_all(client, app)


def answers_all(client: Client, app: DjangoDash) -> None:
    prefix = f"/dash/app/{app.slug}/"
    assert client.get(prefix).status_code == 200
    values = properties(client.get(f"{prefix}_dash-layout").json())
    for output, spec in app.callback_map.items():
        if "callback" in spec:  # the one that was refused has none
            parts = [*spec["inputs"], *spec["state"]]
            body = callback_body(app, output, *(values[part["id"]].get(part["property"]) for part in parts))
            response = client.post(f"{prefix}_dash-update-component", body, content_type="application/json")
            assert response.status_code == 200, output
            assert {name.split(".")[0] for name in split(output)} == set(response.json()["response"])


@blocks("html+django")
def test_templates_compile(block: Block) -> None:
    Template(block.code if "{% load" in block.code else "{% load plotly_dash %}" + block.code)


@pytest.mark.parametrize("example", ["registered", "wrong message"])
def test_an_error_that_is_not_as_printed_is_noticed(example: str, monkeypatch: Any, request: Any) -> None:
    if example == "registered":
        wrong = [Block("python", "x = 1\n"), Block("text", "InjectionError: nobody can fill 'y'.\n")]
    else:
        code = 'from django_plotly_dash import DjangoDash\nDjangoDash("Wrong").layout = lambda nobody: nobody\n'
        wrong = [Block("python", code), Block("text", "InjectionError: something else\n")]
    monkeypatch.setitem(ALL_BLOCKS, "wrong", wrong)
    arguments = {name: request.getfixturevalue(name) for name in ("module", "apps", "client", "settings")}
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test_python_of_a_page_runs_and_its_apps_answer("wrong", **arguments)


# --- tables ----------------------------------------------------------------------------------------------------------

KINDS = {"NoneType": "None", "Callable": "function"}
SETTINGS = {"in use": table("settings", "settings-in-use"), "nothing": table("settings", "settings-without-effect")}


def in_words(hint: Any) -> str:
    kinds = [getattr(kind, "__name__", "") for kind in get_args(hint) or (hint,)]
    *others, last = [KINDS.get(kind, kind) for kind in kinds]
    return f"{', '.join(others)} or {last}" if others else last


def test_every_setting_is_listed_with_its_type_and_default() -> None:
    hints = get_type_hints(PlotlyDashSettings)
    documented = {
        names_in(row[0])[0]: (row[1], ast.literal_eval(names_in(row[2])[0]))
        for rows in SETTINGS.values()
        for row in rows
    }
    assert documented == {
        field.name: (in_words(hints[field.name]), field.default) for field in fields(PlotlyDashSettings)
    }


def test_settings_that_are_said_to_do_nothing_are_those_that_nothing_reads() -> None:
    code = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "conf.py")
    read = {
        field.name
        for field in fields(PlotlyDashSettings)
        if re.search(rf"(app_settings\(\)|wanted|self\._settings)\.{field.name}\b", code)
    }
    assert {names_in(row[0])[0] for row in SETTINGS["in use"]} == read
    assert not re.search(r"^ *\S.*(?<!self\._settings = )app_settings\(\)(?!\.)", code, re.M), (
        "this test would overlook what is read so"
    )
    assert "component_packages()" in code, "the page says that PLOTLY_COMPONENTS is read"


def checks_in_code() -> dict[str, str]:
    """Id -> the check's message, or nothing where it is made from an error."""
    found = {}
    for node in ast.walk(ast.parse((PACKAGE / "checks.py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Error", "Warning"):
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            message = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
            found[ast.literal_eval(given["id"])] = str(message)
    return found


def test_every_system_check_has_an_entry_with_its_message() -> None:
    entries = re.split(r"^\.\. _check-(\w+):\n", PAGES["checks"], flags=re.M)[1:]
    documented = {f"django_plotly_dash.{name}": text for name, text in zip(entries[::2], entries[1::2], strict=True)}
    expected = checks_in_code()
    assert documented.keys() == expected.keys()
    for name, message in expected.items():
        entry = " ".join(documented[name].split())
        assert entry.startswith(name)
        assert f"*{message}*" in entry if message else "*The message is that of the error" in entry
        assert "**Why:**" in entry
        assert "**What to do:**" in entry


def test_rooms_and_layers_are_those_that_the_tests_guard() -> None:
    documented: dict[int, list[str]] = {}
    for layer, room, sentence in table("architecture", heading="Rooms and layers"):
        documented.setdefault(int(layer), []).extend(names_in(room))
        assert sentence.endswith(".")
    assert documented == dict(enumerate(LAYERS))


def test_every_url_is_listed_with_its_names() -> None:
    listed = {
        name for row in table("urls", heading="What answers where") for cell in row[2:] for name in names_in(cell)
    }
    assert "``add_stateless_apps``" in PAGES["urls"]
    of_all = {"add_stateless_apps", *re.findall(r"^Beside .*\(``([^`]+)``\): ", PAGES["urls"], re.M)}
    assert listed | {f"{name}--args" for name in listed} | of_all == {pattern.name for pattern in urlpatterns}


def test_every_template_tag_is_listed_with_its_arguments() -> None:
    listed = re.findall(r"^\.\. _tag-(\w+):\n", PAGES["template-tags"], re.M)
    assert sorted(listed) == sorted(tags.register.tags)
    for name in listed:
        function: Callable[..., Any] = getattr(tags, name)
        arguments = [p for p in inspect.signature(function).parameters.values() if p.name != "context"]
        rows = {names_in(row[0])[0]: names_in(row[1])[0] for row in table("template-tags", f"tag-{name}")}
        assert rows == {p.name: repr(p.default) for p in arguments}


def test_the_extra_arguments_are_listed() -> None:
    listed = [names_in(row[0])[0] for row in table("callbacks", heading="Extra arguments")]
    in_readme = re.findall(r"^\| `(\w+)` \|", README, re.M)
    assert sorted(listed) == sorted(in_readme) == sorted(EXTRAS)


def test_the_admins_actions_are_listed_with_their_permissions() -> None:
    actions = [getattr(DashAppAdmin, name) for name in DashAppAdmin.actions]
    assert [[row[0], names_in(row[2])] for row in table("admin", heading="Saved instances")] == [
        [action.short_description, [f"{permission}_dashapp" for permission in action.allowed_permissions]]
        for action in actions
    ]


def test_what_the_commands_take_and_give_is_listed() -> None:
    keys = [names_in(row[0])[0] for row in table("commands", heading="``dash_apps``")]
    assert keys == [field.name for field in fields(AppInfo)]
    listed = {names_in(row[0])[0] for row in table("commands", heading="``dash_state``")}
    parser = load_command_class("django_plotly_dash", "dash_state").create_parser("manage.py", "dash_state")
    (subcommands,) = (action.choices for action in parser._actions if action.dest == "subcommand")
    assert listed == set(subcommands["import"]._option_string_actions) - {"-h", "--help"}


def test_make_targets_are_those_of_the_makefile() -> None:
    targets = dict(re.findall(r"^([a-z-]+):.*## (.*)", (ROOT / "Makefile").read_text(), re.M))
    listed = {names_in(row[0])[0].removeprefix("make ") for row in table("development", heading="From a fresh clone")}
    assert listed == set(targets)
    assert set(re.findall(r"`make ([a-z]+)`", README)) | set(re.findall(r"^make ([a-z]+)$", README, re.M)) <= set(
        targets
    )


def test_the_matrix_is_that_of_nox() -> None:
    text = (ROOT / "noxfile.py").read_text()
    dash = dict(zip(("FIRST_DASH", "LAST_DASH"), re.findall(r'"(4[\d.]+)"', text), strict=True))
    runs = re.findall(r'nox\.param\("([\d.]+)", "([\d.]+)", (\w+),', text)
    assert table("development", heading="Matrix") == [[python, django, dash[name]] for python, django, name in runs]


# --- links -----------------------------------------------------------------------------------------------------------


def test_links_of_the_readme_lead_somewhere() -> None:
    relative = [link for link in re.findall(r"\]\(([^)\s]+)\)", README) if "://" not in link]
    assert relative
    assert [link for link in relative if not (ROOT / link.partition("#")[0]).is_file()] == []


def test_the_readme_links_every_page() -> None:
    pages = {f"docs/{page}.rst" for page in PAGES if page != "index"}
    assert pages <= set(re.findall(r"\]\(([^)\s]+)\)", README))


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_pages_that_are_named_exist(name: str) -> None:
    named = re.findall(r"`(docs/[\w-]+\.\w+)`", (ROOT / name).read_text())
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_the_changelog_tells_of_this_version() -> None:
    assert f"\n## {django_plotly_dash.__version__} " in (ROOT / "CHANGELOG.md").read_text()
