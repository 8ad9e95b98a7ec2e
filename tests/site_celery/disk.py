"""The other kind of manager, for one test."""

from __future__ import annotations

import os

import diskcache
from dash import DiskcacheManager


def manager() -> DiskcacheManager:
    return DiskcacheManager(diskcache.Cache(os.environ["DPD_TEST_FOLDER"]))
