from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from itertools import count
from typing import Any

import pytest
from dash import Input, Output, dcc, html
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.forms import modelform_factory
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_plotly_dash import DjangoDash
from django_plotly_dash.admin_forms import DashAppForm
from django_plotly_dash.models import DashApp, StatelessApp

from .helpers import call

pytestmark = pytest.mark.django_db

LIST = "/admin/django_plotly_dash/dashapp/"
APPS = "/admin/django_plotly_dash/statelessapp/"
Staff = Callable[..., Client]


@pytest.fixture
def staff() -> Staff:
    """A client of a member of staff that has these permissions on our tables, and no others."""

    def logged_in(*codenames: str, name: str = "mara") -> Client:
        user = User.objects.create_user(name, password="x", is_staff=True)
        found = Permission.objects.filter(content_type__app_label="django_plotly_dash", codename__in=codenames)
        assert len(found) == len(codenames)
        user.user_permissions.set(found)
        client = Client()
        client.force_login(user)
        return client

    return logged_in


@pytest.fixture
def chief(admin_user: User) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


@pytest.fixture
def app() -> DjangoDash:
    made = DjangoDash("Heights")
    made.layout = html.Div([dcc.Slider(0, 100, value=40, id="height"), dcc.Input(id="name", value="Zoë")])
    return made


def row(name: str = "One", state: str = "{}", app_name: str = "Heights", **fields: Any) -> DashApp:
    app, _ = StatelessApp.objects.get_or_create(app_name=app_name)
    return DashApp.objects.create(stateless_app=app, instance_name=name, base_state=state, **fields)


def said(response: HttpResponse) -> list[str]:
    """The messages of the page, each behind its level."""
    text = response.content.decode()
    return [
        f"{level}: {unescape(m)}"
        for level, m in re.findall(r'<li class="(success|error|warning|info)">(.*?)</li>', text, re.S)
    ]


def do(client: Client, action: str, *rows: Any, url: str = LIST) -> list[str]:
    data = {"action": action, "_selected_action": [r.pk for r in rows]}
    return said(client.post(url, data, follow=True))


def page(client: Client, of: DashApp) -> str:
    response = client.get(f"{LIST}{of.pk}/change/")
    assert response.status_code == 200
    return response.content.decode()


def state_in(text: str) -> str:
    found = re.search(r'<textarea name="base_state"[^>]*>\r?\n?(.*?)</textarea>', text, re.S)
    assert found
    return unescape(found[1]).replace("\r\n", "\n")  # as a browser reads it


def form_of(text: str) -> dict[str, str]:
    """What a browser would send for the change page, with its ends of lines."""
    data = {"base_state": state_in(text).replace("\n", "\r\n")}
    for tag in re.findall(r"<input [^>]*>", text):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="(\w+)"', tag)
        if name and kind and (kind[1] in ("text", "hidden") or (kind[1] == "checkbox" and " checked" in tag)):
            data[name[1]] = unescape(value[1]) if value else "on" if kind[1] == "checkbox" else ""
    chosen = re.search(r'<select name="stateless_app".*?<option value="(\d+)" selected>', text, re.S)
    assert chosen
    return {**data, "stateless_app": chosen[1]}


def send(client: Client, of: DashApp, data: dict[str, str], **changes: str) -> HttpResponse:
    return client.post(f"{LIST}{of.pk}/change/", {**data, **changes})


