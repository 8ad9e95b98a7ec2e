from __future__ import annotations

import asyncio
import functools
import inspect
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from dash import ALL, Input, Output, State, callback_context, dcc, html
from django.test import AsyncClient, Client, RequestFactory

from django_plotly_dash import DjangoDash, context
from django_plotly_dash.exceptions import InjectionError
from django_plotly_dash.injection import EXTRAS, LAYOUT_EXTRAS, inject_callback, inject_layout
from django_plotly_dash.signatures import DashArguments, is_async

from .helpers import callback_body, result
from .site_clients import COLOURS, ask, fetch

URL = "/dash/app/injected/_dash-update-component"


@pytest.fixture
def app() -> DjangoDash:
    app = DjangoDash("Injected")
    app.layout = html.Div([dcc.Input(id="text"), dcc.Input(id="more"), html.Div(id="out"), html.Div(id="log")])
    return app


def shown(app: DjangoDash, function: Callable[..., Any], *inputs: Any) -> Callable[..., Any]:
    return app.callback(Output("out", "children"), *(inputs or (Input("text", "value"),)))(function)


# --- every kind of callable ------------------------------------------------------------------------------------------


def plain(text: str, request: Any) -> str:
    return f"{text} at {request.path}"


async def plain_async(text: str, request: Any) -> str:
    await asyncio.sleep(0)
    return f"{text} at {request.path}"


def with_ending(text: str, ending: str, request: Any) -> str:
    return f"{text}{ending} at {request.path}"


async def with_ending_async(text: str, ending: str, request: Any) -> str:
    return f"{text}{ending} at {request.path}"


class Holder:
    def method(self, text: str, request: Any) -> str:
        return f"{text} at {request.path}"

    async def method_async(self, text: str, request: Any) -> str:
        return f"{text} at {request.path}"

    @classmethod
    def of_class(cls, text: str, request: Any) -> str:
        return f"{text} at {request.path}"

    @staticmethod
    def static(text: str, request: Any) -> str:
        return f"{text} at {request.path}"


class Called:
    def __call__(self, text: str, request: Any) -> str:
        return f"{text} at {request.path}"


class CalledAsync:
    async def __call__(self, text: str, request: Any) -> str:
        return f"{text} at {request.path}"


def louder(function: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(function)
    def loud(*args: Any, **kwargs: Any) -> str:
        return function(*args, **kwargs).upper()

    return loud


def louder_async(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def loud(*args: Any, **kwargs: Any) -> str:
        return (await function(*args, **kwargs)).upper()

    return loud


KINDS = {
    "function": (plain, f"hello at {URL}"),
    "async function": (plain_async, f"hello at {URL}"),
    "lambda": (lambda text, request: f"{text} at {request.path}", f"hello at {URL}"),
    "bound method": (Holder().method, f"hello at {URL}"),
    "async bound method": (Holder().method_async, f"hello at {URL}"),
    "class method": (Holder.of_class, f"hello at {URL}"),
    "static method": (Holder.static, f"hello at {URL}"),
    "partial by keyword": (functools.partial(with_ending, ending="!"), f"hello! at {URL}"),
    "async partial": (functools.partial(with_ending_async, ending="!"), f"hello! at {URL}"),
    "partial by position": (functools.partial(with_ending, "hi "), f"hi hello at {URL}"),
    "partial of a partial": (functools.partial(functools.partial(with_ending), ending="?"), f"hello? at {URL}"),
    "callable object": (Called(), f"hello at {URL}"),
    "async callable object": (CalledAsync(), f"hello at {URL}"),
    "partial of a callable object": (functools.partial(Called()), f"hello at {URL}"),
    "partial of an async callable object": (functools.partial(CalledAsync()), f"hello at {URL}"),
    "decorated": (louder(plain), f"HELLO AT {URL.upper()}"),
    "decorated twice": (louder(louder(plain)), f"HELLO AT {URL.upper()}"),
    "decorated async": (louder_async(plain_async), f"HELLO AT {URL.upper()}"),
}


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_callable_gets_the_extras_that_it_names(app: DjangoDash, kind: str, colour: str) -> None:
    function, expected = KINDS[kind]
    shown(app, function)
    assert result(ask(colour, app, "out.children", "hello")) == expected


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    "function",
    [lambda text: text, louder(lambda text: text), functools.partial(lambda text, end: text + end, end="")],
    ids=["function", "decorated", "partial"],
)
def test_a_callback_that_names_no_extra_gets_none(app: DjangoDash, function: Callable[..., Any], colour: str) -> None:
    shown(app, function)
    assert result(ask(colour, app, "out.children", "as it is")).lower() == "as it is"


@pytest.mark.parametrize("colour", COLOURS)
def test_a_callable_object_with_an_async_call_is_awaited_without_extras_too(app: DjangoDash, colour: str) -> None:
    class Plain:
        async def __call__(self, text: str) -> str:
            return f"<{text}>"

    shown(app, Plain())
    assert result(ask(colour, app, "out.children", "x")) == "<x>"


def test_the_decorated_name_stays_the_users_function(app: DjangoDash) -> None:
    assert shown(app, plain) is plain


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (plain, False),
        (plain_async, True),
        (functools.partial(plain), False),
        (functools.partial(plain_async), True),
        (Called(), False),
        (CalledAsync(), True),
        (functools.partial(CalledAsync()), True),
        (Holder().method_async, True),
    ],
)
def test_the_colour_of_a_callable(function: Callable[..., Any], expected: bool) -> None:
    assert is_async(function) is expected
    if function not in (plain, plain_async):
        return
    wrapped = inject_callback(function, DashArguments(("text",)))
    assert inspect.iscoroutinefunction(wrapped) is expected


