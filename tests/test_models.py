from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dash import ALL, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import ProtectedError
from django.http import Http404

from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import AppNotFoundError, BrokenStateError, InstanceGoneError, StateTooLargeError
from django_plotly_dash.layout_state import key_of
from django_plotly_dash.models import DashApp, StatelessApp

pytestmark = pytest.mark.django_db

# Columns of the tables that the older package made: they are in users' databases.
STATELESS_APP = {"id", "app_name", "slug"}
DASH_APP = {
    "id",
    "stateless_app_id",
    "instance_name",
    "slug",
    "base_state",
    "creation",
    "update",
    "save_on_change",
}
OURS = {"owner_id"}


@pytest.mark.parametrize(
    ("table", "columns"),
    [("django_plotly_dash_statelessapp", STATELESS_APP), ("django_plotly_dash_dashapp", DASH_APP)],
)
def test_the_tables_are_those_of_the_older_package(table: str, columns: set[str]) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, table)
        constraints = connection.introspection.get_constraints(cursor, table)
    assert {column.name for column in found} - OURS == columns
    unique = {tuple(c["columns"]) for c in constraints.values() if c["unique"] and not c["primary_key"]}
    assert unique == {(name,) for name in columns & {"app_name", "instance_name", "slug"}}


def test_the_migrations_that_users_have_applied_keep_their_names() -> None:
    names = {name for label, name in MigrationLoader(connection).graph.nodes if label == "django_plotly_dash"}
    assert {"0001_initial", "0002_add_examples"} <= names


def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", "django_plotly_dash", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_migrations_can_be_undone_and_done_again() -> None:
    call_command("migrate", "django_plotly_dash", "zero", verbosity=0)
    assert "django_plotly_dash_dashapp" not in connection.introspection.table_names()
    call_command("migrate", "django_plotly_dash", verbosity=0)
    assert not StatelessApp.objects.exists()


@pytest.mark.parametrize(
    ("name", "slug"), [("SimpleExample", "simpleexample"), ("Sales & costs", "sales-costs"), ("Übersicht", "übersicht")]
)
def test_slugs_come_from_names(name: str, slug: str) -> None:
    app = StatelessApp.objects.create(app_name=name)
    row = DashApp.objects.create(stateless_app=app, instance_name=f"{name} of Maria")
    assert (app.slug, str(app)) == (slug, name)
    assert (row.slug, str(row)) == (f"{slug}-of-maria", f"{name} of Maria")


def test_given_slugs_stay_and_are_not_changed_by_saving() -> None:
    app = StatelessApp.objects.create(app_name="Sales", slug="my-sales")
    row = DashApp.objects.create(stateless_app=app, instance_name="One", slug="number-one")
    row.instance_name = "Another name"
    row.save()
    app.save()
    row.refresh_from_db()
    app.refresh_from_db()
    assert (app.slug, row.slug, row.instance_name) == ("my-sales", "number-one", "Another name")


def test_an_instance_without_a_name_is_named_after_its_app() -> None:
    row = DashApp.objects.create(stateless_app=StatelessApp.objects.create(app_name="Sales"))
    assert (row.instance_name, row.slug, row.base_state, row.save_on_change) == (
        "Sales instance",
        "sales-instance",
        "{}",
        False,
    )
    assert row.creation <= row.update


@pytest.mark.parametrize("second", [{"instance_name": "One"}, {"instance_name": "Two", "slug": "one"}])
def test_two_instances_cannot_share_a_name_or_a_slug(second: dict[str, Any]) -> None:
    app = StatelessApp.objects.create(app_name="Sales")
    DashApp.objects.create(stateless_app=app, instance_name="One")
    with pytest.raises(IntegrityError):
        DashApp.objects.create(stateless_app=app, **second)


def test_an_app_with_instances_cannot_be_deleted() -> None:
    app = StatelessApp.objects.create(app_name="Sales")
    DashApp.objects.create(stateless_app=app)
    with pytest.raises(ProtectedError):
        app.delete()


def test_rows_know_their_apps() -> None:
    made = DjangoDash("Sales")
    row = DashApp.objects.create(stateless_app=StatelessApp.objects.create(app_name="Sales"))
    assert row.stateless_app.as_dash_app() is made
    assert row.as_dash_instance() is made