def errors(response: HttpResponse) -> list[str]:
    assert response.status_code == 200, response.status_code
    return [unescape(e) for e in response.context["adminform"].form.errors.get("base_state", [])]


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_shows_what_one_looks_for(chief: Client, app: DjangoDash, admin_user: User) -> None:
    row("One", '{"height": {"value": 3, "min": 0}}', owner=admin_user, save_on_change=True)
    row("Bad", "{")
    text = chief.get(LIST).content.decode()
    for column, wanted in {
        "instance_name": "One",
        "app": "Heights",
        "page": '<a href="/dash/instance/one/" title="Open the page">one</a>',
        "owner": "admin",
        "saves": "icon-yes",
        "state": "2 values",
    }.items():
        cells = re.findall(rf'<t[dh] class="field-{column}(?: [^"]*)?">(.*?)</t[dh]>', text, re.S)
        assert len(cells) == 2, column
        assert wanted in cells[1], column
    assert "unreadable" in text
    assert "field-update" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=second", ["Second"]),
        ("?q=first-slug", ["First"]),
        ("?q=heights", ["First", "Second"]),
        ("?q=admin", ["First"]),
        ("?save_on_change__exact=1", ["Second"]),
        ("?owner__id__exact={admin}", ["First"]),
        ("?stateless_app__id__exact={other}", ["Third"]),
        ("?q=nothing", []),
    ],
)
def test_the_list_can_be_searched_and_filtered(chief: Client, admin_user: User, query: str, found: list[str]) -> None:
    row("First", slug="first-slug", owner=admin_user)
    row("Second", save_on_change=True)
    other = row("Third", app_name="Other").stateless_app
    text = chief.get(LIST + query.format(admin=admin_user.pk, other=other.pk)).content.decode()
    assert re.findall(r'<th class="field-instance_name"><a[^>]*>(.*?)</a>', text) == found