def test_a_callable_without_a_signature_gets_what_dash_passes(app: DjangoDash) -> None:
    class Unreadable:
        @property
        def __signature__(self) -> Any:
            raise ValueError("no signature found")

        def __call__(self, text: str) -> str:
            return text[::-1]

    with pytest.raises(ValueError, match="no signature"):
        inspect.signature(Unreadable())
    shown(app, Unreadable())
    assert result(ask("wsgi", app, "out.children", "abc")) == "cba"


# --- which extras ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("name", EXTRAS)
def test_each_extra_is_what_it_says(app: DjangoDash, name: str, colour: str) -> None:
    expected = {
        "callback_context": "[{'prop_id': 'text.value', 'value': 'x'}]",
        "dash_app": "<DjangoDash 'Injected' of tests.test_injection>",
        "dash_app_id": "injected",
        "params": "{}",
        "request": URL,
        "session_state": "{}",
        "user": "AnonymousUser",
    }[name]
    read = {"callback_context": lambda c: c.triggered, "request": lambda r: r.path}.get(name, lambda value: value)
    seen = []

    def keyword(text: str, **kwargs: Any) -> str:
        seen.append(set(kwargs))
        return str(read(kwargs[name]))

    shown(app, keyword)
    assert result(ask(colour, app, "out.children", "x")) == expected
    assert seen == [set(EXTRAS)]


def test_the_user_is_the_one_who_is_logged_in(app: DjangoDash, django_user_model: Any, db: None) -> None:
    @app.callback(Output("out", "children"), Input("text", "value"))
    def show(text: str, user: Any, request: Any) -> str:
        return f"{user.username} {request.user == user}"

    client = Client()
    client.force_login(django_user_model.objects.create_user("maria"))
    assert result(ask("wsgi", app, "out.children", "x", client=client)) == "maria True"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("named", ["user", "request"])