def test_a_row_whose_app_no_module_makes_says_so() -> None:
    row = DashApp.objects.create(stateless_app=StatelessApp.objects.create(app_name="Gone"))
    for ask in (row.as_dash_instance, row.stateless_app.as_dash_app):
        with pytest.raises(AppNotFoundError, match="There is no DjangoDash app named 'Gone'"):
            ask()


# --- names and slugs ------------------------------------------------------------------------------------------------

NAMES = [
    "x" * 100,
    "東京のダッシュボード",
    "لوحة المبيعات",
    "!?",
    "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 90,  # becomes 18 letters each
    "Ä" * 100,
    "😀 smiles",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_any_script_and_length_get_a_slug_that_fits(name: str) -> None:
    app = StatelessApp.objects.create(app_name=name)
    row = DashApp.objects.create(stateless_app=app, instance_name=name)
    unnamed = DashApp.objects.create(stateless_app=app)
    for made in (app, row, unnamed):
        assert 0 < len(made.slug) <= 110
        made.full_clean()
    assert row.slug != unnamed.slug
    assert DashApp.objects.get(slug=row.slug) == row


def test_names_that_look_alike_in_urls_get_slugs_of_their_own() -> None:
    app = StatelessApp.objects.create(app_name="Sales")
    slugs = [
        DashApp.objects.create(stateless_app=app, instance_name=f"A{dots}b").slug for dots in (" ", "-", "!-", "  ")
    ]
    assert slugs == ["a-b", "a-b-2", "a-b-3", "a-b-4"]
    long = [DashApp.objects.create(stateless_app=app, instance_name="x" * 99 + end).slug for end in "abc"]
    assert long == ["x" * 99 + end for end in "abc"]


def test_each_unnamed_instance_of_an_app_gets_a_name_of_its_own() -> None:
    app = StatelessApp.objects.create(app_name="Sales")
    rows = [DashApp.objects.create(stateless_app=app) for _ in range(3)]
    assert [row.instance_name for row in rows] == ["Sales instance", "Sales instance 2", "Sales instance 3"]
    assert [row.slug for row in rows] == ["sales-instance", "sales-instance-2", "sales-instance-3"]
    long = StatelessApp.objects.create(app_name="y" * 100)
    names = [DashApp.objects.create(stateless_app=long).instance_name for _ in range(2)]
    assert names == ["y" * 91 + " instance", "y" * 91 + " instan 2"]


def test_a_name_that_is_taken_leaves_the_callers_transaction_as_it_was() -> None:
    app = StatelessApp.objects.create(app_name="Sales")
    with transaction.atomic():
        DashApp.objects.create(stateless_app=app, instance_name="One")
        with pytest.raises(IntegrityError):
            DashApp.objects.create(stateless_app=app, instance_name="One")
        DashApp.objects.create(stateless_app=app, instance_name="Two")
    assert sorted(DashApp.objects.values_list("instance_name", flat=True)) == ["One", "Two"]


@pytest.mark.django_db(transaction=True)
def test_instances_that_are_made_at_once_get_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    app = StatelessApp.objects.create(app_name="Sales")
    together, waited = threading.Barrier(8), set()
    save = type(app).__mro__[1].save  # Django's own

    def save_together(row: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(row, DashApp) and threading.get_ident() not in waited:
            waited.add(threading.get_ident())
            together.wait(timeout=60)  # all have chosen the same name by now
        save(row, *args, **kwargs)

    monkeypatch.setattr(type(app).__mro__[1], "save", save_together)

    def make(_: int) -> tuple[str, str]:
        try:
            row = DashApp.objects.create(stateless_app=app)
            return row.instance_name, row.slug
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(8)))
    assert len({name for name, _ in made}) == len({slug for _, slug in made}) == 8
    assert DashApp.objects.count() == 8


# --- the state ------------------------------------------------------------------------------------------------------


@pytest.fixture
def app() -> DjangoDash:
    made = DjangoDash("Sales")
    made.layout = html.Div(
        [
            dcc.Input(id="text", value="hello"),
            html.Div(id={"row": 2, "kind": "cell"}, children="one"),
            html.Div(html.B("not a value"), id="outer"),
        ]
    )
    return made


DEFAULTS = {
    "text": {"value": "hello"},
    '{"kind":"cell","row":2}': {"children": "one"},
}