def test_many_rows_take_few_queries(chief: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        row(f"Number {number}")
    with django_assert_max_num_queries(12):
        assert chief.get(LIST).status_code == 200
    for number in range(30):
        StatelessApp.objects.create(app_name=f"App {number}")
    with django_assert_max_num_queries(12):
        assert chief.get(APPS).status_code == 200


# --- actions ---------------------------------------------------------------------------------------------------------


def test_populating_adds_what_the_layout_has(chief: Client, app: DjangoDash) -> None:
    one, two = row("One", '{"height": {"value": 7}}'), row("Two")
    (message,) = do(chief, "populate", one, two)
    assert message.startswith("success: 2 instances populated: One (")
    for one_of, value in ((one, 7), (two, 40)):
        one_of.refresh_from_db()
        state = one_of.current_state()
        assert (state["height"]["value"], state["height"]["max"], state["name"]) == (value, 100, {"value": "Zoë"})
    assert LogEntry.objects.filter(change_message__contains="Populated").count() == 2


def test_resetting_brings_the_layouts_values_back(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"height": {"value": 7}, "gone": {"x": 1}}')
    (message,) = do(chief, "reset", one)
    assert message.startswith("success: 1 instance reset: One (")
    one.refresh_from_db()
    assert one.current_state()["height"]["value"] == 40
    assert "gone" not in one.current_state()


def test_a_clone_has_a_name_a_slug_and_a_life_of_its_own(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"height": {"value": 7}}', save_on_change=True)
    assert do(chief, "clone", one) == ["success: 1 instance cloned: One as One copy."]
    assert do(chief, "clone", one) == ["success: 1 instance cloned: One as One copy 2."]
    first, second = DashApp.objects.exclude(pk=one.pk).order_by("pk")
    assert (first.slug, second.slug) == ("one-copy", "one-copy-2")
    assert one.owner is None
    assert first.owner == User.objects.get(pk=chief.session["_auth_user_id"])
    for copy in (first, second):
        assert (copy.current_state(), copy.save_on_change) == ({"height": {"value": 7}}, True)
    first.reset()
    one.refresh_from_db()
    assert one.current_state() == {"height": {"value": 7}}


@pytest.mark.parametrize("action", ["populate", "reset", "clone"])
def test_a_broken_state_is_left_alone(chief: Client, app: DjangoDash, action: str) -> None:
    bad, good = row("Bad", '{"height": '), row("Good")
    failed, done = sorted(do(chief, action, bad, good))
    assert failed.startswith("error: Bad was not ")
    assert "cannot be read" in failed
    assert "Line 1, column 12" in failed
    assert done.startswith("success: 1 instance ")
    bad.refresh_from_db()
    assert bad.base_state == '{"height": '
    assert DashApp.objects.filter(base_state='{"height": ').count() == 1


@pytest.mark.parametrize("action", ["populate", "reset"])
def test_an_app_that_is_not_here_is_said(chief: Client, action: str) -> None:
    lost = row("Lost", '{"a": {"b": 1}}', app_name="Gone")
    (message,) = do(chief, action, lost)
    assert message.startswith("error: Lost was not ")
    assert "There is no DjangoDash app named 'Gone'" in message
    lost.refresh_from_db()
    assert lost.base_state == '{"a": {"b": 1}}'


@pytest.mark.parametrize("action", ["populate", "reset"])
def test_a_layout_that_raises_is_said(chief: Client, action: str) -> None:
    def layout() -> Any:
        raise ZeroDivisionError("no data <today>")

    DjangoDash("Heights").layout = layout
    (message,) = do(chief, action, row("One"))
    assert re.match(r"error: One was not (populated|reset): ZeroDivisionError: no data <today>", message)


def test_too_large_a_layout_is_said_and_nothing_is_written(chief: Client, settings: Any) -> None:
    settings.PLOTLY_DASH = {"state_max_bytes": 1000}
    DjangoDash("Heights").layout = dcc.Input(id="text", value="x" * 2000)
    one = row("One")
    (message,) = do(chief, "populate", one)
    assert message.startswith("error: One was not populated: The state of 'One' would have ")
    one.refresh_from_db()
    assert one.base_state == "{}"


@pytest.mark.parametrize(
    ("permissions", "offered"),
    [
        (["view_dashapp"], set()),
        (["view_dashapp", "change_dashapp"], {"populate", "reset"}),
        (["view_dashapp", "add_dashapp"], {"clone"}),
    ],
)
def test_actions_are_for_those_who_may(
    staff: Staff, app: DjangoDash, permissions: list[str], offered: set[str]
) -> None:
    client, one = staff(*permissions), row("One")
    text = client.get(LIST).content.decode()
    assert set(re.findall(r'<option value="(populate|reset|clone)"', text)) == offered
    for action in {"populate", "reset", "clone"} - offered:
        assert not [m for m in do(client, action, one) if m.startswith("success")]
    one.refresh_from_db()
    assert (one.base_state, DashApp.objects.count()) == ("{}", 1)


# --- the state as text -----------------------------------------------------------------------------------------------


def test_the_state_is_laid_out_and_saving_it_unread_changes_nothing(chief: Client, app: DjangoDash) -> None:
    stored = '{"name":  {"value": "Zo\\u00eb \\ud83d\\ude00", "n": 18446744073709551615}, "a": {"x": 0.10}}'
    one = row("One", stored)
    text = page(chief, one)
    assert state_in(text).splitlines()[1:4] == [
        '  "name": {',
        '    "value": "Zoë 😀",',
        '    "n": 18446744073709551615',
    ]
    assert send(chief, one, form_of(text), instance_name="Another name").status_code == 302
    one.refresh_from_db()
    assert (one.base_state, one.instance_name) == (stored, "Another name")
    assert LogEntry.objects.get().get_change_message() == "Changed Instance name."


def test_a_changed_state_is_stored_with_its_order_and_its_numbers(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"a": {"x": 1}}')
    text = '{"z": {"b": 18446744073709551615,\r\n "a": 1.10},\r\n "name": {"value": "Zoë"}}'
    assert send(chief, one, form_of(page(chief, one)), base_state=text).status_code == 302
    one.refresh_from_db()
    # letters as escapes: a table of the older package may have any character set
    assert one.base_state == '{"z":{"b":18446744073709551615,"a":1.10},"name":{"value":"Zo\\u00eb"}}'
    assert one.current_state()["name"] == {"value": "Zoë"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": {\r\n  "x": }}', "Line 2, column 8: This is not JSON: Expecting value"),
        ("", "Line 1, column 1: This is not JSON"),
        ("[1]", 'This is a list. It has to be an object of components, {"component id": {"property": value}}.'),
        ('{"a": {},\r\n "height": 3}', "Line 2, column 2: What stands for 'height' is a number."),
        ('{"a": {"b": 18446744073709551616}}', "Line 1, column 2: 'a', 'b': A number has 65 bits"),
        ('{"a": {"x": 1, "x": 2}}', "The key 'x' stands twice in one object"),
        ('{"{\\"n\\":1}": {"x": 1}, "{\\"n\\": 1}": {"x": 2}}', "are the same id"),
        ('{"a": {"x": NaN}}', "NaN is no value of JSON"),
        (json.dumps({"a": {"x": "y" * 2000}}), "would have 2014 bytes, and PLOTLY_DASH['state_max_bytes'] is 1000"),
    ],
)
def test_what_cannot_be_a_state_is_an_error_at_the_field(
    chief: Client, app: DjangoDash, settings: Any, text: str, message: str
) -> None:
    settings.PLOTLY_DASH = {"state_max_bytes": 1000}
    one = row("One", '{"a": {"x": 1}}')
    response = send(chief, one, form_of(page(chief, one)), base_state=text, instance_name="Not this")
    (error,) = errors(response)
    assert message in error
    assert state_in(response.content.decode()) == text.replace("\r\n", "\n")  # nothing that was typed is lost
    one.refresh_from_db()
    assert (one.base_state, one.instance_name) == ('{"a": {"x": 1}}', "One")