def test_an_async_callback_on_the_event_loop_can_read_the_user(
    app: DjangoDash, django_user_model: Any, named: str
) -> None:
    if named == "user":

        async def show(text: str, user: Any) -> str:
            return user.username

    else:

        async def show(text: str, request: Any) -> str:
            return request.user.username

    shown(app, show)
    client = AsyncClient()
    client.force_login(django_user_model.objects.create_user("maria"))
    assert result(ask("asgi", app, "out.children", "x", client=client)) == "maria"


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("signature", "gets"),
    [
        ("text, more", []),
        ("text, more, user", ["user"]),
        ("text, more, user, request", ["user", "request"]),
        ("text, more, request, user", ["request", "user"]),
        ("text, more, *, dash_app_id", ["dash_app_id"]),
        ("text, more, user=None", ["user"]),
        ("text, more, other=5", []),
        ("text, more, /, user", ["user"]),
        ("text, more, request=0, /, user=1", ["user"]),
        ("text, *rest", []),
        ("*args", []),
        ("*args, dash_app", ["dash_app"]),
        ("text, *args, dash_app, user", ["dash_app", "user"]),
        ("*args, dash_app=None", ["dash_app"]),
        ("**kwargs", None),
        ("*args, **kwargs", list(EXTRAS)),
        ("*args, dash_app, **kwargs", list(EXTRAS)),
        ("text, more, **kwargs", list(EXTRAS)),
        ("text, more, user, **kwargs", list(EXTRAS)),
        ("text, more, user=0, /, **kwargs", list(EXTRAS)),
        # Dash passes an argument at this place, and Dash's wins
        ("user, request", []),
        ("user, more, request", ["request"]),
        ("request, *args, user", ["user"]),
        ("request, more, **kwargs", [name for name in EXTRAS if name != "request"]),
    ],
)
def test_which_extras_a_signature_gets(
    app: DjangoDash, signature: str, gets: list[str] | None, asynchronous: bool, colour: str
) -> None:
    received: dict[str, Any] = {}
    space: dict[str, Any] = {"received": received}
    colour_word = "async " if asynchronous else ""
    exec(f"{colour_word}def show({signature}):\n    received.update(locals())\n    return 'ok'", space)
    inputs = (Input("text", "value"), State("more", "value"))
    if gets is None:  # two values of Dash's, and nothing that takes them
        with pytest.raises(InjectionError, match=r"no parameter takes 'text_value', 'more_value'\."):
            shown(app, space["show"], *inputs)
        return
    shown(app, space["show"], *inputs)
    assert result(ask(colour, app, "out.children", "from Dash", "more from Dash")) == "ok"
    received |= received.pop("kwargs", {})
    values = {name: value for name, value in received.items() if name in EXTRAS and value not in (None, 0, 1)}
    from_dash = {name for name, value in values.items() if "from Dash" in str(value)}
    assert set(values) - from_dash == set(gets)
    flat = [*received.get("args", ()), *received.get("rest", ()), *received.values()]
    assert "from Dash" in flat
    assert "more from Dash" in flat


def test_what_a_partial_has_bound_stays_as_it_was_bound(app: DjangoDash) -> None:
    def show(text: str, user: Any, request: Any) -> str:
        return f"{text} {user} {request.method}"

    shown(app, functools.partial(show, user="the one bound"))
    assert result(ask("wsgi", app, "out.children", "x")) == "x the one bound POST"


def test_what_a_partial_has_bound_stays_with_kwargs_too(app: DjangoDash) -> None:
    def show(text: str, **kwargs: Any) -> str:
        return f"{kwargs['user']} {sorted(kwargs)}"

    shown(app, functools.partial(show, user="bound"))
    assert result(ask("wsgi", app, "out.children", "x")) == f"bound {sorted(EXTRAS)}"


# --- groupings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", COLOURS)
def test_inputs_and_states_in_a_dict_are_passed_by_name_beside_the_extras(app: DjangoDash, colour: str) -> None:
    @app.callback(
        output=Output("out", "children"),
        inputs={"first": Input("text", "value")},
        state={"second": State("more", "value")},
    )
    def show(second: str, request: Any, first: str) -> str:
        return f"{first} {second} {request.method}"

    assert result(ask(colour, app, "out.children", "1", "2")) == "1 2 POST"


@pytest.mark.parametrize("signature", ["request, user", "*, user, request", "request, **kwargs", "**kwargs"])
def test_an_argument_of_dash_wins_over_an_extra_of_its_name(app: DjangoDash, signature: str) -> None:
    space: dict[str, Any] = {}
    exec(
        f"def show({signature}):\n"
        "    given = {k: v for k, v in locals().items() if k != 'kwargs'} | locals().get('kwargs', {})\n"
        "    return given['request'] + ' ' + str(given['user'])",
        space,
    )
    app.callback(Output("out", "children"), inputs={"request": Input("text", "value")})(space["show"])
    assert result(ask("wsgi", app, "out.children", "Dash's")) == "Dash's AnonymousUser"


