"""To which apps a callback or a page belongs that was registered with Dash's functions, which name no app.

The answer does not depend on which module was imported first, nor on which app is asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .exceptions import RegistrationError

if TYPE_CHECKING:
    from .djangodash import DjangoDash


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a callback was registered.

    Attributes:
        module: name of the module whose import registered it.
        app: the app that was made last in that module by then, if any; or the app whose pages were being imported.
        shared: all its outputs, or where it has none all its inputs, have dict ids, as reusable components have. It may
            serve several apps: those that it lies beside, or all if it lies beside none.
    """

    module: str
    app: DjangoDash | None
    shared: bool


def owners(name: str, origin: Origin, apps: Sequence[DjangoDash], what: str = "callback") -> list[DjangoDash]:
    """The apps that have the callback; none as long as there is no app that could.

    Args:
        name: the callback's id.
        what: what it is, where it is not a callback but a page.

    Raises:
        RegistrationError: several apps could have it, and nothing says which.
    """
    named = _naming(origin.module, apps)
    if named:
        return named
    if origin.app is not None:
        # The app may have been replaced by one of the same name, when its module was run again.
        return [app for app in apps if app.slug == origin.app.slug]
    candidates = beside(origin.module, apps) or list(apps)
    if len(candidates) > 1 and not origin.shared:
        raise RegistrationError(_undecided(name, origin.module, candidates, what))
    return candidates


def beside(module: str, apps: Sequence[DjangoDash]) -> list[DjangoDash]:
    """The apps that a module lies beside: those that name it, else those that it makes, else those whose package shares
    most with its own. None, if no app shares a package with it."""
    return _naming(module, apps) or [app for app in apps if app.module == module] or _nearest(module, apps)


def _naming(module: str, apps: Iterable[DjangoDash]) -> list[DjangoDash]:
    return [app for app in apps if any(_is_in(module, package) for package in app.global_callbacks)]


def _nearest(module: str, apps: Iterable[DjangoDash]) -> list[DjangoDash]:
    depths = {app.slug: _common_depth(module, app.module) for app in apps}
    most = max(depths.values(), default=0)
    return [app for app in apps if most and depths[app.slug] == most]


def _common_depth(module: str, other: str) -> int:
    depth = 0
    for one, two in zip(module.split(".")[:-1], other.split(".")[:-1], strict=False):
        if one != two:
            break
        depth += 1
    return depth


def _is_in(module: str, package: Any) -> bool:
    name = package if isinstance(package, str) else package.__name__
    return module == name or module.startswith(f"{name}.")


def _undecided(name: str, module: str, candidates: Iterable[DjangoDash], what: str) -> str:
    apps = ", ".join(f"{app.app_name!r} (of {app.module})" for app in candidates)
    if not module:
        return (
            f"The {what} {name!r} was registered before django_plotly_dash was imported, so that nobody knows in which "
            f"module, and could belong to any of these apps: {apps}. Import django_plotly_dash before the module that "
            f"registers it, or register it with the clientside_callback method of its app."
        )
    if what == "page":
        return (
            f"The page {name!r}, registered in module {module}, could belong to any of these apps: {apps}. Register it "
            "in the module or the pages folder of its app, or name its module where the app is made: "
            f"DjangoDash(..., global_callbacks=[{module!r}])."
        )
    return (
        f"The callback {name!r}, registered with dash.callback in module {module}, could belong to any of these "
        f"apps: {apps}. Register it with the callback method of its app, or name its module where the app is made: "
        f"DjangoDash(..., global_callbacks=[{module!r}])."
    )