@pytest.mark.parametrize("broken", ['{"a": ', "[1, 2]", '{"a": 3}', "not\r\n json", "[" * 100_000])
def test_a_broken_state_is_shown_as_it_is_and_stays_until_it_is_corrected(
    chief: Client, app: DjangoDash, broken: str
) -> None:
    one = row("One", broken)
    text = page(chief, one)
    assert "What is saved cannot be read." in text
    assert "The state cannot be read, so the app is not shown here" in text
    assert "<iframe" not in text
    data = form_of(text)
    (error,) = errors(send(chief, one, data, instance_name="Not this"))
    assert "cannot be read" in error
    one.refresh_from_db()
    assert (one.base_state, one.instance_name) == (broken, "One")
    assert send(chief, one, data, base_state='{"a": {"x": 1}}').status_code == 302
    one.refresh_from_db()
    assert one.base_state == '{"a":{"x":1}}'


def test_what_the_older_package_wrote_for_no_number_does_not_stand_in_the_way(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"a": {"x": NaN}}')
    assert send(chief, one, form_of(page(chief, one)), slug="first").status_code == 302
    one.refresh_from_db()
    assert (one.slug, one.base_state) == ("first", '{"a": {"x": NaN}}')


def test_an_instance_can_be_added(chief: Client, app: DjangoDash) -> None:
    heights = StatelessApp.objects.create(app_name="Heights")
    data = {
        "stateless_app": heights.pk,
        "instance_name": "",
        "slug": "",
        "base_state": '{"a": {"x": "é"}}',
        "owner": "",
    }
    assert chief.get(f"{LIST}add/").status_code == 200
    assert chief.post(f"{LIST}add/", {**data, "base_state": "{"}).status_code == 200
    assert chief.post(f"{LIST}add/", data).status_code == 302
    made = DashApp.objects.get()
    assert (made.instance_name, made.slug) == ("Heights instance", "heights-instance")
    assert made.current_state() == {"a": {"x": "é"}}


def test_names_of_any_script_can_be_saved(chief: Client, app: DjangoDash) -> None:
    one = row("Übersicht 概要")
    assert send(chief, one, form_of(page(chief, one)), save_on_change="on").status_code == 302
    one.refresh_from_db()
    assert (one.slug, one.save_on_change) == ("übersicht-概要", True)


# --- while the form is open ------------------------------------------------------------------------------------------


def test_other_fields_can_be_saved_while_a_callback_saves_the_state(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"height": {"value": 1}}')
    data = form_of(page(chief, one))
    DashApp.objects.filter(pk=one.pk).update(base_state='{"height": {"value": 2}}')
    assert send(chief, one, data, instance_name="Renamed").status_code == 302
    one.refresh_from_db()
    assert (one.base_state, one.instance_name) == ('{"height": {"value": 2}}', "Renamed")