@pytest.mark.parametrize("colour", COLOURS)
def test_nested_groupings_come_grouped(app: DjangoDash, colour: str) -> None:
    @app.callback(
        output=Output("out", "children"),
        inputs={
            "pair": (Input("text", "value"), Input("more", "value")),
            "named": {"inner": State("log", "children")},
        },
    )
    def show(pair: tuple[str, str], named: dict[str, str], dash_app_id: str) -> str:
        return f"{pair[0]}+{pair[1]} {named['inner']} {dash_app_id}"

    assert result(ask(colour, app, "out.children", "a", "b", "c")) == "a+b c injected"


def test_groupings_in_a_tuple_come_as_one_argument_each(app: DjangoDash) -> None:
    @app.callback(
        output=Output("out", "children"),
        inputs=((Input("text", "value"), Input("more", "value")), State("log", "children")),
    )
    def show(pair: tuple[str, str], log: str, user: Any) -> str:
        return f"{pair[0]}+{pair[1]} {log} {user}"

    assert result(ask("wsgi", app, "out.children", "a", "b", "c")) == "a+b c AnonymousUser"


def test_a_scalar_given_by_keyword_is_one_argument(app: DjangoDash) -> None:
    @app.callback(output=Output("out", "children"), inputs=Input("text", "value"))
    def show(text: str, dash_app: Any) -> str:
        return f"{text} {dash_app.app_name}"

    assert result(ask("wsgi", app, "out.children", "a")) == "a Injected"


@pytest.mark.parametrize(
    ("outputs", "returned", "expected"),
    [
        ([Output("out", "children"), Output("log", "children")], ["1", "2"], {"out": "1", "log": "2"}),
        ([Output("out", "children")], ["1"], {"out": "1"}),
        (
            {"a": Output("out", "children"), "b": Output("log", "children")},
            {"b": "2", "a": "1"},
            {"out": "1", "log": "2"},
        ),
    ],
    ids=["list", "list of one", "dict"],
)
def test_flexible_outputs_work_beside_extras(app: DjangoDash, outputs: Any, returned: Any, expected: Any) -> None:
    @app.callback(output=outputs, inputs={"text": Input("text", "value")})
    def show(text: str, request: Any) -> Any:
        assert request.method == "POST"
        return returned

    (callback_id,) = app.callback_map
    wanted = (
        [outputs] if isinstance(outputs, Output) else list(outputs.values() if isinstance(outputs, dict) else outputs)
    )
    listed = [{"id": o.component_id, "property": o.component_property} for o in wanted]
    body = {
        "output": callback_id,
        "outputs": listed,
        "inputs": [{"id": "text", "property": "value", "value": "x"}],
        "state": [],
        "changedPropIds": ["text.value"],
    }
    response = Client().post(URL, body, content_type="application/json")
    assert response.status_code == 200, response.content
    assert {key: value["children"] for key, value in response.json()["response"].items()} == expected


def test_pattern_ids_are_one_argument(app: DjangoDash) -> None:
    @app.callback(Output("out", "children"), Input({"type": "x", "index": ALL}, "value"))
    def show(values: list[str], dash_app_id: str) -> str:
        return f"{values} {dash_app_id}"

    body = callback_body(app, "out.children", None)
    body["inputs"] = [[{"id": {"type": "x", "index": n}, "property": "value", "value": n} for n in (1, 2)]]
    response = Client().post(URL, body, content_type="application/json")
    assert result(response) == "[1, 2] injected"


# --- what cannot be filled -------------------------------------------------------------------------------------------


def location(function: Any) -> str:
    code = function.__code__
    return f"{function.__module__}.{function.__name__} ({code.co_filename}, line {code.co_firstlineno})"


CAN_BE_NAMED = "callback_context, dash_app, dash_app_id, params, request, session_state, user"


def refusal(app: DjangoDash, function: Callable[..., Any], *inputs: Any, **kwargs: Any) -> str:
    with pytest.raises(InjectionError) as caught:
        app.callback(Output("out", "children"), *inputs, **kwargs)(function)
    return str(caught.value)


def test_a_parameter_that_nobody_can_fill_is_refused_with_the_corrected_signature(app: DjangoDash) -> None:
    def show(text: str, requst: Any, colour: str, size: int = 3) -> None: ...

    assert refusal(app, show, Input("text", "value")) == (
        f"{location(show)}: nobody can fill 'requst', 'colour'.\n"
        f"Dash passes 'text_value'; besides, these can be named: {CAN_BE_NAMED}.\n"
        "A signature that works: def show(text, *, request, size=3)"
    )


