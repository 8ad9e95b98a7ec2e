"""A room imports only from rooms above it (docs/architecture)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import django_plotly_dash

PACKAGE = Path(django_plotly_dash.__file__).parent
LAYERS = [
    ["exceptions", "_version"],
    [
        "conf",
        "context",
        "signatures",
        "layout_state",
        "patches",
        "signals",
        "slugs",
        "state_text",
        "params",
        "app_part",
        "fragment_cache",
    ],
    [
        "callback_properties",
        "prefix",
        "csrf",
        "json_values",
        "standalone",
        "write_policy",
        "state_store",
        "component_libraries",
        "bootstrap",
        "csp",
        "threads",
        "setting_routes",
        "sender",
        "pipe_hub",
        "scopes",
        "socket_limits",
    ],
    [
        "registry",
        "injection",
        "session_state",
        "app_name",
        "request_config",
        "dev_tools",
        "saved_state",
        "row_state",
        "three_way",
        "layout_defaults",
        "visitors",
        "initial_arguments",
        "static_files",
        "pipes",
    ],
    ["attribution", "page_registry", "background", "handed_over", "file_urls", "own_files", "pipe_access", "poke"],
    ["backend", "dash_globals", "addresses", "live_page"],
    ["mcp", "app_callbacks", "app_page"],
    ["djangodash"],
    ["models", "access", "consumers", "poke_urls"],
    ["lookup", "inventory", "state_files"],
    ["visits", "embedding", "page_parts", "websocket_callbacks"],
    ["views", "find_apps", "direct"],
    ["urls", "checks", "templatetags", "dash_wrapper", "migrations", "admin_forms", "finders", "middleware", "routing"],
    ["apps", "standalone_urls", "admin", "management", "jinja2"],
]
LAYER = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
ROOMS = {room for rooms in LAYERS for room in rooms}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """Rooms that a module imports at run time (imports for type checking do not count)."""
    depth = len(path.relative_to(PACKAGE).parts)
    found = set()
    for node in ast.walk(_without_type_checking(ast.parse(path.read_text()))):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            found |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django_plotly_dash."):
            found.add(node.module.split(".")[1])
    return found & (ROOMS | {p.stem for p in PACKAGE.glob("*.py")})


def _without_type_checking(tree: ast.Module) -> ast.Module:
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING")
    ]
    return tree


FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def test_every_room_has_a_layer() -> None:
    assert {room_of(path) for path in FILES} == ROOMS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_upwards_only(path: Path) -> None:
    room = room_of(path)
    lower = {other for other in imported_rooms(path) - {room} if LAYER[other] >= LAYER[room]}
    same = {other for other in lower if LAYER[other] == LAYER[room]}
    assert not lower - same, f"{room} imports from rooms below it: {sorted(lower - same)}"
    assert not same, f"{room} imports from rooms of its own layer: {sorted(same)}"


def test_an_upward_import_is_noticed() -> None:
    assert imported_rooms(PACKAGE / "views.py") >= {"lookup", "visits"}
    assert imported_rooms(PACKAGE / "backend" / "server.py") >= {"context", "csrf", "exceptions"}
