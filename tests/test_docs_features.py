"""docs/dash-features: every test that it names exists, and no feature is left out."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import subprocess
import sys
from pathlib import Path

import dash
import pytest

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "dash-features.rst"
ROW = re.compile(r"^   \* - (?P<feature>.+)\n     - (?P<tests>(?:.+\n)(?:       .+\n)*)", re.MULTILINE)

# What an app can do in Dash, in the order in which the document has it.
FEATURES = """
_args
_kwargs
background
interval
progress
progress_default
running
cancel
manager
cache_args_to_ignore
cache_ignore_triggered
on_error
api_endpoint
optional
hidden
websocket
persistent
mcp_enabled
mcp_expose_docstring
prevent_initial_call
initial_duplicate
allow_duplicate
no-output callbacks
no-input callbacks
Patch
set_props
no_update
dict, list and nested groupings
ALL
MATCH
ALLSMALLER
clientside functions inline
clientside functions from assets
dcc.Download
dcc.Upload
dcc.Store
dcc.Location
persistence
DataTable
ctx.triggered
ctx.triggered_id
ctx.triggered_prop_ids
ctx.args_grouping
ctx.outputs_grouping
ctx.using_args_grouping
ctx.using_outputs_grouping
ctx.inputs
ctx.states
ctx.inputs_list
ctx.states_list
ctx.outputs_list
ctx.cookies
ctx.headers
ctx.path
ctx.args
ctx.remote
ctx.origin
ctx.custom_data
ctx.record_timing
ctx.timing_information
ctx.websocket
ctx.response.set_cookie
hooks.setup
hooks.layout
hooks.route
hooks.error
hooks.callback
hooks.clientside_callback
hooks.script
hooks.stylesheet
hooks.index
hooks.custom_data
hooks.devtool
plugins
csp_hashes
index_string
interpolate_index
external_scripts
external_stylesheets
assets_ignore
assets_path_ignore
assets_external_path
eager_loading
dynamic component libraries
health_endpoint
dash.callback with several apps
dash.clientside_callback with several apps
several apps in one module
all-in-one components
callbacks whose app cannot be told
global_callbacks
dash.get_app
dash.get_asset_url
get_relative_path
strip_relative_path
dash.page_registry
use_pages
pages_folder
path templates
query strings
order of pages
redirect_from
titles of pages
descriptions of pages
images of pages
not_found_404
routing_callback_inputs
async layouts
page layouts that name extras
a page registry for each app
pages under any prefix
pages of saved instances
meta tags on deep links
dash.page_container
DiskcacheManager
CeleryManager on Redis
background_callback_manager in the settings
cache_by
set_props from the worker
on_error of a background callback
pattern ids in the background
user, session, app, language and time zone in the worker
request in a background callback is refused
no cookies or Authorization in the broker
cached results stay with user, session and instance
handles signed for all workers
database connections of workers
a killed worker
a cancelled job
Redis lost for a moment
numpy
pandas
dates
Decimal
UUID
lazy translations
SafeString
primary keys of models
with and without orjson
an object that cannot be written is named with its path
enable_mcp
MCP tools and resources
access policy of MCP
background callbacks as MCP tools
user injected into MCP tools
a real MCP client session
app.run
an example that changes only the import
app.run in a project says runserver
examples as page, frame and saved instance
at least 60 examples
dash.testing and dash_duo
""".strip().splitlines()


def table(text: str) -> list[tuple[str, list[str]]]:
    """Feature and names of tests of each row."""
    rows = [(row["feature"], re.findall("``(.+?)``", row["tests"])) for row in ROW.finditer(text)]
    return [(feature, tests) for feature, tests in rows if feature != "Feature"]


ROWS = table(DOCUMENT.read_text())
NAMED = sorted({test for _, tests in ROWS for test in tests})


def problem(name: str) -> str:
    """Why there is no such test; empty if there is."""
    path, _, function = name.partition("::")
    file = ROOT / path
    if not function:
        example = file.suffix == ".py" or (file / "__init__.py").exists()
        return "" if file.exists() and example else "there is no such example"
    if not file.exists():
        return "there is no such file"
    bare = function.partition("[")[0]
    if bare not in functions(file):
        return "the file has no such test"
    return "" if bare == function or name in collected() else "the test has no such parameters"


@functools.cache
def functions(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


@functools.cache
def collected() -> frozenset[str]:
    """Ids of tests, with parameters, of the files whose parameters the document names."""
    files = sorted({name.partition("::")[0] for name in NAMED if "[" in name})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return frozenset(done.stdout.splitlines())


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_document_names_exists(name: str) -> None:
    assert not problem(name), f"{name}: {problem(name)}"


def test_every_feature_has_a_row_with_a_test() -> None:
    assert [feature for feature in FEATURES if not dict(ROWS).get(feature)] == []


def test_every_argument_of_a_callback_has_a_row() -> None:
    assert set(inspect.signature(dash.callback).parameters) - {feature for feature, _ in ROWS} == set()


def test_the_row_of_an_argument_names_both_ways_to_register_a_callback() -> None:
    test = "tests/test_dash_callback_arguments.py::test_an_argument_does_what_it_does_in_dash"
    for argument in inspect.signature(dash.callback).parameters:
        for way in ("app.callback", "dash.callback"):
            assert f"{test}[{way}-{argument}]" in dict(ROWS)[argument]


def test_a_feature_has_one_row() -> None:
    assert len(dict(ROWS)) == len(ROWS)


def test_the_table_of_the_document_is_read_whole() -> None:
    text = DOCUMENT.read_text()
    assert len(ROWS) == text.count("   * - ") - text.count("   * - Feature")


def test_what_is_wrong_with_a_name_is_noticed() -> None:
    here = "tests/test_docs_features.py"
    assert problem(f"{here}::test_what_is_wrong_with_a_name_is_noticed") == ""
    assert problem("tests/examples") == ""
    assert problem("tests/examples/no_such.py") == "there is no such example"
    assert problem("tests/no_such.py::test_it") == "there is no such file"
    assert problem(f"{here}::test_no_such") == "the file has no such test"
    ctx = "tests/test_features_ctx.py::test_an_attribute_of_the_context"
    assert problem(f"{ctx}[cookies-dash.ctx-sync-wsgi]") == ""
    assert problem(f"{ctx}[no_such-dash.ctx-sync-wsgi]") == "the test has no such parameters"