def test_an_extra_that_stands_before_the_arguments_of_dash_is_put_behind_them(app: DjangoDash) -> None:
    def show(user: Any, text: str) -> str:
        return ""

    with pytest.raises(InjectionError, match=r"A signature that works: def show\(text, \*, user\)$"):
        shown(app, show, Input("text", "value"))


def test_an_argument_that_nothing_takes_is_refused_with_the_corrected_signature(app: DjangoDash) -> None:
    async def show(text: str, /) -> None: ...

    assert refusal(app, show, Input("text", "value"), State("more-text", "value")) == (
        f"{location(show)}: no parameter takes 'more_text_value'.\n"
        f"Dash passes 'text_value', 'more_text_value'; besides, these can be named: {CAN_BE_NAMED}.\n"
        "A signature that works: async def show(text, more_text_value)"
    )


def test_names_of_a_dict_have_to_be_taken(app: DjangoDash) -> None:
    def show(first: str, other: str) -> None: ...

    inputs = {"first": Input("text", "value"), "second": Input("more", "value")}
    assert refusal(app, show, inputs=inputs) == (
        f"{location(show)}: nobody can fill 'other'.\n"
        f"Dash passes 'first', 'second'; besides, these can be named: {CAN_BE_NAMED}.\n"
        "A signature that works: def show(first, second)"
    )


def test_the_corrected_signature_of_a_method_begins_with_self(app: DjangoDash) -> None:
    class Page:
        def show(self, text: str, usr: Any) -> None: ...

    assert refusal(app, Page().show, Input("text", "value")).endswith(
        "A signature that works: def show(self, text, *, user)"
    )


def test_the_corrected_signature_of_a_callable_object_is_its_calls(app: DjangoDash) -> None:
    class Page:
        async def __call__(self, text: str, usr: Any) -> None: ...

    message = refusal(app, Page(), Input("text", "value"))
    assert message.startswith("tests.test_injection.Page: nobody can fill 'usr'.")
    assert message.endswith("A signature that works: async def __call__(self, text, *, user)")


def test_a_lambda_is_given_a_name_in_the_corrected_signature(app: DjangoDash) -> None:
    message = refusal(app, lambda text, b: None, Input("text", "value"))
    assert message.endswith("A signature that works: def callback(text)")


def test_a_partials_function_is_the_one_that_is_named(app: DjangoDash) -> None:
    def show(text: str, end: str, wrong: str) -> None: ...

    message = refusal(app, functools.partial(show, end="!"), Input("text", "value"))
    assert message.startswith(f"{location(show)}: nobody can fill 'wrong'.\n")
    assert message.endswith("def show(text, *, end='!')")


def test_an_extra_behind_star_args_has_to_be_keyword_only(app: DjangoDash) -> None:
    def show(text: str, request: Any, *args: Any) -> None: ...

    assert refusal(app, show, Input("text", "value")).splitlines()[0].endswith("nobody can fill 'request'.")
    assert refusal(app, show, Input("text", "value")).endswith("def show(text, *args, request)")


def test_a_positional_only_extra_is_refused(app: DjangoDash) -> None:
    def show(text: str, user: Any, /) -> None: ...

    assert refusal(app, show, Input("text", "value")).endswith("def show(text, *, user)")


def test_inputs_with_like_names_get_different_names_in_the_correction(app: DjangoDash) -> None:
    def show() -> None: ...

    inputs = [
        Input("a-b", "value"),
        Input("a_b", "value"),
        State("7", "value"),
        State({"type": "x", "index": ALL}, "value"),
    ]
    signature = refusal(app, show, *inputs).rpartition("def show(")[2].rstrip(")")
    assert signature == "a_b_value, a_b_value_2, value_3, index_all_type_x_value"


def test_a_default_that_cannot_be_written_down_is_left_open(app: DjangoDash) -> None:
    def show(text: str, wrong: str, marker: object = object(), number: int = 3) -> None: ...

    assert refusal(app, show, Input("text", "value")).endswith("def show(text, *, marker=Ellipsis, number=3)")


@pytest.mark.parametrize("name", ["class", "not-a-name"])
def test_a_name_that_no_parameter_can_have_is_taken_by_kwargs(app: DjangoDash, name: str) -> None:
    def show(text: str) -> None: ...

    assert refusal(app, show, inputs={name: Input("text", "value")}).endswith("def show(**kwargs)")


