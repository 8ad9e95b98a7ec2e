"""Plotly Dash apps inside Django sites.

Where to begin to read:

- a callback enters at ``urls`` -> ``views.serve`` -> ``backend/callbacks.py``;
- the extra arguments of callbacks are made in ``visits``, and handed over by ``injection``;
- state is saved by ``saved_state`` (what of a callback) and ``state_store`` (into the row), the session by
  ``session_state``;
- what a site may change stands in ``conf`` and, for who may see what, ``access``.

``docs/architecture`` has all rooms, and which may import which.
"""

from ._version import VERSION
from .djangodash import DjangoDash

__version__ = VERSION

__all__ = ["DjangoDash", "__version__"]