def test_making_an_instance(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, "Of Maria", state={"text": {"value": "bye"}}, save_on_change=True)
    assert (row.stateless_app.app_name, row.slug, row.save_on_change) == ("Sales", "of-maria", True)
    assert DashApp.objects.get().current_state() == {"text": {"value": "bye"}}
    assert DashApp.objects.create_for("sales").instance_name == "Sales instance"
    assert DashApp.objects.create_for(row.stateless_app).current_state() == {}
    assert StatelessApp.objects.count() == 1
    assert row.url == "/dash/instance/of-maria/"


async def made_async(app: DjangoDash) -> tuple[DashApp, DashApp]:
    row = await DashApp.objects.acreate_for(app, "One", state={"text": {"value": "bye"}})
    row.update_current_state("text", "value", "changed")
    await row.ahandle_current_state()
    copy = await row.aclone("Two")
    await row.areset()
    await copy.apopulate_values()
    return row, copy


@pytest.mark.django_db(transaction=True)
async def test_coroutines_have_the_same(app: DjangoDash) -> None:
    row, copy = await made_async(app)
    assert (await DashApp.objects.aget(pk=row.pk)).current_state() == DEFAULTS
    stored = await DashApp.objects.aget(pk=copy.pk)
    assert stored.current_state() == {**DEFAULTS, "text": {"value": "changed"}}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"app": "Gone"}, AppNotFoundError, "There is no DjangoDash app named 'Gone'"),
        ({"name": "n" * 101}, ValueError, "instance_name has 101 characters, and there is room for 100"),
        ({"state": {"text": 5}}, ValueError, "What stands for 'text' is a number"),
        ({"state": {"text": {"value": object()}}}, ValueError, "cannot be written as JSON"),
        ({"state": {"text": {"value": float("nan")}}}, ValueError, "cannot be written as JSON"),
        ({"state": {"text": {"value": 2**64}}}, ValueError, "A number has 65 bits; more than 64 cannot be sent"),
        ({"state": {"text": {"value": "\ud800"}}}, ValueError, "has half of a pair of surrogates in it"),
        ({"state": {"text": {"value": "x" * 2_000_000}}}, StateTooLargeError, "PLOTLY_DASH.*is 1048576"),
    ],
)
def test_an_instance_that_cannot_be_made(
    app: DjangoDash, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        DashApp.objects.create_for(**{"app": app, **arguments})
    assert not DashApp.objects.exists()


def test_populating_adds_what_the_layout_shows_and_keeps_what_is_there(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, state={"text": {"value": "kept"}, "gone": {"value": 1}})
    DashApp.objects.filter(pk=row.pk).update(base_state='{"text": {"value": "changed meanwhile"}}')
    row.populate_values()
    wanted = {**DEFAULTS, "text": {"value": "changed meanwhile"}}
    found = {key: {**values} for key, values in row.current_state().items()}
    assert found.pop("outer", None) is None
    assert found == wanted
    assert DashApp.objects.get().current_state() == row.current_state()


def test_a_row_that_is_not_saved_yet_can_be_populated(app: DjangoDash) -> None:
    row = DashApp(stateless_app=StatelessApp.objects.create(app_name="Sales"))
    row.populate_values()
    assert row.current_state()["text"] == {"value": "hello"}
    assert not DashApp.objects.exists()
    row.save()
    assert DashApp.objects.get().current_state()["text"] == {"value": "hello"}


def test_resetting_makes_the_state_what_the_layout_shows(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, state={"text": {"value": "changed"}, "gone": {"value": 1}})
    row.reset()
    assert DashApp.objects.get().current_state() == row.current_state() == DEFAULTS


def test_what_callbacks_use_is_tracked_without_a_value_too() -> None:
    app = DjangoDash("Bare")
    app.layout = html.Div(
        [
            *(dcc.Input(id=name) for name in ("read", "stated", "written", "browser", "unused")),
            *(dcc.Input(id={"row": n}) for n in range(2)),
            dcc.Graph(id="graph"),
            dcc.Location(id="url"),
            dcc.Download(id="file"),
            html.Button(id="go"),
            html.Div([html.B("rich")], id="done"),
        ]
    )

    @app.callback(
        Output("written", "value", allow_duplicate=True),
        Output("done", "children"),
        Output("file", "data"),
        Output("gone", "value"),
        Output("done", "no_such_property"),
        Input("read", "value"),
        Input({"row": ALL}, "value"),
        Input("go", "n_clicks"),
        Input("graph", "clickData"),
        Input("url", "pathname"),
        State("stated", "value"),
        prevent_initial_call=True,
    )
    def write(*values: Any) -> Any:
        raise PreventUpdate

    app.clientside_callback("x => x", Output("graph", "figure"), Input("browser", "value"))
    row = DashApp.objects.create_for(app, "One")
    row.populate_values()
    nulls = {
        (key, name)
        for key, values in row.current_state().items()
        for name, value in values.items()
        if value is None and name not in ("children", "n_clicks")  # which html components give themselves
    }
    wanted = {(name, "value") for name in ("read", "stated", "written", "browser", '{"row":0}', '{"row":1}')}
    assert nulls == wanted | {("graph", "figure")}


def test_a_property_without_a_value_is_not_laid_over_a_layout_that_gives_none(client: Any) -> None:
    app = DjangoDash("Bare")
    app.layout = html.Div([dcc.Input(id="a"), dcc.Input(id="b", value="default")])
    state = {"a": {"value": None}, "b": {"value": None}}
    DashApp.objects.create_for(app, "One", state=state, save_on_change=True)

    def shown(url: str) -> list[Any]:
        return [part["props"] for part in client.get(f"{url}_dash-layout").json()["props"]["children"]]

    assert shown("/dash/instance/one/") == [{"id": "a"}, {"id": "b", "value": None}]
    handed = app.get_absolute_url(initial_arguments={"a": {"value": None}}, instance="one", share=True)
    assert shown(handed) == [{"id": "a", "value": None}, {"id": "b", "value": None}]


def test_resetting_keeps_tracking_what_was_tracked_by_hand(app: DjangoDash) -> None:
    mine = {"text": {"value": 1, "placeholder": "mine", "nothing": 1}, "outer": {"children": "mine", "title": "mine"}}
    row = DashApp.objects.create_for(app, state={**mine, "gone": {"value": 1}})
    row.reset()
    bold = {"namespace": "dash_html_components", "props": {"children": "not a value"}, "type": "B"}
    assert DashApp.objects.get().current_state() == {
        **DEFAULTS,
        "text": {"value": "hello", "placeholder": None},
        "outer": {"children": bold, "title": None},
    }
    assert row.current_state() == DashApp.objects.get().current_state()


def test_layout_functions_are_called_as_for_nobody(app: DjangoDash) -> None:
    def layout(user: Any, session_state: dict[str, Any], dash_app: Any, request: Any, params: Any) -> Any:
        return dcc.Input(id="text", value=f"{user.is_authenticated} {session_state} {dash_app} {dict(params)}")

    app.layout = layout
    row = DashApp.objects.create_for(app, "One")
    row.populate_values()
    assert row.current_state() == {"text": {"value": "False {} One {}"}}


def test_urls_of_the_app_stay_marks_in_saved_values(app: DjangoDash) -> None:
    app.layout = lambda: html.Img(id="logo", src=app.get_relative_path("/logo"))
    row = DashApp.objects.create_for(app)
    row.populate_values()
    assert row.current_state() == {"logo": {"children": None, "src": "/~dpd~sales~/logo"}}


def test_clones_have_a_name_and_a_slug_of_their_own(app: DjangoDash) -> None:
    maria = get_user_model().objects.create_user("maria")
    row = DashApp.objects.create_for(app, "One", state={"text": {"value": 1}}, save_on_change=True, owner=maria)
    copies = [row.clone(), row.clone(), row.clone("Mine", owner=None), row.clone("x" * 100).clone()]
    assert [copy.instance_name for copy in copies] == ["One copy", "One copy 2", "Mine", "x" * 95 + " copy"]
    assert [copy.slug for copy in copies] == ["one-copy", "one-copy-2", "mine", "x" * 95 + "-copy"]
    assert [copy.owner for copy in copies] == [maria, maria, None, maria]
    assert all(copy.current_state() == {"text": {"value": 1}} and copy.save_on_change for copy in copies)


def test_an_owner_who_leaves_leaves_the_instance(app: DjangoDash) -> None:
    maria = get_user_model().objects.create_user("maria")
    row = DashApp.objects.create_for(app, owner=maria)
    maria.delete()
    row.refresh_from_db()
    assert row.owner is None


def test_what_is_tracked_can_be_asked_and_changed(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, state={"text": {"value": 1}, '{"kind":"cell","row":2}': {"children": 1}})
    assert row.have_current_state_entry("text", "value")
    assert row.have_current_state_entry({"row": 2, "kind": "cell"}, "children")
    assert not row.have_current_state_entry("text", "placeholder")
    assert not row.have_current_state_entry("other", "value")
    assert row.update_current_state({"row": 2, "kind": "cell"}, "children", html.B("two"))
    assert not row.update_current_state("other", "value", 5)
    assert DashApp.objects.get().current_state()["text"] == {"value": 1}
    row.handle_current_state()
    stored = DashApp.objects.get().current_state()
    bold = {"namespace": "dash_html_components", "props": {"children": "two"}, "type": "B"}
    assert stored == row.current_state() == {"text": {"value": 1}, '{"kind":"cell","row":2}': {"children": bold}}
    with pytest.raises(TypeError):
        row.update_current_state("text", "value", object())
    for value in (2**64, "\ud800"):
        with pytest.raises((TypeError, ValueError)):
            row.update_current_state("text", "value", value)


@pytest.mark.parametrize("spelled", ['{"row":2,"kind":"größe"}', '{"kind": "gr\\u00f6\\u00dfe", "row": 2.0}'])
def test_an_id_that_is_a_dict_may_be_spelled_in_any_way(app: DjangoDash, spelled: str) -> None:
    ident = {"kind": "größe", "row": 2}
    row = DashApp.objects.create_for(app, state={spelled: {"children": 1}})
    assert json.loads(row.base_state) == {key_of(ident): {"children": 1}}
    DashApp.objects.filter(pk=row.pk).update(base_state=json.dumps({spelled: {"children": 1}}))
    by_hand = DashApp.objects.get()
    assert by_hand.update_current_state(ident, "children", 2)
    by_hand.handle_current_state()
    assert json.loads(DashApp.objects.get().base_state) == {key_of(ident): {"children": 2}}
    with pytest.raises(ValueError, match="are the same id"):
        DashApp.objects.create_for(app, "Two", state={spelled: {}, key_of(ident): {}})


def test_saving_what_changed_leaves_what_others_changed(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, state={"text": {"value": 1, "placeholder": "p"}})
    row.update_current_state("text", "value", 2)
    other = DashApp.objects.get()
    other.update_current_state("text", "placeholder", "q")
    other.handle_current_state()
    row.handle_current_state()
    assert DashApp.objects.get().current_state() == row.current_state() == {"text": {"value": 2, "placeholder": "q"}}


def test_a_row_that_was_deleted_cannot_be_saved(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row.update_current_state("text", "value", 2)
    DashApp.objects.all().delete()
    with pytest.raises(InstanceGoneError, match="The saved instance 'One' was deleted"):
        row.handle_current_state()


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ('{"text": ', "Line 1, column 10: This is not JSON"),
        ("[1]", "This is a list"),
        ('{"text": 5}', "What stands for 'text' is a number"),
        ("null", "This is null"),
        ('{"text": {"value": 18446744073709551616}}', "'text', 'value': A number has 65 bits"),
        ('{"text": {"value": "\\ud800"}}', "has half of a pair of surrogates"),
        ('{"text": {"value": 1e999}}', "The number inf cannot be written as JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": {"b": ' + "9" * 5000 + "}}", "cannot be read"),
        ('{"text": {"value": 1}, "text": {"value": 2}}', "The key 'text' stands twice in one object"),
        ('{"text": {"value": 1, "value": 2}}', "The key 'value' stands twice in one object"),
        ('{"{\\"n\\":1}": {}, "{\\"n\\": 1}": {}}', "are the same id; only one of the two could be kept"),
    ],
)
def test_a_state_that_cannot_be_read_is_never_written_over(app: DjangoDash, text: str, trouble: str) -> None:
    row = DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row.update_current_state("text", "value", 2)
    DashApp.objects.filter(pk=row.pk).update(base_state=text)
    broken = DashApp.objects.get()
    assert trouble in (broken.state_error or "")
    for do in (row.handle_current_state, row.populate_values, row.reset, broken.populate_values, broken.current_state):
        with pytest.raises(BrokenStateError) as caught:
            do()
        assert str(caught.value).startswith("The saved state of 'One' cannot be read. ")
        assert trouble in str(caught.value)
    assert DashApp.objects.get().base_state == text
    with pytest.raises(ValidationError):
        broken.clean_fields()
    assert broken.clone().base_state == text


@pytest.mark.parametrize("text", ["", "{}", '{"text": {"value": NaN}}'])
def test_what_the_older_package_may_have_written_can_be_read(app: DjangoDash, text: str) -> None:
    row = DashApp.objects.create_for(app)
    DashApp.objects.filter(pk=row.pk).update(base_state=text)
    row = DashApp.objects.get()
    assert row.state_error is None
    assert row.current_state() == ({"text": {"value": None}} if "text" in text else {})


def test_growth_beyond_the_limit_is_refused_and_shrinking_is_not(app: DjangoDash, settings: Any) -> None:
    row = DashApp.objects.create_for(app, "One", state={"text": {"value": "x" * 100}})
    settings.PLOTLY_DASH = {"state_max_bytes": 50}
    row.update_current_state("text", "value", "x" * 101)
    with pytest.raises(StateTooLargeError) as caught:
        row.handle_current_state()
    assert str(caught.value) == (
        "The state of 'One' would have 124 bytes, and PLOTLY_DASH['state_max_bytes'] is 50. It was not saved. Take "
        "what is large out of base_state, where it would not be tracked any more, or allow more."
    )
    assert DashApp.objects.get().current_state() == {"text": {"value": "x" * 100}}
    row.update_current_state("text", "value", "x" * 99)
    row.handle_current_state()
    assert DashApp.objects.get().current_state() == {"text": {"value": "x" * 99}}


def test_an_item_is_located_as_in_the_older_package(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, "One")
    assert DashApp.locate_item("one") == (row, app)
    assert DashApp.locate_item("one", False, None) == (row, app)
    assert DashApp.locate_item("Sales", stateless=True) == (app, app)
    for ident, stateless in (("two", False), ("nothing", True)):
        with pytest.raises(Http404):
            DashApp.locate_item(ident, stateless)


def test_values_of_all_pages_are_tracked(apps: Any) -> None:
    made = DjangoDash("Paged", use_pages=True, pages_folder="")
    from dash import page_container, register_page

    with made.speaking():
        register_page("one", path="/", layout=dcc.Input(id="first", value=1))
        register_page("two", path="/two", layout=lambda user, **_: dcc.Input(id="second", value=2))
        register_page("three", path_template="/three/<item>", layout=lambda item: dcc.Input(id="third", value=item))
        register_page("four", path="/four", layout=lambda: 1 / 0)
    made.layout = html.Div([dcc.Input(id="always", value=0), page_container])
    row = DashApp.objects.create_for(made)
    row.populate_values()
    assert row.current_state() == {"first": {"value": 1}, "second": {"value": 2}, "always": {"value": 0}}


# --- saving rows that were read earlier -----------------------------------------------------------------------------


def test_saving_a_row_does_not_undo_what_was_saved_since_it_was_read(app: DjangoDash) -> None:
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1, "placeholder": "p"}})
    row, other = DashApp.objects.get(), DashApp.objects.get()
    other.update_current_state("text", "value", 5)
    other.handle_current_state()
    row.save_on_change = True
    row.update_current_state("text", "placeholder", "q")
    row.save()
    stored = DashApp.objects.get()
    assert stored.current_state() == row.current_state() == {"text": {"value": 5, "placeholder": "q"}}
    assert stored.save_on_change
    row.save()
    assert DashApp.objects.get().current_state() == {"text": {"value": 5, "placeholder": "q"}}