def test_a_state_that_was_saved_meanwhile_is_not_overwritten_unseen(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"height": {"value": 1}}')
    data = form_of(page(chief, one))
    DashApp.objects.filter(pk=one.pk).update(base_state='{"height": {"value": "<script>", "by": 1}}')
    mine = '{"height": {"value": 3}}'
    response = send(chief, one, data, base_state=mine)
    (error,) = errors(response)
    assert "was changed while this form was open" in error
    assert '"value": "<script>"' in error
    assert '"by"' not in error  # which is no trouble
    text = response.content.decode()
    assert "<script>&quot;" not in text
    assert "&lt;script&gt;" in text
    assert state_in(text) == mine
    one.refresh_from_db()
    assert one.base_state == '{"height": {"value": "<script>", "by": 1}}'
    # the person has seen it now, and decides
    assert send(chief, one, form_of(text)).status_code == 302
    one.refresh_from_db()
    assert one.current_state() == {"height": {"value": 3, "by": 1}}


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        ({"a": {"x": 5, "y": 2}}, {"a": {"x": 1, "y": 6}}, {"a": {"x": 5, "y": 6}}),
        ({"a": {"x": 1, "y": 2}, "b": {"z": 3}}, {"a": {"x": 7, "y": 2}}, {"a": {"x": 7, "y": 2}, "b": {"z": 3}}),
        ({"a": {"x": 1}}, {"a": {"x": True, "y": 2}}, {"a": {"x": True}}),
        ({"a": {"x": 5, "y": 2}}, {"a": {"x": 1}}, {"a": {"x": 5}}),
        ({"a": {"x": 5, "y": 2}}, {"a": {"x": 5, "y": 6, "z": None}}, {"a": {"x": 5, "y": 6, "z": None}}),
        ({"a": {"y": 2}, "c": {}}, {"a": {"x": 1, "y": 6}}, {"a": {"y": 6}, "c": {}}),
    ],
)
def test_what_was_changed_in_the_form_and_what_was_saved_meanwhile_are_merged(
    chief: Client, app: DjangoDash, mine: Any, theirs: Any, both: Any
) -> None:
    one = row("One", '{"a": {"x": 1, "y": 2}}')
    data = form_of(page(chief, one))
    DashApp.objects.filter(pk=one.pk).update(base_state=json.dumps(theirs))
    assert send(chief, one, data, base_state=json.dumps(mine)).status_code == 302
    one.refresh_from_db()
    assert one.current_state() == both


def test_what_another_person_has_removed_is_not_shown_as_null(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"a": {"x": 1, "y": 2}}')
    data = form_of(page(chief, one))
    DashApp.objects.filter(pk=one.pk).update(base_state='{"a": {"x": null}}')
    response = send(chief, one, data, base_state='{"a": {"x": 5, "y": 6}}')
    (error,) = errors(response)
    assert "These are not tracked any more: a.y." in error
    assert error.count("null") == 1, "that of x"
    assert send(chief, one, form_of(response.content.decode())).status_code == 302
    one.refresh_from_db()
    assert one.current_state() == {"a": {"x": 5, "y": 6}}


def test_the_state_can_be_changed_although_the_preview_saves_again_and_again(chief: Client) -> None:
    app = DjangoDash("Clock")
    app.layout = html.Div([dcc.Interval(id="tick"), html.H1(id="title"), html.P(id="now")])
    times = count(1)

    @app.callback(Output("now", "children"), Input("tick", "n_intervals"))
    def tell(_: Any) -> int:
        return next(times)

    state = '{"title": {"children": "old"}, "now": {"children": 0}}'
    one = row("One", state, "Clock", save_on_change=True)

    def preview() -> None:
        assert call(Client(), app, "now.children", None, url=one.url, changed=[]).status_code == 200

    data = form_of(page(chief, one))
    preview()
    assert send(chief, one, data, base_state=state.replace("old", "new")).status_code == 302
    assert DashApp.objects.get().current_state() == {"title": {"children": "new"}, "now": {"children": 1}}
    # what the callback itself changes can be decided too, once
    data = form_of(page(chief, one))
    preview()
    response = send(chief, one, data, base_state=state.replace("0", "-1"))
    assert '"children": 2' in errors(response)[0]
    preview()
    assert send(chief, one, form_of(response.content.decode())).status_code == 302
    assert DashApp.objects.get().current_state() == {"title": {"children": "old"}, "now": {"children": -1}}


