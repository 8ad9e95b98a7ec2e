"""``manage.py dash_apps`` and ``manage.py dash_state``."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dash import Input, Output, dcc, html
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from django_plotly_dash import DjangoDash
from django_plotly_dash.models import DashApp, StatelessApp
from tests.helpers import needs_signed_handles

ROOT = Path(__file__).parent.parent
COLUMNS = (
    "slug",
    "instance_name",
    "base_state",
    "save_on_change",
    "creation",
    "update",
    "owner_id",
    "stateless_app_id",
)


def run(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def row(name: str, state: str = "{}", app_name: str = "Heights", **fields: Any) -> DashApp:
    app, _ = StatelessApp.objects.get_or_create(app_name=app_name)
    return DashApp.objects.create(stateless_app=app, instance_name=name, base_state=state, **fields)


@pytest.fixture
def app() -> DjangoDash:
    made = DjangoDash("Heights")
    made.layout = html.Div([dcc.Input(id="a"), html.P(id="b"), html.P(id="c")])
    made.callback(Output("b", "children"), Input("a", "value"))(lambda a: a)
    made.clientside_callback("a => a", Output("c", "children"), Input("a", "value"))
    return made


# --- dash_apps -------------------------------------------------------------------------------------------------------


def listed(**options: Any) -> dict[str, Any]:
    return {info["name"]: info for info in json.loads(run("dash_apps", format="json", **options))}


@pytest.mark.django_db
def test_apps_are_listed_as_a_table(app: DjangoDash) -> None:
    row("One")
    row("Lost", app_name="Gone")
    header, *lines = run("dash_apps").splitlines()
    assert header.split() == ["NAME", "MODULE", "URL", "CALLBACKS", "BACKGROUND", "INSTANCES"]
    (line,) = [line for line in lines if line.startswith("Heights ")]
    assert line.split() == ["Heights", __name__, "/dash/app/heights/", "2", "0", "1"]
    assert lines[-1].split("  ")[0] == "Gone"
    assert "no module makes it" in lines[-1]
    names = [line.split()[0].lower() for line in lines[:-1]]
    assert names == sorted(names)


@pytest.mark.django_db
def test_apps_are_listed_as_json(app: DjangoDash) -> None:
    DjangoDash("Größe")
    row("One")
    row("Two")
    row("Lost", app_name="Gone")
    found = listed()
    assert found["Heights"] == {
        "name": "Heights",
        "slug": "heights",
        "module": __name__,
        "urls": ["/dash/app/heights/"],
        "callbacks": 2,
        "background": 0,
        "instances": 2,
    }
    assert found["Größe"]["urls"] == ["/dash/app/größe/"]
    assert (found["Gone"]["module"], found["Gone"]["urls"], found["Gone"]["instances"]) == (None, [], 1)


@needs_signed_handles
@pytest.mark.django_db
def test_background_callbacks_are_counted_and_those_of_dash_callback_too(write: Any, settings: Any) -> None:
    lines = [
        "from dash import Input, Output, callback, html",
        "from django_plotly_dash import DjangoDash",
        "app = DjangoDash('Jobs')",
        "app.layout = html.Div(id='a')",
        "@app.callback(Output('a', 'children'), Input('a', 'n_clicks'), background=True)",
        "def slow(n): return n",
        "@callback(Output('a', 'title'), Input('a', 'n_clicks'))",
        "def quick(n): return n",
    ]
    write({"jobs/dash_apps.py": "\n".join(lines)})
    __import__("jobs.dash_apps")
    found = listed()["Jobs"]
    assert (found["callbacks"], found["background"]) == (2, 1)


@pytest.mark.django_db
def test_every_mount_has_a_url(app: DjangoDash, write: Any, settings: Any) -> None:
    lines = [
        "from django.urls import include, path",
        "from django.conf.urls.i18n import i18n_patterns",
        "ours = 'django_plotly_dash.urls'",
        "urlpatterns = [",
        "    path('one/', include(ours)),",
        "    path('two/', include(([path('in/', include(ours, namespace='other'))], 'outer'))),",
        "    path('teams/<slug:team>/', include(ours, namespace='teams')),",
        "    *i18n_patterns(path('three/', include(ours, namespace='third'))),",
        "]",
    ]
    write({"mounts.py": "\n".join(lines)})
    settings.ROOT_URLCONF = "mounts"
    urls = ["/one/app/heights/", "/two/in/app/heights/", "/teams/<slug:team>/app/heights/", "/en-us/three/app/heights/"]
    assert listed()["Heights"]["urls"] == urls
    text = run("dash_apps")
    assert all(url in text for url in urls)


def test_the_list_works_before_migrate_and_without_urls(tmp_path: Path) -> None:
    """In a process of its own, since a database that was never migrated is needed."""
    code = """
