"""``dash.page_registry``: Dash has one per process; here each app has its own, and this shows the current app's."""

from __future__ import annotations

import functools
import json
import re
from collections import OrderedDict, UserDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash._utils import to_json

from . import context
from .injection import inject_page
from .json_values import plain
from .layout_state import applied

if TYPE_CHECKING:
    from .djangodash import DjangoDash

# How the id of the callback begins with which Dash shows the page of a path.
PAGES_ROUTER: Final = ".._pages_content.children."


class Page(dict[str, Any]):
    """A page of one app. Its relative path is that of the request, and its layout may name extra arguments."""

    def __init__(self, app: DjangoDash, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._app = app
        if "layout" in values:
            self["layout"] = values["layout"]

    def __getitem__(self, key: str) -> Any:
        if key == "relative_path":
            return self._app.get_relative_path(super().__getitem__("path"))  # type: ignore[no-untyped-call]
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 - it is what this defines

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, self._with_extras(value) if key == "layout" and callable(value) else value)

    def _with_extras(self, function: Callable[..., Any]) -> Callable[..., Any]:
        variables = re.findall("<(.*?)>", self.get("path_template") or "")
        return inject_page(function, variables, self._without_request)

    def _without_request(self) -> Any:
        """Dash calls all pages when it sets an app up, to know their ids. A page that belongs to a request has
        to wait for one."""
        if not self._app.is_setting_up:
            return None
        self._app.pages_depend_on_request = True
        return html.Div()


class PageRegistry(UserDict[str, Any]):
    """A mapping that shows the pages of whichever app ``current`` gives at the moment of reading.

    Args:
        current: gives the app, or None where there is none yet.
    """

    def __init__(self, current: Callable[[], DjangoDash | None]) -> None:
        self._current = current

    @property
    def data(self) -> OrderedDict[str, Any]:  # type: ignore[override]
        app = self._current()
        return app.pages if app is not None else OrderedDict()

    def __setitem__(self, module: str, values: dict[str, Any]) -> None:
        app = self._current()
        if app is not None:
            app.pages[module] = Page(app, values)

    def move_to_end(self, module: str, last: bool = True) -> None:
        self.data.move_to_end(module, last)


def with_values(router: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap Dash's router, so that the page that it gives shows what is laid over the layouts of this request."""

    @functools.wraps(router)
    def show(*args: Any, **kwargs: Any) -> Any:
        page, *others = router(*args, **kwargs)
        found = context.current()
        return (applied(page, found.overrides) if found is not None else page, *others)

    return show


def skeleton(layout: Any) -> Any:
    """The components of a layout without their values: what the renderer needs to know ids and types.

    What a page shows may depend on who asked first; it is not to be sent to all others.
    """
    return _skeleton(json.loads(to_json(plain(layout))))


def _skeleton(node: Any) -> Any:
    if isinstance(node, list):
        return [found for found in map(_skeleton, node) if found]
    if not isinstance(node, dict):
        return None
    if not {"props", "type", "namespace"} <= node.keys():
        return {key: found for key, value in node.items() if (found := _skeleton(value))}
    props = {key: found for key, value in node["props"].items() if (found := _skeleton(value)) and key != "id"}
    if "id" in node["props"]:
        props["id"] = node["props"]["id"]
    return {**node, "props": props}
