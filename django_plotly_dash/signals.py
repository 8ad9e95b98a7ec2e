"""Signals of saved instances. Receivers that raise are logged by Django and disturb nobody."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

state_saved: Final = Signal()
"""The state of an instance was saved, and the transaction has ended well.

Keyword arguments: ``instance``, the ``DashApp`` row as it is now; ``changes``, what was changed: component id ->
property -> value; ``request``, Django's request, or None where there is none.
"""

state_denied: Final = Signal()
"""The state of an instance was to be saved, and was not; the row is as it was.

Keyword arguments: ``instance``; ``changes``, what was to be saved, as for ``state_saved`` (a ``Patch`` as Dash writes
one); ``reason``, one of ``"policy"`` (the write policy says no), ``"size"`` (the state would grow beyond
``state_max_bytes``), ``"broken"`` (the stored state cannot be read), ``"gone"`` (the row was deleted); ``message``, a
sentence; ``request``.
"""