@pytest.mark.parametrize(("before", "now"), [("{", '{"a": {"x": 2}}'), ('{"a": {"x": 1}}', "[")])
def test_a_state_that_cannot_be_read_is_not_merged(chief: Client, app: DjangoDash, before: str, now: str) -> None:
    one = row("One", before)
    data = form_of(page(chief, one))
    DashApp.objects.filter(pk=one.pk).update(base_state=now)
    response = send(chief, one, data, base_state='{"a": {"x": 3}}')
    assert "was changed while this form was open" in errors(response)[0]
    assert send(chief, one, form_of(response.content.decode())).status_code == 302
    one.refresh_from_db()
    assert one.base_state == '{"a":{"x":3}}'


def test_an_error_does_not_make_the_form_forget_what_it_was_made_of(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"height": {"value": 1}}')
    first = send(chief, one, form_of(page(chief, one)), base_state="{")
    DashApp.objects.filter(pk=one.pk).update(base_state='{"height": {"value": 2}}')
    (error,) = errors(send(chief, one, form_of(first.content.decode()), base_state='{"height": {"value": 3}}'))
    assert "was changed while this form was open" in error


def test_the_same_change_by_two_is_no_conflict(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"height": {"value": 1}}')
    data = form_of(page(chief, one))
    DashApp.objects.filter(pk=one.pk).update(base_state='{"height": {"value": 2}}')
    assert send(chief, one, data, base_state='{ "height": {"value": 2} }').status_code == 302
    one.refresh_from_db()
    assert one.base_state == '{"height": {"value": 2}}'


def test_a_form_without_the_seal_overwrites_nothing(chief: Client, app: DjangoDash) -> None:
    one = row("One", '{"height": {"value": 1}}')
    data = form_of(page(chief, one))
    del data["base_state_seen"]
    for forged in ({}, *({"base_state_seen": seen} for seen in ("x", "[1]", '{"values": [1]}', '{"text": null}'))):
        (error,) = errors(send(chief, one, {**data, **forged}, base_state="{}"))
        assert "was changed while" in error


def test_a_row_that_was_deleted_meanwhile_is_said(app: DjangoDash) -> None:
    one = row("One", '{"height": {"value": 1}}')
    fields = {"stateless_app": one.stateless_app_id, "instance_name": "One", "slug": "one", "base_state": "{}"}
    form = modelform_factory(DashApp, form=DashAppForm, fields=list(fields))(fields, instance=one)
    DashApp.objects.filter(pk=one.pk).delete()
    assert form.errors["base_state"] == ["The saved instance 'One' was deleted; its state was not saved."]


def test_two_saves_change_their_own_columns_only(chief: Client, app: DjangoDash, monkeypatch: Any) -> None:
    """A callback that saves between the form's check and its write is not undone."""
    one = row("One", '{"height": {"value": 1}}')
    data = form_of(page(chief, one))
    save = DashApp.save

    def late(self: DashApp, *args: Any, **kwargs: Any) -> None:
        DashApp.objects.filter(pk=self.pk).update(base_state='{"height": {"value": 9}}')
        save(self, *args, **kwargs)

    monkeypatch.setattr(DashApp, "save", late)
    assert send(chief, one, data, instance_name="Renamed").status_code == 302
    one.refresh_from_db()
    assert (one.instance_name, one.base_state) == ("Renamed", '{"height": {"value": 9}}')


# --- the preview -----------------------------------------------------------------------------------------------------


def test_the_change_page_shows_the_app(chief: Client, app: DjangoDash) -> None:
    text = page(chief, row("One"))
    assert re.findall(r'<iframe src="([^"]+)" title="([^"]+)"', text) == [("/dash/instance/one/", "One")]
    assert re.search(r'<a href="/dash/instance/one/" target="_blank"', text)


