"""Saved instances of apps. The tables are those of the older package of this name, and a column for the owner."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings
from django.db import models, router
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from . import prefix, state_store, state_text
from .exceptions import AppNotFoundError, BrokenStateError
from .layout_defaults import components_of_app, value_in, values_of_components
from .layout_state import accepts, as_json, key_of
from .registry import registry, slug_of
from .slugs import save_with_names

if TYPE_CHECKING:
    from .djangodash import DjangoDash

# A site, or a script, may do without users. Then nobody can own an instance, and there is no table to point at.
HAS_USERS = any(config.label == settings.AUTH_USER_MODEL.split(".")[0] for config in apps.get_app_configs())


class StatelessApp(models.Model):
    """An app that saved instances are made of."""

    app_name = models.CharField(max_length=100, blank=False, null=False, unique=True)
    slug = models.SlugField(max_length=110, unique=True, blank=True, allow_unicode=True)

    def __str__(self) -> str:
        return self.app_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As in Django; a row without a slug gets one that no other row has."""
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        wanted = {"slug": lambda: slug_of(self.app_name)}
        save_with_names(self, wanted, {"slug": "-"}, using, lambda: super(StatelessApp, self).save(*args, **kwargs))

    def as_dash_app(self) -> DjangoDash:
        """The app itself.

        Raises:
            AppNotFoundError: no module of this site makes an app of that name.
        """
        return registry[self.app_name]


class DashAppManager(models.Manager["DashApp"]):
    """``DashApp.objects``."""

    def create_for(
        self,
        app: DjangoDash | StatelessApp | str,
        name: str = "",
        *,
        state: Mapping[str, Mapping[str, Any]] | None = None,
        **fields: Any,
    ) -> DashApp:
        """Make a saved instance of an app, and the app's own row if it has none yet.

        Args:
            app: the app, its name, or its row.
            name: of the instance, at most 100 characters; without one, it is named after the app.
            state: component id -> property -> value; a dict id is written as ``layout_state.key_of`` writes it.
            fields: other fields, such as ``save_on_change`` and ``owner``.

        Raises:
            AppNotFoundError: no module of this site makes an app of that name.
            ValueError: the state has another shape, or the name is too long.
            StateTooLargeError: the state is larger than ``state_max_bytes``.
            IntegrityError: there is an instance of that name.
        """
        text = state_store.written(state_store.checked_state(dict(state or {})))
        for given, field in ((name, "instance_name"), (getattr(app, "app_name", app), "app_name")):
            _refuse_long(str(given), field)
        state_store.refuse_growth(name or "a new instance", text)
        row = self.model(stateless_app=self._row_of(app), instance_name=name, base_state=text, **fields)
        row.save(using=self.db, force_insert=True)
        return row

    async def acreate_for(self, app: DjangoDash | StatelessApp | str, name: str = "", **kwargs: Any) -> DashApp:
        """``create_for`` for coroutines."""
        return await sync_to_async(self.create_for)(app, name, **kwargs)

    def _row_of(self, app: DjangoDash | StatelessApp | str) -> StatelessApp:
        if isinstance(app, StatelessApp):
            return app
        known = registry[app] if isinstance(app, str) else app
        return StatelessApp.objects.using(self.db).get_or_create(app_name=known.app_name)[0]