def test_the_error_is_a_type_error_too() -> None:
    with pytest.raises(TypeError):
        inject_callback(lambda a, b: None, DashArguments(("a",)))


# --- decorators that hide --------------------------------------------------------------------------------------------


def passes_positional(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


def passes_keywords(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(**kwargs: Any) -> Any:
        return function(**kwargs)

    return wrapper


def test_a_decorator_that_hides_an_extra_is_refused(app: DjangoDash) -> None:
    def show(text: str, user: Any) -> None: ...

    assert refusal(app, passes_positional(show), Input("text", "value")) == (
        f"{location(show)}: its decorator does not pass 'user' on; let the decorator take and pass **kwargs.\n"
        f"Dash passes 'text_value'; besides, these can be named: {CAN_BE_NAMED}.\n"
        "A signature that works: def show(text, *, user)"
    )


def test_a_decorator_that_hides_a_name_of_dashs_is_refused(app: DjangoDash) -> None:
    def show(first: str) -> None: ...

    message = refusal(app, passes_positional(show), inputs={"first": Input("text", "value")})
    assert "its decorator does not pass 'first' on; let the decorator take and pass **kwargs." in message


def test_a_decorator_that_takes_no_values_is_refused(app: DjangoDash) -> None:
    def show(text: str) -> None: ...

    message = refusal(app, passes_keywords(show), Input("text", "value"))
    assert "its decorator does not take what Dash passes; let the decorator take and pass *args, **kwargs." in message


def test_a_decorator_that_takes_the_extra_itself_is_fine(app: DjangoDash) -> None:
    def show(text: str, user: Any) -> str:
        return f"{text} {user}"

    @functools.wraps(show)
    def wrapper(text: str, user: Any) -> str:
        return show(text, user) + "!"

    shown(app, wrapper)
    assert result(ask("wsgi", app, "out.children", "x")) == "x AnonymousUser!"


# --- any signature: it works, or the corrected one does --------------------------------------------------------------

POOL = ["text", "more", "user", "request", "usr", "requst", "session", "values", "args", "value_2", "class_name"]


def random_signature(chance: random.Random) -> str:
    names = chance.sample(POOL, chance.randint(0, 5))
    first, second = sorted(chance.choices(range(len(names) + 1), k=2))
    parts, defaults = [], False
    for number, name in enumerate(names):
        if number == first and number and chance.random() < 0.5:
            parts.append("/")
        if number == second and not any(part.startswith("*") for part in parts):
            parts.append("*rest" if chance.random() < 0.5 else "*")
        behind_star = any(part.startswith("*") for part in parts)
        has_default = chance.random() < 0.3 or (defaults and not behind_star)
        defaults = defaults or (has_default and not behind_star)
        parts.append(f"{name}={chance.choice(['None', '3', 'object()', repr('x')])}" if has_default else name)
    if chance.random() < 0.3:
        parts.append("**kwargs")
    return ", ".join(parts)


def random_arguments(chance: random.Random) -> DashArguments:
    names = tuple(chance.sample(POOL, chance.randint(0, 3)))
    if chance.random() < 0.4:
        return DashArguments(("set_progress",) if chance.random() < 0.3 else (), names)
    return DashArguments(names)


def defined(signature: str) -> Callable[..., Any]:
    space: dict[str, Any] = {}
    exec(f"def show({signature}):\n    return dict(locals())", space)
    return space["show"]


def called(function: Callable[..., Any], arguments: DashArguments, app: DjangoDash) -> dict[str, Any]:
    """Call it as Dash would."""
    extras = {name: (lambda name=name: f"the extra {name}") for name in EXTRAS}
    with context.opened(context.RequestContext(RequestFactory().get("/"), app, "/", "", extras=extras)):
        return function(
            *(f"Dash's {name}" for name in arguments.positional), **{name: f"Dash's {name}" for name in arguments.named}
        )


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, tuple):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


@pytest.mark.parametrize("seed", range(40))
def test_any_signature_can_be_called_or_its_correction_can(app: DjangoDash, seed: int) -> None:
    chance = random.Random(seed)
    refused = 0
    for _ in range(60):
        signature, arguments = random_signature(chance), random_arguments(chance)
        try:
            function = inject_callback(defined(signature), arguments)
        except InjectionError as error:
            refused += 1
            corrected = str(error).rpartition("A signature that works: def show(")[2].removesuffix(")")
            function = inject_callback(defined(corrected), arguments)
        got = leaves(called(function, arguments, app))
        wanted = [f"Dash's {name}" for name in arguments.positional + arguments.named]
        assert sorted(v for v in got if str(v).startswith("Dash's")) == sorted(wanted), (signature, arguments)
    assert refused


@pytest.mark.parametrize("seed", range(10))
def test_any_layout_signature_can_be_called_or_its_correction_can(app: DjangoDash, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        try:
            function = inject_layout(defined(random_signature(chance)))
        except InjectionError as error:
            corrected = str(error).rpartition("A signature that works: def show(")[2].removesuffix(")")
            function = inject_layout(defined(corrected))
        assert not any(str(value).startswith("Dash's") for value in leaves(called(function, DashArguments(), app)))


# --- callback_context ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_callback_context_stays_right_in_other_threads_after_the_callback(
    app: DjangoDash, asynchronous: bool, colour: str
) -> None:
    kept: list[Any] = []
    inputs = (Input("text", "value"), State("more", "value"))
    if asynchronous:

        async def show(text: str, more: str, callback_context: Any) -> str:
            kept.append(callback_context)
            return text

    else:

        def show(text: str, more: str, callback_context: Any) -> str:
            kept.append(callback_context)
            return text

    shown(app, show, *inputs)
    for value in ("first", "second"):
        assert result(ask(colour, app, "out.children", value, f"{value} state")) == value
    assert context.current() is None  # nothing is left in this thread

    def read(number: int) -> dict[str, Any]:
        found = kept[number]
        names = (
            "inputs",
            "inputs_list",
            "states",
            "states_list",
            "outputs",
            "outputs_list",
            "triggered",
            "triggered_id",
        )
        return {name: getattr(found, name) for name in names}

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(read, [0, 1] * 10))
    thread_saw: list[Any] = []
    thread = threading.Thread(target=lambda: thread_saw.append(read(0)))
    thread.start()
    thread.join()
    assert thread_saw == [seen[0]]
    for number, value in enumerate(("first", "second")):
        text = {"id": "text", "property": "value", "value": value}
        more = {"id": "more", "property": "value", "value": f"{value} state"}
        out = {"id": "out", "property": "children"}
        assert (
            seen[number::2]
            == [
                {
                    "inputs": {"text.value": value},
                    "inputs_list": [text],
                    "states": {"more.value": f"{value} state"},
                    "states_list": [more],
                    "outputs": out,
                    "outputs_list": out,
                    "triggered": [{"prop_id": "text.value", "value": value}],
                    "triggered_id": "text",
                }
            ]
            * 10
        )