def test_a_state_that_was_assigned_is_written(app: DjangoDash) -> None:
    made = DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    for number, row in enumerate((made, DashApp.objects.get(), DashApp.objects.only("slug").get()), 2):
        row.update_current_state("text", "value", "goes with the old state")
        row.base_state = f'{{"text": {{"value": {number}}}}}'
        row.save()
        assert DashApp.objects.get().current_state() == {"text": {"value": number}}
        row.save()


def test_a_row_that_was_read_can_be_copied_as_in_django(app: DjangoDash) -> None:
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row = DashApp.objects.get()
    row.pk, row.instance_name, row.slug = None, "Two", ""
    row._state.adding = True
    row.save()
    assert DashApp.objects.get(slug="two").current_state() == {"text": {"value": 1}}


def test_what_was_set_and_not_saved_is_forgotten_when_the_row_is_read_again(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row.update_current_state("text", "value", 2)
    row.refresh_from_db()
    row.save()
    assert row.current_state() == DashApp.objects.get().current_state() == {"text": {"value": 1}}


@pytest.mark.django_db(transaction=True)
async def test_coroutines_save_rows_as_well(app: DjangoDash) -> None:
    row = await DashApp.objects.acreate_for(app, "One", state={"text": {"value": 1}})
    row.update_current_state("text", "value", 2)
    await row.asave()
    assert (await DashApp.objects.aget()).current_state() == {"text": {"value": 2}}


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_a_state_that_was_assigned_is_written_again_after_a_rollback(app: DjangoDash) -> None:
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row = DashApp.objects.get()
    row.base_state = '{"text": {"value": 2}}'
    with rolled_back():
        row.save()
    assert DashApp.objects.get().current_state() == {"text": {"value": 1}}
    row.save()
    assert DashApp.objects.get().current_state() == {"text": {"value": 2}}


@pytest.mark.parametrize("way", ["handle_current_state", "save"])
def test_what_was_set_is_merged_again_after_a_rollback(app: DjangoDash, way: str) -> None:
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1, "placeholder": "p", "title": "t"}})
    row, other = DashApp.objects.get(), DashApp.objects.get()
    row.update_current_state("text", "value", 2)
    row.update_current_state("text", "title", "rolled back")
    with transaction.atomic():
        with rolled_back():
            getattr(row, way)()
        other.update_current_state("text", "placeholder", "q")
        other.handle_current_state()
    row.update_current_state("text", "title", "newer")
    getattr(row, way)()
    assert DashApp.objects.get().current_state() == {"text": {"value": 2, "placeholder": "q", "title": "newer"}}


