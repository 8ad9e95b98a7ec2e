"""Pages that are registered in other modules than those of a pages folder.

Such a module may be imported before its app is made, or before an app that it lies nearer to. ``dash.register_page``
cannot wait, so ours holds what it was called with, and the page moves when the answer changes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash import _pages
from dash._callback_context import context_value

from .. import registry as apps
from ..attribution import Origin, beside, owners
from ..exceptions import RegistrationError
from .current import app_context, app_of_import, known_apps, speaking_for

if TYPE_CHECKING:
    from ..djangodash import DjangoDash
    from ..page_registry import Page

_register = _pages.register_page


@dataclass(slots=True)
class LoosePage:
    """One call of ``dash.register_page``, and the app that has the page by now."""

    name: str
    origin: Origin
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    app: DjangoDash | None = None
    page: Page | None = None

    def owner(self) -> DjangoDash | None:
        """The app that it belongs to, as far as apps are known; None as long as there is none.

        Raises:
            RegistrationError: several could have it.
        """
        known = known_apps()
        found = owners(self.name, self.origin, [app for app in known if app.use_pages] or known, "page")
        return found[0] if found else None

    def move(self, *, to_stranger: bool) -> None:
        """Give it to its owner, unless that already has it.

        Args:
            to_stranger: also to an app that it does not lie beside, and in the place of a page of the same name.
        """
        owner = self.owner()
        if owner is self.app:
            return
        self.take_away()
        if owner is None or (not to_stranger and self.name in owner.pages and not beside(self.origin.module, [owner])):
            return
        _register_for(owner, self.name, *self.arguments, **self.keywords)
        self.app, self.page = owner, owner.pages.get(self.name)
        if self.page is not None:
            owner.backend.moved_pages.discard(self.page["path"].strip("/"))

    def take_away(self) -> None:
        """Take it from the app that has it. That may have got another page of the same name."""
        if self.app is not None and self.page is not None and self.app.pages.get(self.name) is self.page:
            del self.app.pages[self.name]
            self.app.backend.moved_pages.add(self.page["path"].strip("/"))
        self.app = self.page = None


loose: dict[tuple[str, str], LoosePage] = {}
# Held while pages move. Apps may be made in several threads.
_moving = threading.RLock()


def register_page(module: str, *args: Any, **kwargs: Any) -> None:
    """As in Dash. Outside of an app's own module and pages folder, the page goes to the app that the module lies
    beside, be it made before or after."""
    importing = apps.importing_module()
    app = app_context.explicit() or app_of_import(importing)
    if app is not None:
        _register_for(app, module, *args, **kwargs)
        return
    page = LoosePage(module, Origin(importing, None, shared=False), args, kwargs)
    with _moving:
        earlier = loose.get((importing, module))
        if earlier is not None:
            earlier.take_away()
        loose[importing, module] = page
        _move(page)


def settle_pages() -> None:
    """Another app has been made; pages may belong to it that were registered before."""
    with _moving:
        for page in list(loose.values()):
            _move(page)


def check_pages() -> None:
    """Give what is left to its app, now that all are known.

    Raises:
        RegistrationError: it cannot be told whose a page is; the message names the page and the apps.
    """
    with _moving:
        for page in list(loose.values()):
            page.move(to_stranger=True)


def _move(page: LoosePage) -> None:
    try:
        page.move(to_stranger=False)
    except RegistrationError:
        # An app that decides it may still come.
        return


def _register_for(app: DjangoDash, *args: Any, **kwargs: Any) -> None:
    # Dash reads this variable, and sets it in the thread alone that has imported Dash.
    before = context_value.set(context_value.get({}))
    try:
        with speaking_for(app):
            _register(*args, **kwargs)  # type: ignore[no-untyped-call]
    finally:
        context_value.reset(before)
