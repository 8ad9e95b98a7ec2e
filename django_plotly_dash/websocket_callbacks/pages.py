"""The pages behind one socket. Browsers let all tabs of an app share a socket, and do not say when a tab has gone.

So where there are several, a page whose callbacks are under way is asked now and then for a component, without any of
its properties. A page that is there answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

from django.http import HttpHeaders, HttpRequest, parse_cookie

from ..backend.websocket import Link, WebsocketCall
from ..conf import app_settings

# A tab in the background may take its time: so many times ``websocket_recheck_seconds``.
_PATIENCE: Final = 2.0
# Nobody has so many tabs of one app. Those that were closed without callbacks under way are not noticed.
_MANY: Final = 100


class Pages:
    """Pages that have called callbacks over one socket, by renderer id."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self._gone: dict[str, None] = {}

    def add(self, renderer_id: str, busy: Set[str]) -> bool:
        """Note a page; gives whether it is a new one beside others.

        Args:
            busy: pages whose callbacks are under way. If very many are known, only those are kept.
        """
        if renderer_id in self.known:
            return False
        if len(self.known) >= _MANY:
            self.known &= busy
        self.known.add(renderer_id)
        return len(self.known) > 1

    def is_back(self, renderer_id: str) -> bool:
        """Whether a page has answered that was taken for gone, such as a tab that the browser had frozen."""
        return renderer_id in self._gone

    async def gone(self, link: Link, calls: Sequence[WebsocketCall]) -> list[WebsocketCall]:
        """Of callbacks that are under way, those whose page does not answer any more."""
        if len(self.known) < 2:
            return []
        by_page: dict[str, list[WebsocketCall]] = {}
        for call in calls:
            if call.callback is not None:
                by_page.setdefault(call.callback.renderer_id, []).append(call)
        found = await asyncio.gather(*(self._is_gone(link, page, of_page) for page, of_page in by_page.items()))
        lost = [page for page, is_gone in zip(by_page, found, strict=True) if is_gone]
        self._gone.update(dict.fromkeys(lost))
        while len(self._gone) > _MANY:
            del self._gone[next(iter(self._gone))]
        self.known.difference_update(lost)
        return [call for page in lost for call in by_page[page]]

    async def _is_gone(self, link: Link, renderer_id: str, calls: Sequence[WebsocketCall]) -> bool:
        component = next((c for c in map(_component_of, calls) if c is not None), None)
        if component is None:
            return False  # it has shown nothing yet that could be asked for
        question, answer = link.ask(renderer_id, component, [])
        seconds = _PATIENCE * app_settings().websocket_recheck_seconds
        try:
            await asyncio.wait_for(asyncio.wrap_future(answer), seconds)
        except asyncio.TimeoutError:
            return not link.outbox.closed.is_set()
        except Exception:  # the socket has been closed, and everything ends anyway
            return False
        finally:
            link.forget(question)
        return False


class HookedWebsocket:
    """What hooks of ``websocket_connect`` and ``websocket_message`` get: what a handshake has.

    Attributes:
        scope: of ASGI.
        cookies: names and values.
        headers: names in any case, and values.
        path: of the URL, decoded.
        request: at connecting, Django's request, with session and user; None for messages.
    """

    def __init__(self, scope: Mapping[str, Any], request: HttpRequest | None) -> None:
        self.scope, self.request, self.path = scope, request, scope["path"]
        plain: HttpRequest = request or _with_headers(scope)
        self.headers: HttpHeaders = plain.headers
        self.cookies: dict[str, str] = parse_cookie(self.headers.get("Cookie", ""))


def _with_headers(scope: Mapping[str, Any]) -> HttpRequest:
    request = HttpRequest()
    for name, value in scope.get("headers", ()):
        request.META[f"HTTP_{name.decode('latin1').upper().replace('-', '_')}"] = value.decode("latin1")
    return request


def _component_of(call: WebsocketCall) -> str | None:
    return call.callback.last_component if call.callback is not None else None