def test_what_was_written_and_not_rolled_back_is_not_written_again(app: DjangoDash) -> None:
    """Within a transaction too: other objects of the same row may have saved since."""
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row, other = DashApp.objects.get(), DashApp.objects.get()
    with transaction.atomic():
        row.base_state = '{"text": {"value": 2}}'
        row.save()
        row.update_current_state("text", "value", 3)
        row.handle_current_state()
        other.update_current_state("text", "value", 4)
        other.handle_current_state()
        row.save()
        row.handle_current_state()
    row.save()
    assert DashApp.objects.get().current_state() == {"text": {"value": 4}}


def test_a_row_whose_making_was_rolled_back_can_be_made_again(app: DjangoDash) -> None:
    made = DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row = DashApp(stateless_app=made.stateless_app, base_state='{"text": {"value": 2}}')
    with rolled_back():
        row.save()
    row.save()
    assert DashApp.objects.get(pk=row.pk).current_state() == {"text": {"value": 2}}


def test_the_text_that_was_read_can_be_put_back(app: DjangoDash) -> None:
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row, other = DashApp.objects.get(), DashApp.objects.get()
    before = row.base_state
    other.update_current_state("text", "value", 2)
    other.handle_current_state()
    row.base_state = before
    row.save()
    assert DashApp.objects.get().current_state() == {"text": {"value": 1}}