@pytest.mark.parametrize("colour", COLOURS)
def test_callback_context_sets_props_and_records_timings_from_another_thread(app: DjangoDash, colour: str) -> None:
    def show(text: str, callback_context: Any) -> str:
        def work() -> None:
            callback_context.set_props("log", {"children": "from a thread"})
            callback_context.record_timing("work", 0.25, "hard work")

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return str(callback_context.timing_information["work"])

    shown(app, show)
    app.backend.register_timing_hooks(True)
    response = ask(colour, app, "out.children", "x")
    assert response.status_code == 200, response.content
    assert response.json()["response"]["out"] == {"children": "{'dur': 250, 'desc': 'hard work'}"}
    assert response.json()["sideUpdate"] == {"log": {"children": "from a thread"}}
    assert 'work;desc="hard work";dur=250' in response.headers["Server-Timing"]


def test_callback_context_has_whatever_dashs_has_and_nothing_else(app: DjangoDash) -> None:
    def show(text: str, callback_context: Any) -> str:
        callback_context.response.set_cookie("flavour", "oat")
        assert not hasattr(callback_context, "nothing_like_it")
        assert not hasattr(callback_context, "__nothing_like_it__")
        return f"{callback_context.triggered_id} {callback_context.using_args_grouping}"

    shown(app, show)
    response = ask("wsgi", app, "out.children", "x")
    assert result(response) == "text False"
    assert response.cookies["flavour"].value == "oat"


