"""Apps that stand in one page without frames. All have the same component ids."""

from __future__ import annotations

from pathlib import Path

import dash
from dash import Input, Output, State, dcc, html

from django_plotly_dash import DjangoDash

FOLDER = Path(__file__).parent


def make(name: str, colour: str) -> DjangoDash:
    """An app with a callback of each kind, a graph, and tabs."""
    app = DjangoDash(name, assets_folder=str(FOLDER / f"assets_{colour}"), title=f"Title of {name}")
    app.layout = html.Div(
        [
            dcc.Input(id="text", value=colour),
            html.P(id="echoed"),
            html.P(id="reversed"),
            html.Button("set", id="set"),
            html.Button("set later", id="set-later"),
            html.P(id="noted"),
            html.P(id="painted"),
            html.P(id="by-server"),
            html.Button("hello", id={"kind": "button", "index": 1}),
            html.P(id="counted"),
            dcc.Tabs(
                id="tabs",
                children=[
                    dcc.Tab(label=f"{colour} first", children="1"),
                    dcc.Tab(label=f"{colour} second", children="2"),
                ],
            ),
            dcc.Graph(id="graph", figure={"data": [{"y": [1, 3, 2]}], "layout": {"height": 200}}),
        ],
        className=f"app-{colour}",
    )

    @app.callback(Output("echoed", "children"), Input("text", "value"))
    def echo(text: str) -> str:
        dash.set_props("by-server", {"children": f"the server of {colour} has seen {text}"})
        return f"{name} got {text}"

    app.clientside_callback(
        "(text) => [...(text || '')].reverse().join('')", Output("reversed", "children"), Input("text", "value")
    )
    app.clientside_callback(
        f"() => {{ window.dash_clientside.set_props('noted', {{children: 'noted by {colour}'}}); }}",
        Input("set", "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        f"""async () => {{
            const {{ set_props }} = window.dash_clientside;
            await new Promise((resolve) => setTimeout(resolve, 20));
            set_props('noted', {{children: 'noted later by {colour}'}});
        }}""",
        Input("set-later", "n_clicks"),
        prevent_initial_call=True,
    )
    # Each app has a function of this name in its assets.
    app.clientside_callback(
        dash.ClientsideFunction("painter", "paint"), Output("painted", "children"), Input("text", "value")
    )

    @app.callback(
        Output("counted", "children"),
        Input({"kind": "button", "index": dash.ALL}, "n_clicks"),
        State("text", "value"),
        prevent_initial_call=True,
    )
    def count(clicks: list[int], text: str) -> str:
        return f"{clicks[0]} for {text}"

    return app


red, blue = make("Red", "red"), make("Blue", "blue")

paged = DjangoDash("Booklet", use_pages=True, pages_folder="", suppress_callback_exceptions=True)
dash.register_page("direct.start", path="/", title="The start", layout=html.P("This is the start", id="start"))
dash.register_page("direct.more", path="/more", title="More of it", layout=html.P("This is more", id="more"))
paged.layout = html.Div([dcc.Link("to more", href=paged.get_relative_path("/more"), id="link"), dash.page_container])

hooked = DjangoDash("Hooked")
hooked.renderer = """
var renderer = new DashRenderer({
    request_pre: (payload) => { (window.seenByHook = window.seenByHook || []).push(payload.output); },
});
"""
hooked.layout = html.Div([dcc.Input(id="text", value="hook"), html.P(id="echoed")])


@hooked.callback(Output("echoed", "children"), Input("text", "value"))
def show_hooked(text: str) -> str:
    return f"Hooked got {text}"


many = [DjangoDash(f"Many {number}") for number in range(12)]


def _fill(app: DjangoDash, number: int) -> None:
    app.layout = html.Div(
        [
            dcc.Input(id="text", value=f"app {number}"),
            html.P(id="echoed"),
            html.P(id="reversed"),
            dcc.Graph(id="graph", figure={"data": [{"y": [1, number, 2]}], "layout": {"height": 150}}),
        ]
    )

    @app.callback(Output("echoed", "children"), Input("text", "value"))
    def echo(text: str) -> str:
        return f"{number} got {text}"

    app.clientside_callback(
        f"(text) => '{number}: ' + [...(text || '')].reverse().join('')",
        Output("reversed", "children"),
        Input("text", "value"),
    )


for _number, _app in enumerate(many):
    _fill(_app, _number)