def test_a_row_that_was_saved_in_a_transaction_can_be_pickled(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    with transaction.atomic():
        row.update_current_state("text", "value", 2)
        row.handle_current_state()
        assert pickle.loads(pickle.dumps(row)).current_state() == {"text": {"value": 2}}


def saved_by_another(value: Any) -> None:
    other = DashApp.objects.get()
    other.update_current_state("text", "value", value)
    other.handle_current_state()


@pytest.mark.parametrize(
    "given", [{"update_fields": None}, {"force_insert": False, "force_update": False}, {"using": None}]
)
def test_arguments_that_say_nothing_change_nothing(app: DjangoDash, given: dict[str, Any]) -> None:
    """``asave`` gives all of them."""
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row = DashApp.objects.get()
    saved_by_another(2)
    row.save(**given)
    assert DashApp.objects.get().current_state() == {"text": {"value": 2}}


@pytest.mark.django_db(transaction=True)
def test_what_is_being_committed_does_not_count_as_rolled_back(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})

    def at_the_commit() -> None:
        saved_by_another("newer")
        row.save()

    with transaction.atomic():
        transaction.on_commit(at_the_commit)
        row.update_current_state("text", "value", "older")
        row.handle_current_state()
    assert DashApp.objects.get().current_state() == {"text": {"value": "newer"}}