def test_dashs_own_context_works_beside_it(app: DjangoDash) -> None:
    shown(app, lambda text: str(callback_context.triggered_id))
    assert result(ask("wsgi", app, "out.children", "x")) == "text"


# --- layout functions ------------------------------------------------------------------------------------------------


def layout_text(response: Any) -> str:
    assert response.status_code == 200, response.content
    return response.json()["props"]["children"]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_layout_function_gets_the_extras_that_it_names_for_each_request(asynchronous: bool, colour: str) -> None:
    app = DjangoDash("Laid out")
    if asynchronous:

        async def layout(request: Any, user: Any, dash_app_id: str) -> Any:
            return html.Div(f"{request.GET.get('q')} {user} {dash_app_id}", id="it")

    else:

        def layout(request: Any, user: Any, dash_app_id: str) -> Any:
            return html.Div(f"{request.GET.get('q')} {user} {dash_app_id}", id="it")

    app.layout = layout
    for value in ("1", "2"):
        response = fetch(colour, f"/dash/app/laid-out/_dash-layout?q={value}")
        assert layout_text(response) == f"{value} AnonymousUser laid-out"


@pytest.mark.parametrize("colour", COLOURS)
def test_a_layout_function_with_kwargs_gets_all_but_callback_context(colour: str) -> None:
    app = DjangoDash("Laid out")
    app.layout = lambda **kwargs: html.Div(" ".join(sorted(kwargs)), id="it")
    response = fetch(colour, "/dash/app/laid-out/_dash-layout")
    assert layout_text(response) == " ".join(sorted(LAYOUT_EXTRAS))


def test_a_partial_can_be_a_layout() -> None:
    app = DjangoDash("Laid out")

    def layout(end: str, dash_app: Any) -> Any:
        return html.Div(dash_app.app_name + end, id="it")

    app.layout = functools.partial(layout, end=".")
    assert layout_text(fetch("wsgi", "/dash/app/laid-out/_dash-layout")) == "Laid out."


def test_a_layout_function_is_not_called_before_a_request() -> None:
    calls: list[str] = []
    app = DjangoDash("Laid out")

    def layout() -> Any:
        calls.append("called")
        return html.Div("here", id="it")

    app.layout = layout
    fetch("wsgi", "/dash/app/laid-out/_dash-dependencies")
    assert calls == []
    assert layout_text(fetch("wsgi", "/dash/app/laid-out/_dash-layout")) == "here"
    assert calls == ["called"]


def test_a_layout_function_that_names_nothing_can_be_called_anywhere() -> None:
    assert inject_layout(lambda: "the layout")() == "the layout"


def test_a_layout_function_that_names_an_extra_says_that_it_needs_a_request() -> None:
    with pytest.raises(RuntimeError, match=r"^This works only while a request to a Dash app is being answered\.$"):
        inject_layout(lambda user: user)()


def test_a_layout_function_cannot_name_callback_context() -> None:
    app = DjangoDash("Laid out")

    def layout(callback_context: Any, user: Any) -> Any: ...

    with pytest.raises(InjectionError) as caught:
        app.layout = layout
    assert str(caught.value) == (
        f"{location(layout)}: nobody can fill 'callback_context'.\n"
        "Dash passes no arguments; besides, these can be named: "
        "dash_app, dash_app_id, params, request, session_state, user.\n"
        "A signature that works: def layout(*, user)"
    )


def test_a_layout_reads_the_session_state_but_a_get_does_not_write_it(db: None) -> None:
    app = DjangoDash("Laid out")

    def layout(session_state: dict[str, Any]) -> Any:
        session_state["seen"] = session_state.get("seen", 0) + 1
        return html.Div(str(session_state["seen"]), id="it")

    app.layout = layout
    client = Client()
    for _ in range(2):
        response = client.get("/dash/app/laid-out/_dash-layout")
        assert layout_text(response) == "1"
        assert "sessionid" not in response.cookies


def test_the_context_is_open_only_while_a_request_is_answered(app: DjangoDash) -> None:
    found: list[SimpleNamespace] = []
    shown(app, lambda text: found.append(context.require()) or "ok")
    ask("wsgi", app, "out.children", "x")
    assert (found[0].app, found[0].prefix, found[0].path) == (app, "/dash/app/injected/", "_dash-update-component")
    assert context.current() is None
    with pytest.raises(RuntimeError):
        context.require()
