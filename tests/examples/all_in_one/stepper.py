"""A counter with its button."""

from __future__ import annotations

from dash import MATCH, Input, Output, State, callback, html


class Stepper(html.Div):
    class ids:  # noqa: N801 - as such components are written
        @staticmethod
        def button(aio_id: object) -> dict[str, object]:
            return {"component": "Stepper", "part": "button", "aio_id": aio_id}

        @staticmethod
        def count(aio_id: object) -> dict[str, object]:
            return {"component": "Stepper", "part": "count", "aio_id": aio_id}

    def __init__(self, aio_id: str, start: int = 0) -> None:
        super().__init__(
            [html.Button(f"more {aio_id}", id=self.ids.button(aio_id)), html.Span(start, id=self.ids.count(aio_id))]
        )

    @callback(
        Output(ids.count(MATCH), "children"),
        Input(ids.button(MATCH), "n_clicks"),
        State(ids.count(MATCH), "children"),
        prevent_initial_call=True,
    )
    def step(clicks: int, count: int) -> int:  # noqa: N805 - Dash calls it as a function
        return count + 1
