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

from . import prefix, state_store
from .exceptions import AppNotFoundError
from .layout_defaults import components_of_app, value_in, values_of_components
from .layout_state import accepts
from .registry import registry, slug_of
from .row_state import StateOfRow
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


class DashApp(StateOfRow):
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

    class Meta:
        indexes = [models.Index(fields=["-update"], name="dpd_dashapp_update")]
        permissions = [("save_dashapp_state", _("Can save the state of instances by using them"))]

    def __str__(self) -> str:
        return self.instance_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As in Django; a row without a name or slug gets one that no other row has. What is written of the state:
        ``StateOfRow.save``.
        """
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        wanted = {
            "instance_name": lambda: self._name_wanted or f"{self.stateless_app.app_name[:91]} instance",
            "slug": lambda: slug_of(self.instance_name),
        }
        joiners = {"instance_name": " ", "slug": "-"}
        save_with_names(self, wanted, joiners, using, lambda: super(DashApp, self).save(*args, **kwargs))

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
    def locate_item(
        ident: str, stateless: bool = False, cache_id: object = None
    ) -> tuple[DashApp | DjangoDash, DjangoDash]:
        """What a slug or name stands for, and its app. Nothing is written.

        Args:
            ident: name or slug of an app, or slug of an instance.
            stateless: whether it is an app's.
            cache_id: is taken, as in the older package, and not used.

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

    def populate_values(self) -> None:
        """Track everything that the layout shows, and what callbacks read and write of its components. What is tracked
        already keeps its value.

        A row that is in the database is changed there, under its lock; what ``update_current_state`` has set is still
        to be saved.

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

        self._edit(add, keeps_pending=True)

    def reset(self) -> None:
        """Make the state what the layout shows; what was saved is gone, and what ``update_current_state`` has set. All
        that ``populate_values`` tracks is tracked, and what was tracked before, if the layout has the component.

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

    async def apopulate_values(self) -> None:
        """``populate_values`` for coroutines."""
        await sync_to_async(self.populate_values)()

    async def areset(self) -> None:
        """``reset`` for coroutines."""
        await sync_to_async(self.reset)()

    async def aclone(self, name: str = "", **fields: Any) -> DashApp:
        """``clone`` for coroutines."""
        return await sync_to_async(self.clone)(name, **fields)


def _refuse_long(name: str, field: str) -> None:
    limit = 100
    if len(name) > limit:
        raise ValueError(f"{field} has {len(name)} characters, and there is room for {limit}: {name[:40]!r}…")
