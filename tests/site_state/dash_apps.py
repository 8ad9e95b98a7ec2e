"""An app with many callbacks, which wait for each other: all have read the row before the first of them saves."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dash import ALL, MATCH, Input, Output, State, dcc, html

from django_plotly_dash import DjangoDash

PARALLEL = 32
app = DjangoDash("Many")
app.layout = html.Div(
    [*(dcc.Input(id=f"in-{n}") for n in range(PARALLEL)), *(html.Div(id=f"out-{n}") for n in range(PARALLEL))]
)


def wait_for_others(value: str) -> None:
    """``value`` is "how many, a name, anything": wait until so many callbacks of that name run, in any process."""
    number, name = value.split(" ")[:2]
    folder = Path(os.environ["STATE_MEETINGS"], name)
    folder.mkdir(exist_ok=True, parents=True)
    (folder / f"{os.getpid()}-{time.monotonic_ns()}").touch()
    end = time.monotonic() + 60
    while len(list(folder.iterdir())) < int(number):
        if time.monotonic() > end:
            raise TimeoutError("the other callbacks do not come")
        time.sleep(0.02)


def add(n: int) -> None:
    @app.callback(Output(f"out-{n}", "children"), Input(f"in-{n}", "value"))
    def write(value: str) -> str:
        wait_for_others(value)
        if "raise" in value:
            raise ValueError("as the test wants it")
        return f"{n} by {os.getpid()}"


for number in range(PARALLEL):
    add(number)


every = DjangoDash("Every")
every.layout = html.Div(
    [
        *(dcc.Input(id={"row": n}, value="") for n in range(PARALLEL)),
        *(html.Button(id={"save": n}) for n in range(PARALLEL)),
        html.Div(id="all"),
        *(html.Div(id={"told": n}) for n in range(PARALLEL)),
    ]
)


@every.callback(Output("all", "children"), Input({"row": ALL}, "value"))
def write_every(values: list[str]) -> str:
    wait_for_others(max(values, key=len))
    return "told"


@every.callback(Output({"told": MATCH}, "children"), Input({"save": MATCH}, "n_clicks"), State({"row": ALL}, "value"))
def save_every(clicks: str, values: list[str]) -> str:
    wait_for_others(clicks)
    return clicks


shared = DjangoDash("Shared")
shared.layout = html.Div([dcc.Input(id="one"), dcc.Input(id="two"), html.Div(id="done")])


@shared.callback(Output("done", "children"), Input("one", "value"))
def write_shared(value: str) -> str:
    wait_for_others(value)
    return f"of {value}"
