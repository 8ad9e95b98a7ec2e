from __future__ import annotations

from typing import Any

import pytest

from django_plotly_dash import DjangoDash, lookup
from django_plotly_dash.exceptions import AppNotFoundError
from django_plotly_dash.models import DashApp, StatelessApp


@pytest.fixture
def sales() -> DjangoDash:
    return DjangoDash("Sales")


@pytest.fixture
def row(sales: DjangoDash, db: None) -> DashApp:
    return DashApp.objects.create(
        stateless_app=StatelessApp.objects.create(app_name="Sales"), instance_name="Sales of Maria"
    )


@pytest.mark.parametrize("name", ["Sales", "sales", "SALES"])
def test_an_app_is_found_by_name_or_slug(sales: DjangoDash, name: str) -> None:
    assert lookup.app(name) == lookup.Found(sales, None)
    assert lookup.app(name).slug == "sales"


def test_an_app_that_is_not_there() -> None:
    with pytest.raises(AppNotFoundError, match="There is no DjangoDash app named 'nothing'"):
        lookup.app("nothing")


def test_an_instance_is_found_by_its_slug_with_one_query(
    sales: DjangoDash, row: DashApp, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1) as queries:
        found = lookup.instance("sales-of-maria")
    assert queries[0]["sql"].startswith("SELECT")
    assert found.app is sales
    assert found.instance == row
    assert found.slug == "sales-of-maria"


@pytest.mark.parametrize("slug", ["sales", "Sales of Maria", ""])
@pytest.mark.django_db
def test_an_instance_that_is_not_there(row: DashApp, slug: str) -> None:
    with pytest.raises(AppNotFoundError) as caught:
        lookup.instance(slug)
    assert str(caught.value) == f"There is no saved instance named {slug!r}."


@pytest.mark.django_db
def test_an_instance_of_an_app_that_is_not_there() -> None:
    app = StatelessApp.objects.create(app_name="Gone")
    DashApp.objects.create(stateless_app=app, instance_name="Orphan")
    with pytest.raises(AppNotFoundError, match="There is no DjangoDash app named 'Gone'"):
        lookup.instance("orphan")


def test_looking_up_never_writes(sales: DjangoDash, db: None) -> None:
    lookup.app("Sales")
    with pytest.raises(AppNotFoundError):
        lookup.instance("sales")
    assert not StatelessApp.objects.exists()
    assert not DashApp.objects.exists()


def test_a_tag_may_give_a_name_a_slug_or_an_object(sales: DjangoDash, row: DashApp) -> None:
    assert lookup.of_tag("Sales", None, None) == (sales, None)
    assert lookup.of_tag("Sales", "", "") == (sales, None)
    assert lookup.of_tag(None, "sales-of-maria", None) == (sales, row)
    assert lookup.of_tag(None, None, row) == (sales, row)
    assert lookup.of_tag(None, None, sales) == (sales, None)


@pytest.mark.parametrize(
    ("name", "slug", "da"),
    [(None, None, None), ("", "", ""), ("Sales", "sales", None), ("Sales", None, 5), (None, "sales", 5)],
)
def test_a_tag_gives_exactly_one_of_them(name: str | None, slug: str | None, da: object) -> None:
    with pytest.raises(ValueError, match="A tag needs one of") as caught:
        lookup.of_tag(name, slug, da)
    assert str(caught.value) == (
        "A tag needs one of name (of an app), slug (of a saved instance) or da (a DashApp or DjangoDash object); "
        f"it was given name={name!r}, slug={slug!r}, da={da!r}."
    )


@pytest.mark.parametrize("da", [5, "Sales", object])
def test_a_tags_da_is_an_object_of_ours(da: object) -> None:
    with pytest.raises(ValueError, match="A tag needs one of") as caught:
        lookup.of_tag(None, None, da)
    assert str(caught.value).endswith(f"it was given name=None, slug=None, da={da!r}.")
