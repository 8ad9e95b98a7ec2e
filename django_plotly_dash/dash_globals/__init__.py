"""The only room that touches what Dash keeps per process, so that several apps can live in one.

Dash documents one app per process: the app made last owns ``dash.get_app``, ``dash.page_registry`` and their like, and
the app that is asked first takes every callback of ``dash.callback``. Here objects of ours stand in the places of
Dash's globals: ``current`` knows which app they speak for, ``callbacks`` has the inbox of callbacks that name no app,
``pages`` the pages that do not say whose they are, and ``places`` puts everything where Dash looks.
"""

from __future__ import annotations

from .callbacks import all_api_paths, api_paths_of, check_callbacks, entries_of, inbox
from .current import page_registry, speaking_for
from .late import misses_callbacks, take_in_late_callbacks
from .pages import loose, settle_pages
from .places import (
    callbacks_of,
    is_dashs_own,
    jobs_apart,
    making,
    take_api_path,
    take_in_earlier_callbacks,
    take_places,
)

__all__ = [
    "all_api_paths",
    "api_paths_of",
    "callbacks_of",
    "check_callbacks",
    "entries_of",
    "inbox",
    "is_dashs_own",
    "jobs_apart",
    "loose",
    "making",
    "misses_callbacks",
    "page_registry",
    "settle_pages",
    "speaking_for",
    "take_api_path",
    "take_in_late_callbacks",
    "take_places",
]

take_in_earlier_callbacks()
take_places()
