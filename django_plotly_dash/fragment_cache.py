"""What of a page may be kept for other visitors, and how to keep something out of that."""

from __future__ import annotations

import sys
from types import FrameType
from typing import TYPE_CHECKING, Any

from django.templatetags.cache import CacheNode

if TYPE_CHECKING:
    from django.http import HttpRequest

_BLOCK = CacheNode.render.__code__


def is_being_filled() -> bool:
    """Whether what is rendered now goes into the cache of a ``{% cache %}`` block, however deep below it.

    Nothing in a template's context tells, so the stack is asked.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code is _BLOCK:
            return True
        frame = frame.f_back
    return False


def leave_out(request: HttpRequest) -> None:
    """Let Django's cache middleware, and ``cache_page``, not keep the response to this request."""
    # They look at it before they keep anything. A header could be set on the response only, which is not here yet.
    # Django REST framework wraps the request that they know.
    wrapped: Any = getattr(request, "_request", request)
    request._cache_update_cache = wrapped._cache_update_cache = False  # type: ignore[attr-defined]