def test_changes_of_one_transaction_are_remembered_together(
    app: DjangoDash, django_capture_on_commit_callbacks: Any
) -> None:
    row = DashApp.objects.create_for(app, "One", state={"text": {"value": 1, "title": "t"}})
    with rolled_back():
        for number in range(20):
            row.update_current_state("text", "value", number)
            with django_capture_on_commit_callbacks() as waiting:
                row.handle_current_state()
        with transaction.atomic():
            row.update_current_state("text", "title", "inner")
            row.handle_current_state()
    assert len(waiting) == 1, "that for state_saved"
    row.save()
    assert DashApp.objects.get().current_state() == {"text": {"value": 19, "title": "inner"}}


def test_what_was_rolled_back_does_not_come_over_a_state_that_is_assigned_later(app: DjangoDash) -> None:
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row = DashApp.objects.get()
    with rolled_back():
        row.update_current_state("text", "value", 2)
        row.handle_current_state()
    row.base_state = '{"text": {"value": 3}}'
    row.save()
    assert DashApp.objects.get().current_state() == {"text": {"value": 3}}


def test_fields_that_are_named_are_all_that_is_written(app: DjangoDash) -> None:
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row = DashApp.objects.get()
    with rolled_back():
        row.update_current_state("text", "value", 2)
        row.handle_current_state()
    row.save_on_change = True
    row.save(update_fields=(name for name in ["save_on_change"]))
    stored = DashApp.objects.get()
    assert (stored.current_state(), stored.save_on_change) == ({"text": {"value": 1}}, True)
    row.save()
    assert DashApp.objects.get().current_state() == {"text": {"value": 2}}


