"""Saved instances of apps. The tables are those of the older package of this name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from .registry import registry, slug_of

if TYPE_CHECKING:
    from .djangodash import DjangoDash


class StatelessApp(models.Model):
    """An app that saved instances are made of."""

    app_name = models.CharField(max_length=100, blank=False, null=False, unique=True)
    slug = models.SlugField(max_length=110, unique=True, blank=True)

    def __str__(self) -> str:
        return self.app_name

    def save(self, *args: object, **kwargs: object) -> None:
        self.slug = self.slug or slug_of(self.app_name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def as_dash_app(self) -> DjangoDash:
        """The app itself.

        Raises:
            AppNotFoundError: no module of this site makes an app of that name.
        """
        return registry[self.app_name]


class DashApp(models.Model):
    """A saved instance of an app: its name and the state that it starts from."""

    stateless_app = models.ForeignKey(StatelessApp, on_delete=models.PROTECT)
    instance_name = models.CharField(max_length=100, unique=True, blank=True)
    slug = models.SlugField(max_length=110, unique=True, blank=True)
    base_state = models.TextField(default="{}")
    creation = models.DateTimeField(auto_now_add=True)
    update = models.DateTimeField(auto_now=True)
    save_on_change = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.instance_name

    def save(self, *args: object, **kwargs: object) -> None:
        self.instance_name = self.instance_name or f"{self.stateless_app.app_name} instance"
        self.slug = self.slug or slug_of(self.instance_name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def as_dash_instance(self) -> DjangoDash:
        """The app of this instance.

        Raises:
            AppNotFoundError: no module of this site makes an app of that name.
        """
        return self.stateless_app.as_dash_app()