class DashApp(models.Model):
    """A saved instance of an app: its name, its state, and whose it is.

    ``base_state`` is JSON: component id -> property -> value. What stands in it is tracked: it is laid over the layout,
    and with ``save_on_change`` it follows what callbacks receive and return.
    """

    stateless_app = models.ForeignKey(StatelessApp, on_delete=models.PROTECT)
    instance_name = models.CharField(max_length=100, unique=True, blank=True)
    slug = models.SlugField(max_length=110, unique=True, blank=True, allow_unicode=True)
    base_state = models.TextField(default="{}", validators=[state_store.validate_state_text])
    creation = models.DateTimeField(auto_now_add=True)
    update = models.DateTimeField(auto_now=True)
    save_on_change = models.BooleanField(default=False)
    if HAS_USERS:
        owner = models.ForeignKey(
            settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
        )

    objects = DashAppManager()

    _name_wanted = ""
    # The text that was read, the state in it, and what has been changed since
    _hydrated: tuple[str, dict[str, Any], dict[str, dict[str, Any]]] | None = None
    # Of which row in which database it was read, and what
    _read: tuple[Any, str | None, str] | None = None

    class Meta:
        indexes = [models.Index(fields=["-update"], name="dpd_dashapp_update")]
        permissions = [("save_dashapp_state", _("Can save the state of instances by using them"))]

    def __str__(self) -> str:
        return self.instance_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As in Django; a row without a name or slug gets one that no other row has.

        The state of a row that was read is written only if ``base_state`` was given another value: callbacks may have
        saved a newer one since. What ``update_current_state`` has set is merged into that one.

        Raises:
            StateError: what was set cannot be saved; see ``state_store.merge``.
        """
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        if not args and not kwargs.keys() & {"update_fields", "force_insert"} and self._is_state_read(using):
            kwargs["update_fields"] = self._own_fields() - {"base_state"}
        wanted = {
            "instance_name": lambda: self._name_wanted or f"{self.stateless_app.app_name[:91]} instance",
            "slug": lambda: slug_of(self.instance_name),
        }
        joiners = {"instance_name": " ", "slug": "-"}
        save_with_names(self, wanted, joiners, using, lambda: super(DashApp, self).save(*args, **kwargs))
        written = kwargs.get("update_fields")
        if written is None or "base_state" in written:
            self._remember()
        if self._hydrated is not None and self._hydrated[0] == self.base_state and self._hydrated[2]:
            self.handle_current_state()

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> DashApp:
        """As in Django; remembers the state that was read."""
        row = super().from_db(db, field_names, values, **kwargs)
        row._remember()
        return row

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """As in Django; what ``update_current_state`` has set and nobody has saved is forgotten with the old state."""
        super().refresh_from_db(*args, **kwargs)
        fields = kwargs.get("fields") or (args[1] if len(args) > 1 else None)
        if fields is None or "base_state" in fields:
            self._hydrated = None
            self._remember()

    def _is_state_read(self, using: str) -> bool:
        return self._read == (self.pk, using, self.__dict__.get("base_state"))

    def _own_fields(self) -> set[str]:
        left_out = self.get_deferred_fields()
        fields = (field for field in self._meta.concrete_fields if not field.primary_key)
        return {field.name for field in fields if field.attname not in left_out}

    def _remember(self) -> None:
        text = self.__dict__.get("base_state")  # it may have been left out of the query
        self._read = None if text is None else (self.pk, self._state.db, text)

    def as_dash_instance(self) -> DjangoDash:
        """The app of this instance.

        Raises:
            AppNotFoundError: no module of this site makes an app of that name.
        """
        return self.stateless_app.as_dash_app()

    @property
    def url(self) -> str:
        """URL path of the instance's page.

        Raises:
            NoReverseMatch: ``django_plotly_dash.urls`` is not included in the URLconf.
        """
        return prefix.url_of(self.slug, instance=True)

    @staticmethod
    def locate_item(ident: str, stateless: bool = False) -> tuple[DashApp | DjangoDash, DjangoDash]:
        """What a slug or name stands for, and its app. Nothing is written.

        Args:
            ident: name or slug of an app, or slug of an instance.
            stateless: whether it is an app's.

        Raises:
            Http404: there is none.
        """
        try:
            if stateless:
                app = registry[ident]
                return app, app
            row = DashApp.objects.select_related("stateless_app").filter(slug=ident).first()
            if row is None:
                raise AppNotFoundError("saved instance", ident)
            return row, row.as_dash_instance()
        except AppNotFoundError as error:
            raise Http404(str(error)) from None

    # --- the state ----------------------------------------------------------------------------------------------

    @property
    def state_error(self) -> str | None:
        """What is wrong with ``base_state``, in a sentence; None as it should be."""
        try:
            state_store.read(self.base_state, self.instance_name)
        except BrokenStateError as error:
            return error.trouble
        return None

    def current_state(self) -> dict[str, dict[str, Any]]:
        """The state as this object has it: what was loaded, with what ``update_current_state`` has put in.

        Raises:
            BrokenStateError: ``base_state`` cannot be read.
        """
        if self._hydrated is None or self._hydrated[0] != self.base_state:
            self._hydrated = self.base_state, state_store.read(self.base_state, self.instance_name), {}
        return self._hydrated[1]

    def have_current_state_entry(self, wid: str | Mapping[str, Any], key: str) -> bool:
        """Whether a property is tracked.

        Args:
            wid: the component's id.
            key: the property.
        """
        return key in self.current_state().get(key_of(wid), {})

    def update_current_state(self, wid: str | Mapping[str, Any], key: str, value: Any) -> bool:
        """Set a tracked property; gives False, and does nothing, if it is not tracked.

        Inside a callback it is saved when the callback has ended well, elsewhere by ``handle_current_state``.

        Args:
            wid: the component's id.
            key: the property.
            value: anything that Dash can send to the browser.

        Raises:
            TypeError: the value cannot be written as JSON.
        """
        if not self.have_current_state_entry(wid, key):
            return False
        value = prefix.marked(as_json(value))
        wrong = state_text.unwritable(value)
        if wrong:
            raise TypeError(f"The value for {key_of(wid)}.{key} cannot be saved. {wrong}")
        self.current_state()[key_of(wid)][key] = self.pending_changes().setdefault(key_of(wid), {})[key] = value
        return True

    def handle_current_state(self) -> None:
        """Save what ``update_current_state`` has changed, and nothing else, under the row's lock.

        Raises:
            StateError: it cannot be saved; see ``state_store.merge``.
        """
        changes = deepcopy(self.pending_changes())
        if self._state.adding:
            self._edit(lambda state: changes)
        elif changes:
            state_store.merge(self, changes)

    def populate_values(self) -> None:
        """Track everything that the layout shows, and what callbacks read and write of its components. What is tracked
        already keeps its value.

        A row that is in the database is changed there, under its lock.

        Raises:
            AppNotFoundError: no module of this site makes the app.
            StateError: it cannot be saved; see ``state_store.merge``.
            Exception: whatever the layout function raises.
        """
        app = self.as_dash_instance()
        defaults = values_of_components(app, components_of_app(app, self))

        def add(state: state_store.State) -> state_store.State:
            added: state_store.State = {}
            for key, name, value in state_store.flat(defaults):
                if name not in state.get(key, {}):
                    state.setdefault(key, {})[name] = value
                    added.setdefault(key, {})[name] = value
            return added

        self._edit(add)

    def reset(self) -> None:
        """Make the state what the layout shows; what was saved is gone. All that ``populate_values`` tracks is tracked,
        and what was tracked before, if the layout has the component.

        Raises:
            AppNotFoundError, StateError, Exception: as for ``populate_values``.
        """
        app = self.as_dash_instance()
        components = components_of_app(app, self)
        shown = values_of_components(app, components)

        def replace(state: state_store.State) -> state_store.State:
            defaults = deepcopy(shown)
            for key, name, _value in state_store.flat(state):
                if key in components and name not in defaults.get(key, {}) and accepts(components[key], name):
                    defaults.setdefault(key, {})[name] = value_in(components[key], name)
            if state_store.same(state, defaults):
                return {}
            state.clear()
            state.update(defaults)
            return defaults

        self._edit(replace)

    def clone(self, name: str = "", **fields: Any) -> DashApp:
        """A new instance with the same state, as this object has it stored.

        Args:
            name: of the new one; without one, it is the name of this one with "copy" behind it.
            fields: fields that are to be different, such as ``owner``.

        Raises:
            IntegrityError: there is an instance of that name.
        """
        kept = {field: getattr(self, field) for field in ("stateless_app", "base_state", "save_on_change")}
        if HAS_USERS and "owner" not in fields:
            kept["owner_id"] = self.owner_id
        row = DashApp(**{**kept, **fields}, instance_name=name)
        if not name:
            row._name_wanted = f"{self.instance_name[:95]} copy"
        row.save(using=self._state.db)
        return row

    async def ahandle_current_state(self) -> None:
        """``handle_current_state`` for coroutines."""
        await sync_to_async(self.handle_current_state)()

    async def apopulate_values(self) -> None:
        """``populate_values`` for coroutines."""
        await sync_to_async(self.populate_values)()

    async def areset(self) -> None:
        """``reset`` for coroutines."""
        await sync_to_async(self.reset)()

    async def aclone(self, name: str = "", **fields: Any) -> DashApp:
        """``clone`` for coroutines."""
        return await sync_to_async(self.clone)(name, **fields)

    def take_over(self, stored: DashApp) -> None:
        """Have the state that is in the database now; what was changed here and not saved is forgotten."""
        self.base_state, self.update = stored.base_state, stored.update
        self._hydrated = None
        self._remember()

    def pending_changes(self) -> dict[str, dict[str, Any]]:
        """What ``update_current_state`` has changed since the state was loaded: component key -> property -> value."""
        self.current_state()
        return self._hydrated[2] if self._hydrated is not None else {}

    def _edit(self, change: Any) -> None:
        if self.pk is not None and not self._state.adding:
            state_store.edit(self, change)
            return
        state = self.current_state()
        change(state)
        text = state_store.written(state)
        state_store.refuse_growth(self.instance_name, text, self.base_state)
        self.base_state = text


def _refuse_long(name: str, field: str) -> None:
    limit = 100
    if len(name) > limit:
        raise ValueError(f"{field} has {len(name)} characters, and there is room for {limit}: {name[:40]!r}…")