def test_saving_a_row_that_was_deleted_does_not_make_it_anew(app: DjangoDash) -> None:
    row = DashApp.objects.create_for(app, "One")
    DashApp.objects.all().delete()
    with pytest.raises(DatabaseError, match="did not affect any rows"):
        row.save()


@pytest.mark.parametrize(("way", "value"), [("populate_values", 2), ("reset", "hello")])
def test_populating_keeps_what_is_still_to_be_saved_and_resetting_does_not(
    app: DjangoDash, way: str, value: Any
) -> None:
    DashApp.objects.create_for(app, "One", state={"text": {"value": 1}})
    row = DashApp.objects.get()
    row.update_current_state("text", "value", 2)
    getattr(row, way)()
    assert row.current_state()["text"]["value"] == value
    row.handle_current_state()
    assert row.current_state() == DashApp.objects.get().current_state()
    assert row.current_state()["text"]["value"] == value


class Replica:
    """A database router."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, *args: Any, **hints: Any) -> bool:
        return True


SEVERAL_DATABASES = """
import sys
from django.conf import settings

def database(name):
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{sys.argv[1]}/{name}.sqlite3"}

settings.configure(
    SECRET_KEY="x",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_plotly_dash"],
    DATABASES={"default": database("one"), "replica": database("one"), "other": database("other")},
    DATABASE_ROUTERS=["tests.test_models.Replica"],
)
import django; django.setup()
from django.core.management import call_command
from django_plotly_dash.models import DashApp, StatelessApp

def value(row, using):
    return DashApp.objects.using(using).get(pk=row.pk).current_state()["text"]["value"]

for using in ("default", "other"):
    call_command("migrate", verbosity=0, database=using)
    StatelessApp(app_name="App").save(using=using)
row = DashApp(stateless_app_id=1, instance_name="One", base_state='{"text": {"value": 1}}')
row.save()
mine, theirs = DashApp.objects.get(), DashApp.objects.get()
theirs.update_current_state("text", "value", 2)
theirs.handle_current_state()
mine.save()
assert value(row, "default") == 2
copy = DashApp(stateless_app_id=1, instance_name="Copy", base_state='{"text": {"value": 1}}')
copy.update_current_state("text", "value", 3)
copy.save(using="other")
assert (value(row, "default"), value(copy, "other")) == (2, 3)
"""


def test_rows_are_saved_in_the_database_that_they_belong_to(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL_DATABASES, tmp_path], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
