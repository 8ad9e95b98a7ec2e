"""To which apps a callback belongs that was registered with ``dash.callback``, which names no app.

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
        shared: all its outputs, or where it has none all its inputs, have dict ids, as reusable components have.
    """

    module: str
    app: DjangoDash | None
    shared: bool


def owners(callback_id: str, origin: Origin, apps: Sequence[DjangoDash]) -> list[DjangoDash]:
    """The apps that have the callback; none as long as there is no app that could.

    Raises:
        RegistrationError: several apps could have it, and nothing says which.
    """
    named = [app for app in apps if any(_is_in(origin.module, module) for module in app.global_callbacks)]
    if named:
        return named
    if origin.app is not None:
        # The app may have been replaced by one of the same name, when its module was run again.
        return [app for app in apps if app.slug == origin.app.slug]
    neighbours = [app for app in apps if app.module == origin.module]
    if not neighbours and origin.shared:
        return list(apps)
    candidates = neighbours or _nearest(origin.module, apps) or list(apps)
    if len(candidates) > 1:
        raise RegistrationError(_undecided(callback_id, origin.module, candidates))
    return candidates


def _nearest(module: str, apps: Iterable[DjangoDash]) -> list[DjangoDash]:
    """The apps whose package shares most with that of ``module``; none if no app shares a package with it."""
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


def _undecided(callback_id: str, module: str, candidates: Iterable[DjangoDash]) -> str:
    apps = ", ".join(f"{app.app_name!r} (of {app.module})" for app in candidates)
    return (
        f"The callback {callback_id!r}, registered with dash.callback in module {module}, could belong to any of these "
        f"apps: {apps}. Register it with the callback method of its app, or name its module where the app is made: "
        f"DjangoDash(..., global_callbacks=[{module!r}])."
    )
