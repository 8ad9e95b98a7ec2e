"""What tests of several rooms share."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from django_plotly_dash import DjangoDash

UNSIGNED = find_spec("dash._callback_signing") is None
needs_signed_handles = pytest.mark.skipif(UNSIGNED, reason="background callbacks need a Dash that signs their handles")
needs_mcp = pytest.mark.skipif(find_spec("dash.mcp") is None, reason="this Dash has no MCP server")


def callback_body(
    app: DjangoDash, output: str, *values: Any, changed: list[str] | None = None, **overrides: Any
) -> dict[str, Any]:
    """The body that Dash's renderer would send for a callback without pattern ids.

    Args:
        output: the callback's id, such as ``"echoed.children"``.
        values: values of inputs and then of states, in order.
        changed: ids and properties of the inputs that triggered it; by default the first.
        overrides: keys of the body to replace.
    """
    spec = app.callback_map[output]
    filled = [
        {"id": part["id"], "property": part["property"], "value": value}
        for part, value in zip([*spec["inputs"], *spec["state"]], values, strict=True)
    ]
    inputs, state = filled[: len(spec["inputs"])], filled[len(spec["inputs"]) :]
    wanted = spec["output"]
    outputs = [{"id": o.component_id, "property": o.component_property} for o in _listed(wanted)]
    if changed is None:
        changed = [f"{i['id']}.{i['property']}" for i in inputs[:1]]
    return {
        "output": output,
        "outputs": outputs if isinstance(wanted, (list, tuple)) else outputs[0],
        "inputs": inputs,
        "state": state,
        "changedPropIds": changed,
        **overrides,
    }


def call(client: Client, app: DjangoDash, output: str, *values: Any, url: str | None = None, **kwargs: Any) -> Any:
    """POST a callback. Arguments as for ``callback_body``; ``url`` is the app's prefix."""
    return post(client, app, callback_body(app, output, *values, **kwargs), url)


def post(client: Client, app: DjangoDash, body: Any, url: str | None = None) -> Any:
    """POST a body to the app's callback URL; bytes are sent as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body)
    prefix = url or f"/dash/app/{app.slug}/"
    return client.post(f"{prefix}_dash-update-component", data, content_type="application/json")


def result(response: HttpResponse) -> Any:
    """The value that a callback with one output has returned."""
    assert response.status_code == 200, (response.status_code, response.content)
    ((properties,),) = (json.loads(response.content)["response"].values(),)
    ((value,),) = (properties.values(),)
    return value


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
