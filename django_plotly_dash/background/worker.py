"""Run one background callback where a manager wants it run: in a Celery worker or in a process of its own."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from asgiref.sync import async_to_sync
from dash._callback_context import context_value
from dash.exceptions import PreventUpdate
from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.db import close_old_connections, connections
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from .. import context, standalone
from ..conf import app_settings
from ..exceptions import AppNotFoundError, ConfigurationError, DjangoPlotlyDashError
from ..injection import CallbackContext
from ..json_values import refuse_unwritable, sendable
from ..params import Params
from ..registry import registry
from ..saved_state import Recorder
from ..session_state import SessionState
from ..signatures import is_async
from . import travel
from .store import Heartbeat, JobRecord

if TYPE_CHECKING:
    from ..djangodash import DjangoDash
    from ..models import DashApp
    from .jobs import BackgroundCallback

logger = logging.getLogger("django_plotly_dash")
_inherited: list[Any] = []


def run(set_progress: Callable[[Any], None], /, *args: Any, **kwargs: Any) -> Any:
    """Run the callback that Dash's context names, as in the request that asked for it.

    Args:
        set_progress: hands progress to the browser; it is passed on to callbacks that want it.
        args: Dash's arguments.
        kwargs: Dash's arguments, where inputs were given as a dict.

    Raises:
        Exception: whatever the callback raises.
    """
    close_old_connections()
    try:
        return _run(set_progress, args, kwargs)
    finally:
        close_old_connections()


def run_in_child(set_progress: Callable[[Any], None], /, *args: Any, **kwargs: Any) -> Any:
    """The same in a process that was made for this job, by a fork as a rule."""
    if apps.ready:
        _leave_inherited_connections()
    else:  # it was spawned
        standalone.set_up_worker()
    try:
        return _run(set_progress, args, kwargs)
    finally:
        connections.close_all()


def _run(set_progress: Callable[[Any], None], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    values: Any = context_value.get()
    facts = travel.unseal(values.pop(travel.KEY))
    values.update(travel.unsealed(values.pop(travel.REQUEST_KEY)))
    app = _app(facts)
    callback: BackgroundCallback | None = app.background_callback(facts.callback)
    if callback is None:
        raise DjangoPlotlyDashError(
            f"The app {app.app_name!r} has no background callback {facts.callback!r} in this worker. "
            "The worker runs other code than the web server: restart it."
        )
    store = callback.store_for(app)
    record = JobRecord(store, facts.job) if store is not None else None
    if record is not None and record.is_cancelled():
        raise PreventUpdate
    if callback.takes_progress:
        args = (lambda progress: set_progress(sendable(progress, "Progress")), *args)
    with ExitStack() as stack:
        if store is not None and record is not None:
            stack.enter_context(Heartbeat(record, store, app_settings().background_callback_lease / 4))
            values.updated_props = _SetProps(record)
        stack.enter_context(_made_again(facts, app))
        function = callback.function
        try:
            result = (async_to_sync(function) if is_async(function) else function)(*args, **kwargs)
            refuse_unwritable(function, result)
            return result
        except PreventUpdate:
            raise
        except Exception:  # whatever the user's function raises; Dash stores it for the browser
            logger.exception("Error in the background callback %s of the app %s", facts.callback, facts.app)
            raise


def _app(facts: travel.Facts) -> DjangoDash:
    known = [name for name in (facts.app, *facts.app_elsewhere) if name in registry]
    return registry[known[0] if known else facts.app]


@contextmanager
def _made_again(facts: travel.Facts, app: DjangoDash) -> Iterator[None]:
    """The request's context, language and time zone; what the callback changes in the session is saved."""
    row = _instance(facts.instance) if facts.instance else None
    request: Any = HttpRequest()
    request.path = facts.prefix
    request.session = _session(facts.session)
    state = SessionState(request)
    load_user = functools.cache(_user)
    seen_user = functools.partial(load_user, facts.user) if facts.sees_user else _refuse_user
    request.user = SimpleLazyObject(seen_user)
    found = context.RequestContext(
        request=request,
        app=app,
        prefix=facts.prefix,
        files_prefix=facts.files_prefix,
        path="",
        instance=row,
        extras={
            "callback_context": CallbackContext,
            "dash_app": lambda: row or app,
            "dash_app_id": lambda: facts.instance or app.slug,
            "params": lambda: Params(facts.params),
            "session_state": lambda: state.values,
            "user": seen_user,
        },
    )

    def save() -> None:
        _save(state)
        if row is not None and not row.state_error:
            # What the user's code has set. What it returns is saved when the browser fetches it.
            request.user = SimpleLazyObject(lambda: load_user(facts.user))  # the write policy may always know
            Recorder(row, app, request).save()

    managers = (
        context.opened(found),
        app.speaking(),
        translation.override(facts.language),
        timezone.override(travel.timezone_of(facts.timezone)),
    )
    with ExitStack() as stack:
        for manager in managers:
            stack.enter_context(manager)
        try:
            yield
        except PreventUpdate:
            save()
            raise
        save()


def _save(state: SessionState) -> None:
    if not state.changes():
        return
    if settings.SESSION_ENGINE.endswith("signed_cookies"):
        raise ConfigurationError(
            "A background callback changed session_state, but this site keeps sessions in cookies, which only an "
            "answer to the browser can change. Use another settings.SESSION_ENGINE."
        )
    state.save()


def _session(key: str | None) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def _instance(slug: str) -> DashApp:
    rows = apps.get_model("django_plotly_dash", "DashApp").objects.select_related("stateless_app")
    row: DashApp | None = rows.filter(slug=slug).first()
    if row is None:
        raise AppNotFoundError("saved instance", slug)
    return row


def _user(key: str | None) -> Any:
    """The user who asked, as the database has it now.

    Raises:
        DjangoPlotlyDashError: there is no such user any more.
    """
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import AnonymousUser

    if key is None:
        return AnonymousUser()
    model = get_user_model()
    user = model._default_manager.filter(pk=model._meta.pk.to_python(key)).first()
    if user is None or not user.is_active:
        raise DjangoPlotlyDashError("The user who asked for this background callback cannot log in any more.")
    return user


def _refuse_user() -> NoReturn:
    raise ConfigurationError(
        "The manager of this background callback keeps results (cache_by), and what it keeps of this one is for all "
        "users, so the function cannot see who has asked. Let it name user among its arguments: then results are kept "
        "for each user."
    )


class _SetProps(dict[str, Any]):
    """What ``dash.set_props`` fills; it goes to the browser with its next question."""

    def __init__(self, record: JobRecord) -> None:
        super().__init__()
        self._record = record

    def __setitem__(self, component_id: str, properties: dict[str, Any]) -> None:
        self._record.set_props(component_id, sendable(properties, f"set_props of {component_id}"))


def _leave_inherited_connections() -> None:
    """The parent's connections are the parent's. They are not even closed, which would end them for the parent."""
    for connection in connections.all(initialized_only=True):
        _inherited.append(connection)
        del connections[connection.alias]
    for alias in caches.settings:
        with suppress(AttributeError):  # one that was not used
            _inherited.append(getattr(caches._connections, alias))  # type: ignore[attr-defined]
            del caches[alias]
