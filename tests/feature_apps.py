"""Small apps for the tests of single features, and how to talk to them over HTTP."""

from __future__ import annotations

import itertools
import json
from typing import Any

from django.test import AsyncClient, Client

from django_plotly_dash import DjangoDash

_numbers = itertools.count()
OUT = "out.children"


def new_name() -> str:
    """A name that no other app of this run has."""
    return f"Feature {next(_numbers)}"


def new_client() -> Client:
    """A client that gets the response to an error, as a browser does."""
    return Client(raise_request_exception=False)


def url_of(app: DjangoDash, path: str = "") -> str:
    return f"/dash/app/{app.slug}/{path}"


def dependency(prop_id: str, value: Any = None) -> dict[str, Any]:
    """An input, state or output as the renderer sends it; ``prop_id`` may begin with a dict id as JSON."""
    ident, _, name = prop_id.rpartition(".")
    return {"id": json.loads(ident) if ident.startswith("{") else ident, "property": name, "value": value}


def body_of(
    inputs: Any, state: Any = (), outputs: Any = None, output: str = OUT, changed: list[str] | None = None
) -> dict[str, Any]:
    """The body of a callback request; by default the first input has triggered it."""
    first = inputs[0] if inputs and not isinstance(inputs[0], list) else None
    triggered = [f"{first['id']}.{first['property']}"] if first and isinstance(first["id"], str) else []
    return {
        "output": output,
        "outputs": outputs if outputs is not None else {"id": "out", "property": "children"},
        "inputs": list(inputs),
        "state": list(state),
        "changedPropIds": triggered if changed is None else changed,
    }


def ask(app: DjangoDash, body: dict[str, Any], client: Client | None = None, query: str = "", **headers: Any) -> Any:
    """The response to a callback request, after the page has asked for the layout."""
    client = client or new_client()
    client.get(url_of(app, "_dash-layout"))
    url = url_of(app, "_dash-update-component") + query
    return client.post(url, json.dumps(body), content_type="application/json", **headers)


async def ask_async(
    app: DjangoDash, body: dict[str, Any], client: AsyncClient | None = None, query: str = "", **headers: Any
) -> Any:
    """The same on an event loop."""
    client = client or AsyncClient()
    await client.get(url_of(app, "_dash-layout"))
    url = url_of(app, "_dash-update-component") + query
    return await client.post(url, json.dumps(body), content_type="application/json", **headers)


def answer(app: DjangoDash, body: dict[str, Any], **kwargs: Any) -> Any:
    """What a callback has set: component id -> property -> value."""
    response = ask(app, body, **kwargs)
    assert response.status_code == 200, (response.status_code, response.content)
    return response.json()["response"]


def out(app: DjangoDash, value: Any = 1, **kwargs: Any) -> Any:
    """What the callback from ``in.value`` to ``out.children`` returns."""
    return answer(app, body_of([dependency("in.value", value)]), **kwargs)["out"]["children"]


def specs(app: DjangoDash) -> dict[str, dict[str, Any]]:
    """What the renderer is told of the callbacks, by their outputs."""
    return {spec["output"]: spec for spec in new_client().get(url_of(app, "_dash-dependencies")).json()}


def page(app: DjangoDash) -> str:
    """The app's page."""
    response = new_client().get(url_of(app))
    assert response.status_code == 200, response.content
    return response.content.decode()
