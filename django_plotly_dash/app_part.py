"""What the parts have in common of which ``DjangoDash`` is put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from dash import Dash

if TYPE_CHECKING:
    from .djangodash import DjangoDash


class AppPart(Dash):
    """A part of ``DjangoDash``; it exists as the whole only."""

    @property
    def _whole(self) -> DjangoDash:
        return cast("DjangoDash", self)