def test_the_preview_is_of_what_is_saved_whatever_the_form_says(chief: Client, app: DjangoDash) -> None:
    one = row("One")
    response = send(chief, one, form_of(page(chief, one)), slug="other", base_state="{")
    assert 'src="/dash/instance/one/"' in response.content.decode()


def test_an_app_that_is_not_here_is_said_in_the_place_of_the_preview(chief: Client) -> None:
    text = page(chief, row("Lost", app_name="Gone"))
    assert "There is no DjangoDash app named &#x27;Gone&#x27;." in text
    assert "<iframe" not in text


def test_urls_that_are_not_included_are_said(chief: Client, app: DjangoDash, write: Any, settings: Any) -> None:
    lines = [
        "from django.contrib import admin",
        "from django.urls import path",
        "urlpatterns = [path('admin/', admin.site.urls)]",
    ]
    write({"only_admin.py": "\n".join(lines)})
    settings.ROOT_URLCONF = "only_admin"
    one = row("One")
    assert "are not included in the URLconf" in page(chief, one)
    assert chief.get(LIST).status_code == 200
    assert chief.get(APPS).status_code == 200
    (message,) = do(chief, "check_apps", one.stateless_app, url=APPS)
    assert message.startswith("warning: Heights: made by ")
    assert "not included in the URLconf" in message


def test_who_may_only_look_sees_the_state_as_text(staff: Staff, app: DjangoDash) -> None:
    one = row("One", '{"a": {"x": "\\u00e9<b>"}}')
    client = staff("view_dashapp")
    text = page(client, one)
    assert "<textarea" not in text
    assert "&quot;é&lt;b&gt;&quot;" in text
    assert "<iframe" in text
    data = {"stateless_app": one.stateless_app_id, "instance_name": "x", "slug": "x", "base_state": "{}"}
    assert client.post(f"{LIST}{one.pk}/change/", data).status_code == 403
    bad = row("Bad", "{")
    assert "cannot be read" in page(client, bad)


def test_nobody_else_gets_in(client: Client, app: DjangoDash, staff: Staff) -> None:
    one = row("One")
    for url in (LIST, APPS, f"{LIST}{one.pk}/change/"):
        assert client.get(url).status_code == 302
        assert staff(name=f"nobody{len(url)}").get(url).status_code == 403


# --- apps ------------------------------------------------------------------------------------------------------------


def test_the_list_of_apps_shows_callbacks_url_and_module(chief: Client) -> None:
    made = DjangoDash("Heights")
    made.layout = html.Div([dcc.Input(id="a"), html.P(id="b"), html.P(id="c")])
    made.callback(Output("b", "children"), Input("a", "value"))(lambda a: a)
    made.clientside_callback("a => a", Output("c", "children"), Input("a", "value"))
    row("One")
    row("Two")
    row("Lost", app_name="Gone")
    text = chief.get(APPS).content.decode()
    cells = {
        column: [re.sub("<[^>]+>", "", cell) for cell in re.findall(rf'field-{column}[^"]*">(.*?)</t[dh]>', text, re.S)]
        for column in ("app_name", "module", "pages", "callbacks", "instances")
    }
    assert cells == {
        "app_name": ["Gone", "Heights"],
        "module": ["-", __name__],
        "pages": ["-", "/dash/app/heights/"],
        "callbacks": ["-", "2"],
        "instances": ["1", "2"],
    }
    assert re.findall(r"icon-(yes|no)", text) == ["no", "yes"]
    heights = StatelessApp.objects.get(app_name="Heights")
    assert f'{LIST}?stateless_app__id__exact={heights.pk}">2</a>' in text
    change = chief.get(f"{APPS}{heights.pk}/change/").content.decode()
    assert __name__ in change
    assert chief.get(f"{APPS}add/").status_code == 200


