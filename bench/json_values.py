"""What it costs to make values plain before Dash writes them, beside Dash's writing alone; with and without orjson."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io
from dash import dcc, html
from dash._utils import to_json

from django_plotly_dash.json_values import plain

ROWS = [{"number": n, "name": str(n), "half": n / 2, "none": None, "kind": "x"} for n in range(1000)]
VALUES: dict[str, Any] = {
    "a text": {"out": {"children": "hello"}},
    "10,000 numbers": {"x": [n * 1.1 for n in range(10_000)]},
    "1,000 rows of 5 values": ROWS,
    "300 components": html.Div(
        [html.Div([html.Span(f"{n}", id=f"s{n}"), dcc.Input(id=f"i{n}", value=n)]) for n in range(100)]
    ),
    "a figure of 3 arrays": go.Figure([go.Scatter(x=np.arange(1000), y=np.arange(1000) / 3) for _ in range(3)]),
    "a table with 250 Decimals": html.Table([html.Tr([html.Td(Decimal("1.50")) for _ in range(5)]) for _ in range(50)]),
}


def microseconds(function: Callable[[], Any]) -> float:
    timer = timeit.Timer(function)
    count, _ = timer.autorange()
    return min(timer.repeat(5, max(1, count // 10))) / max(1, count // 10) * 1e6


def as_here(value: Any) -> str:
    return to_json(plain(value))


def main() -> None:
    for engine in ("orjson", "json"):
        plotly.io.json.config.default_engine = engine
        for name, value in VALUES.items():
            dash = microseconds(partial(to_json, value))
            ours = microseconds(partial(as_here, value))
            print(f"{engine:8}{name:28}{dash:10.1f} us {ours:10.1f} us  ratio {ours / dash:.2f}")


if __name__ == "__main__":
    main()
