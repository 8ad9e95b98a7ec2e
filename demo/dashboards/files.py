"""An app that looks at the files which its own page has loaded."""

from __future__ import annotations

from dash import ClientsideFunction, Input, Output, html
from django_plotly_dash import DjangoDash

# Scripts and style sheets of the folder, and of folders in it, are
# loaded in the order of their paths. Pictures are there to be named.
app = DjangoDash("Files", assets_folder="files_assets")

app.layout = html.Div(
    className="files",
    children=[
        html.H2("What this page has loaded"),
        html.Img(src=app.get_asset_url("kite.svg"), alt="A kite"),
        html.Table(html.Tbody(id="files")),
    ],
)

# Its function is in files_assets/scripts/files.js.
app.clientside_callback(
    ClientsideFunction("files", "rows"),
    Output("files", "children"),
    Input("files", "id"),
)