def test_apps_are_checked(staff: Staff, app: DjangoDash) -> None:
    one, lost = row("One"), row("Lost", app_name="Hights")
    client = staff("view_statelessapp")
    gone, here = sorted(do(client, "check_apps", one.stateless_app, lost.stateless_app, url=APPS))
    assert here == f"success: Heights: made by {__name__}, 0 callbacks at /dash/app/heights/."
    assert gone.startswith("error: Hights: There is no DjangoDash app named 'Hights'. The nearest known names are: ")
    assert "Heights" in gone


def test_a_loader_that_fails_is_said(chief: Client, settings: Any) -> None:
    def load(name: str) -> DjangoDash:
        raise OSError("the disk is away")

    settings.PLOTLY_DASH = {"stateless_loader": load}
    lost = row("Lost", app_name="Gone")
    assert chief.get(APPS).status_code == 200
    (message,) = do(chief, "check_apps", lost.stateless_app, url=APPS)
    assert message == "error: Gone: PLOTLY_DASH['stateless_loader'] fails for 'Gone': OSError: the disk is away"
    assert "the disk is away" in page(chief, lost)


def test_finding_apps_makes_rows_for_those_that_have_none(staff: Staff, app: DjangoDash) -> None:
    DjangoDash("N" * 101)
    StatelessApp.objects.create(app_name="Gone")
    client = staff("view_statelessapp", "add_statelessapp")
    assert "Find apps</button>" in client.get(APPS).content.decode()
    made, *others = said(client.post(f"{APPS}find-apps/", follow=True))
    assert made.startswith("success: Rows were made for these apps: ")
    assert "Heights" in made
    assert [m.partition("NNN")[0] for m in others if "NNN" in m] == ["error: The app "]
    assert "warning: No module of this site makes these apps: Gone." in others
    count = StatelessApp.objects.count()
    assert StatelessApp.objects.get(app_name="Heights").slug == "heights"
    again = said(client.post(f"{APPS}find-apps/", follow=True))
    assert not [m for m in again if m.startswith("success")]
    assert StatelessApp.objects.count() == count


@pytest.mark.parametrize("url", [f"{APPS}find-apps/", "/dash/add_stateless_apps"])
def test_finding_apps_is_for_those_who_may_and_for_posts(
    staff: Staff, client: Client, app: DjangoDash, url: str
) -> None:
    assert client.post(url).status_code in (302, 403)
    viewer = staff("view_statelessapp")
    assert "Find apps</button>" not in viewer.get(APPS).content.decode()
    assert viewer.post(url).status_code == 403
    adder = staff("view_statelessapp", "add_statelessapp", name="adder")
    assert adder.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="adder"))
    assert strict.post(url).status_code == 403
    assert not StatelessApp.objects.exists()
    assert adder.post(url).status_code == 302
    assert StatelessApp.objects.filter(app_name="Heights").exists()


def test_without_the_admin_the_answer_is_a_text(staff: Staff, app: DjangoDash, write: Any, settings: Any) -> None:
    lines = [
        "from django.urls import include, path",
        "urlpatterns = [path('', include('django_plotly_dash.urls'))]",
    ]
    write({"only_ours.py": "\n".join(lines)})
    settings.ROOT_URLCONF = "only_ours"
    response = staff("add_statelessapp").post("/add_stateless_apps")
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert "Rows were made for these apps: " in response.content.decode()


def test_looking_writes_nothing(chief: Client, app: DjangoDash) -> None:
    one = row("One")
    with CaptureQueriesContext(connection) as queries:
        for url in (LIST, APPS, f"{LIST}{one.pk}/change/", f"{APPS}{one.stateless_app_id}/change/", f"{APPS}add/"):
            assert chief.get(url).status_code == 200
    assert not [q["sql"] for q in queries if re.match("INSERT|UPDATE|DELETE", q["sql"])]


def test_an_app_with_instances_is_not_deleted(chief: Client, app: DjangoDash) -> None:
    one = row("One")
    chief.post(f"{APPS}{one.stateless_app_id}/delete/", {"post": "yes"})
    assert DashApp.objects.filter(pk=one.pk).exists()