import json, sys, types
from django.conf import settings
settings.configure(SECRET_KEY="x", INSTALLED_APPS=["django_plotly_dash"], DATABASES={databases})
import django
django.setup()
from django.core.management import call_command
from django_plotly_dash import DjangoDash
call_command("dash_apps")
DjangoDash("First")
call_command("dash_apps")
call_command("dash_apps", format="json")
try:
    call_command("dash_state", "export")
except Exception as error:
    print(type(error).__name__, error)
"""
    sqlite = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "empty.sqlite3")}}
    for databases in (sqlite, {}):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code.replace("{databases}", repr(databases))],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        nothing, table, _, rest = done.stdout.split("\n", 3)
        assert nothing.startswith("No apps were found.")
        assert table.startswith("NAME ")
        assert '"instances": null' in rest
        assert '"urls": []' in rest
        assert rest.splitlines()[-1].startswith("CommandError The database cannot answer: ")


# --- dash_state ------------------------------------------------------------------------------------------------------


def stored() -> list[tuple[Any, ...]]:
    return list(DashApp.objects.order_by("slug").values_list(*COLUMNS))


@pytest.fixture
def rows(db: None) -> list[DashApp]:
    anna = User.objects.create_user("anna")
    return [
        row("One", '{"height": {"value": 3, "big": 18446744073709551615}}', owner=anna, save_on_change=True),
        row("Übersicht 概要", '{"gr\\u00f6\\u00dfe": {"value": "\\u00fc \\ud83d\\ude00"}}'),
        row("Broken", '{"height": '),
        row("Not a number", '{"a": {"x": NaN}}'),
        row("Lost", '{"a": {"b": [1.5, null, true]}}', app_name="Gone"),
    ]


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_what_was_exported_comes_back_as_it_was(
    rows: list[DashApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    before, file = stored(), tmp_path / "states.json"
    apps = list(StatelessApp.objects.order_by("pk").values_list("app_name", "slug"))
    if way == "file":
        assert run("dash_state", "export", "--output", str(file)) == ""
    else:
        file.write_text(run("dash_state", "export"), encoding="utf-8")
    DashApp.objects.all().delete()
    StatelessApp.objects.all().delete()
    if way == "file":
        said = run("dash_state", "import", str(file))
    else:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes()), encoding="ascii"))
        said = run("dash_state", "import", "-")
    assert "5 instances were made: " in said
    assert "2 apps were given a row: " in said
    assert "1 of the instances have a state that cannot be read, and keep it: broken." in said
    assert [line[:-1] for line in stored()] == [line[:-1] for line in before]
    assert set(StatelessApp.objects.values_list("app_name", "slug")) == set(apps)
    assert {r.slug: r.stateless_app.app_name for r in DashApp.objects.all()}["lost"] == "Gone"


def test_letters_are_written_as_themselves(rows: list[DashApp], tmp_path: Path) -> None:
    file = tmp_path / "states.json"
    DashApp.objects.filter(slug="übersicht-概要").update(base_state='{"größe": {"value": "\\u00fc"}}')
    run("dash_state", "export", "übersicht-概要", "--output", str(file))
    text = file.read_text(encoding="utf-8")
    assert '"größe"' in text
    assert '"ü"' in text
    (entry,) = json.loads(text)["instances"]
    assert (entry["slug"], entry["app"], entry["owner"]) == ("übersicht-概要", "Heights", None)


def test_some_can_be_chosen(rows: list[DashApp]) -> None:
    entries = json.loads(run("dash_state", "export", "lost", "one"))["instances"]
    assert [entry["slug"] for entry in entries] == ["lost", "one"]
    assert (entries[1]["owner"], entries[1]["save_on_change"]) == ("anna", True)
    with pytest.raises(CommandError, match="There is no saved instance with the slug 'nobody', 'thing'"):
        run("dash_state", "export", "one", "thing", "nobody")


def exported(*entries: dict[str, Any], **top: Any) -> str:
    base = {"slug": "new", "name": "New", "app": "Heights", "state": {"a": {"b": 1}}}
    instances = [{**base, **entry} for entry in entries or ({},)]
    return json.dumps({"format": "django_plotly_dash state", "version": 1, "instances": instances, **top})


def refused(tmp_path: Path, text: str | bytes, *options: str) -> str:
    before = stored(), list(StatelessApp.objects.values_list())
    file = tmp_path / "in.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CommandError) as error:
        run("dash_state", "import", str(file), *options)
    assert (stored(), list(StatelessApp.objects.values_list())) == before
    return str(error.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": ', "Line 1, column 12: This is not JSON"),
        ("[]", 'This is no file of "dash_state export"'),
        ('{"format": "other"}', 'its "format" is not "django_plotly_dash state"'),
        (exported(version=7), "Its version is 7; this release reads version 1."),
        (exported(instances={}), '"instances" has to be a list.'),
        (exported(instances=[3]), "Instance 1 has to be an object."),
        (exported({"slug": 3}), "Instance 3: 'slug' is 3, which is of a wrong type."),
        (exported(instances=[{"slug": "a", "name": "A", "state": {}}]), "Instance 'a' has no 'app'."),
        (exported({"colour": "red"}), "Instance 'new' has a key that is not known: 'colour'."),
        (exported({"state_text": "{"}), "Instance 'new' needs either a 'state' or a 'state_text'."),
        (exported({"state": {"a": 3}}), "Instance 'new': What stands for 'a' is a number."),
        (exported({"state": {"a": {"b": 2**64}}}), "Instance 'new': 'a', 'b': A number has 65 bits"),
        (
            exported({"state": {"a": {"b": "\ud800"}}}),
            "Instance 'new': 'a', 'b': The text '\\ud800' has half of a pair",
        ),
        (exported({"state": {"a": {"b": "x" * 3000}}}), "PLOTLY_DASH['state_max_bytes'] allows 2000."),
        (exported({"created": "yesterday"}), "Instance 'new': 'yesterday' is not a time."),
        (exported({"created": "2026-13-01T00:00:00Z"}), "'2026-13-01T00:00:00Z' is not a time."),
        (exported({}, {"name": "Other"}), "Two instances have the slug 'new'."),
        (exported({}, {"slug": "other"}), "Two instances have the name 'New'."),
        (exported({"slug": "no slug"}), "Instance 'no slug': Enter a valid “slug”"),
        (exported({"slug": ""}), "Instance '' has an empty 'slug'."),
        (exported({"name": "n" * 101}), "at most 100 characters"),
        (exported({"app": "n" * 101}), "at most 100 characters"),
        (exported({"name": "There"}), "Instance 'new': Dash app with this Instance name already exists."),
        (exported({"owner": "bob"}), "belongs to the user 'bob', who is not here. With --no-owners it would"),
        (exported({"slug": "there"}), "Instance 'there' exists. With --update it would be replaced."),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_what_cannot_be_imported_is_refused_whole(
    tmp_path: Path, settings: Any, text: str | bytes, message: str
) -> None:
    settings.PLOTLY_DASH = {"state_max_bytes": 2000}
    row("There")
    assert message in refused(tmp_path, text)
    if isinstance(text, str) and '"instances": [{' in text:
        good = json.loads(exported({"slug": "good", "name": "Good", "app": "Fine"}))["instances"]
        mixed = {**json.loads(text), "instances": good + json.loads(text)["instances"]}
        assert message.replace("Instance 1", "Instance 2") in refused(tmp_path, json.dumps(mixed))


@pytest.mark.django_db
def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = exported({"state": {"a": 3}}, {"slug": "b", "name": "B", "created": "x"}, {"slug": "c", "name": "C", "x": 1})
    found = refused(tmp_path, text)
    assert found.startswith("Nothing was imported from ")
    assert [line.split(":")[0] for line in found.splitlines()[1:]] == [
        "- Instance 'new'",
        "- Instance 'b'",
        "- Instance 'c' has a key that is not known",
    ]


@pytest.mark.django_db
def test_existing_instances_are_replaced_if_asked_for(tmp_path: Path) -> None:
    there, other = row("There", '{"a": {"b": 0}}'), row("Other", '{"a": {"b": 5}}')
    file = tmp_path / "in.json"
    file.write_text(exported({"slug": "there", "name": "Renamed", "save_on_change": True}, {}))
    dry = run("dash_state", "import", str(file), "--update", "--dry-run")
    assert dry == "1 instances would be made: new.\n1 instances would be replaced: there.\n"
    there.refresh_from_db()
    assert (there.instance_name, DashApp.objects.count()) == ("There", 2)
    assert run("dash_state", "import", str(file), "--update") == dry.replace("would be", "were")
    there.refresh_from_db()
    other.refresh_from_db()
    assert (there.instance_name, there.current_state(), there.save_on_change) == ("Renamed", {"a": {"b": 1}}, True)
    assert other.current_state() == {"a": {"b": 5}}
    elsewhere = exported({"slug": "there", "name": "There", "app": "Another"})
    assert "exists, as an instance of Heights, not of 'Another'" in refused(tmp_path, elsewhere, "--update")


@pytest.mark.django_db
def test_instances_whose_names_were_exchanged_get_their_own_back(tmp_path: Path) -> None:
    one, two = row("One"), row("Two")
    file = tmp_path / "in.json"
    run("dash_state", "export", "--output", str(file))
    for name, there in (("aside", one), ("One", two), ("Two", one)):
        DashApp.objects.filter(pk=there.pk).update(instance_name=name)
    run("dash_state", "import", str(file), "--update", "--dry-run")
    assert set(DashApp.objects.values_list("slug", "instance_name")) == {("one", "Two"), ("two", "One")}
    run("dash_state", "import", str(file), "--update")
    assert set(DashApp.objects.values_list("slug", "instance_name")) == {("one", "One"), ("two", "Two")}
    row("Three")
    file.write_text(file.read_text().replace('"name": "Two"', '"name": "Three"'))
    assert "already exists" in refused(tmp_path, file.read_text(), "--update")
    assert set(DashApp.objects.values_list("instance_name", flat=True)) == {"One", "Two", "Three"}


@pytest.mark.django_db
def test_owners_can_be_left_out(tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    file.write_text(exported({"owner": "bob"}))
    run("dash_state", "import", str(file), "--no-owners")
    assert DashApp.objects.get().owner is None


@pytest.mark.django_db
@pytest.mark.parametrize("use_tz", [True, False])
def test_times_fit_the_site(tmp_path: Path, settings: Any, use_tz: bool) -> None:
    settings.USE_TZ = use_tz
    file = tmp_path / "in.json"
    file.write_text(
        exported({"created": "2020-01-02T03:04:05+00:00"}, {"slug": "b", "name": "B", "created": "2020-01-02T03:04:05"})
    )
    run("dash_state", "import", str(file))
    assert {r.creation.year for r in DashApp.objects.all()} == {2020}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "no/such/file.json"], "no/such/file.json cannot be read: No such file"),
        (["export", "--output", "no/such/folder/x.json"], "no/such/folder/x.json cannot be written: No such file"),
    ],
)
def test_files_that_cannot_be_used_are_named(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("dash_state", *arguments)


def test_the_shell_gets_json_whatever_letters_it_has(rows: list[DashApp]) -> None:
    class Narrow(io.StringIO):
        encoding = "ascii"

    out = Narrow()
    call_command("dash_state", "export", stdout=out)
    assert out.getvalue().isascii()
    assert {entry["name"] for entry in json.loads(out.getvalue())["instances"]} >= {"Übersicht 概要"}
