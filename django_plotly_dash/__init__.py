"""Plotly Dash apps inside Django sites."""

from ._version import VERSION
from .djangodash import DjangoDash

__version__ = VERSION

__all__ = ["DjangoDash", "__version__"]
