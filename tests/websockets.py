"""A page at the other end of a websocket, for tests of websocket callbacks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.testing import WebsocketCommunicator

from django_plotly_dash import DjangoDash
from django_plotly_dash.routing import application

from .helpers import callback_body

ORIGIN = "http://testserver"
SECONDS = 20.0


class Page:
    """What Dash's renderer and its worker do, without a browser.

    Args:
        url: path of the socket, or of the app.
        origin: what the browser says the page's origin is; None for none.
        cookies: names and values.
    """

    def __init__(
        self,
        url: str,
        *,
        origin: str | None = ORIGIN,
        cookies: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        root_path: str = "",
        asgi: Any = application,
    ) -> None:
        url = url if "_dash-ws-callback" in url else f"{url}_dash-ws-callback"
        sent = {"host": "testserver", "accept-language": "en", "accept-encoding": "gzip", **(headers or {})}
        if origin is not None:
            sent["origin"] = origin
        if cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        raw = [(name.encode(), value.encode()) for name, value in sent.items()]
        self.socket = WebsocketCommunicator(asgi, url, headers=raw)
        self.socket.scope["root_path"] = root_path
        self.renderer_id = "page-1"
        self.waiting: list[dict[str, Any]] = []
        self.number = 0

    async def __aenter__(self) -> Page:
        accepted, code = await self.socket.connect(SECONDS)
        assert accepted, code
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.leave()

    async def leave(self) -> None:
        await self.socket.disconnect(timeout=SECONDS)

    async def refused(self) -> tuple[int, str]:
        """Connect, and give the code and reason with which the server closes."""
        accepted, code = await self.socket.connect(SECONDS)
        if not accepted:
            return code, "not accepted"
        return await self.closed()

    async def say(self, message: Any) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self.socket.send_to(text_data=text)

    async def start(self, app: DjangoDash, output: str, *values: Any, **kwargs: Any) -> str:
        """Call a callback without waiting for it; gives the id of the request."""
        return await self.start_body(callback_body(app, output, *values, **kwargs))

    async def start_body(self, body: Any) -> str:
        self.number += 1
        request_id = f"{self.renderer_id}-{self.number}"
        await self.say(
            {"type": "callback_request", "rendererId": self.renderer_id, "requestId": request_id, "payload": body}
        )
        return request_id

    async def call(self, app: DjangoDash, output: str, *values: Any, **kwargs: Any) -> dict[str, Any]:
        """Call a callback, and give the payload of its response."""
        return await self.response(await self.start(app, output, *values, **kwargs))

    async def response(self, request_id: str) -> dict[str, Any]:
        found = await self.hears("callback_response", requestId=request_id)
        assert found["rendererId"] == self.renderer_id
        return dict(found["payload"])

    async def result(self, app: DjangoDash, output: str, *values: Any, **kwargs: Any) -> Any:
        """Call a callback with one output, and give the value that it has returned."""
        payload = await self.call(app, output, *values, **kwargs)
        assert payload["status"] == "ok", payload
        ((properties,),) = (payload["data"]["response"].values(),)
        ((value,),) = (properties.values(),)
        return value

    async def value(self) -> tuple[str, str, Any]:
        """The next value that is streamed: component, property, value."""
        payload = (await self.hears("set_props"))["payload"]
        ((name, value),) = payload["props"].items()
        return payload["componentId"], name, value

    async def hears(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The next message of that kind; others are kept."""
        while True:
            for message in self.waiting:
                if message["type"] == kind and all(message.get(key) == value for key, value in wanted.items()):
                    self.waiting.remove(message)
                    return message
            output = await self.socket.receive_output(SECONDS)
            assert output["type"] == "websocket.send", output
            parsed = json.loads(output["text"])
            self.waiting += parsed if isinstance(parsed, list) else [parsed]

    async def closed(self) -> tuple[int, str]:
        """The code and reason with which the server closes; what it says before is kept."""
        while True:
            output = await self.socket.receive_output(SECONDS)
            if output["type"] == "websocket.close":
                return output["code"], output.get("reason", "")
            parsed = json.loads(output["text"])
            self.waiting += parsed if isinstance(parsed, list) else [parsed]


async def until(condition: Any) -> None:
    """Wait until a condition holds."""

    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), SECONDS)
