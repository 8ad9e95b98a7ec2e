"""What callbacks return and set, made plain; and the error where it cannot be written, which names the output."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from dash import callback_context as dash_callback_context
from dash._utils import clean_property_name, stringify_id
from dash.exceptions import InvalidCallbackReturnValue

from .. import context
from ..exceptions import SerializationError
from .conversion import converted, fault_of, plain
from .faults import Fault, fault_in


def returning_plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a callback so that what it returns is plain; sync stays sync, async stays async."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def with_plain_result_async(*args: Any, **kwargs: Any) -> Any:
            return _plain_result(function, await function(*args, **kwargs))

        return with_plain_result_async

    @functools.wraps(function)
    def with_plain_result(*args: Any, **kwargs: Any) -> Any:
        return _plain_result(function, function(*args, **kwargs))

    return with_plain_result


def explaining(call: Callable[[], Any], state: Any) -> Callable[[], Any]:
    """Wrap Dash's call of a callback. What is plain may still be more than orjson can write, such as a huge integer;
    Dash finds that out last, and knows neither what it is nor where.

    Args:
        state: Dash's context of the call.

    Raises:
        SerializationError: the call's result cannot be written; as ``plain``.
    """
    if inspect.iscoroutinefunction(call):

        async def explained_async() -> Any:
            try:
                return await call()
            except (TypeError, InvalidCallbackReturnValue) as error:
                _explain(error, state)
                raise

        return explained_async

    def explained() -> Any:
        try:
            return call()
        except (TypeError, InvalidCallbackReturnValue) as error:
            _explain(error, state)
            raise

    return explained


def refuse_unwritable(function: Callable[..., Any], result: Any) -> None:
    """Try to write what a callback in a worker has returned: only the web server will write it.

    Raises:
        SerializationError: it cannot be written; as ``plain``.
    """
    fault = fault_in(result)
    if fault is not None:
        raise _error_of_result(fault, function, result, _outputs())


class PlainProperties(dict[str, Any]):
    """What ``dash.set_props`` fills: component id -> properties. They are made plain as they come."""

    def __setitem__(self, component_id: str, properties: dict[str, Any]) -> None:
        super().__setitem__(component_id, plain(properties, _of_set_props(component_id)))


def _plain_result(function: Callable[..., Any], result: Any) -> Any:
    try:
        value = converted(result)
    except (Fault, RecursionError) as error:
        raise _error_of_result(fault_of(error, result), function, result, _outputs()) from None
    found = context.current()
    if found is not None:
        found.scratch.result = function, value  # for the case that it cannot be written
    return value


def _explain(error: Exception, state: Any) -> None:
    """Raise a better error if it was Dash's writer that failed."""
    function, result = getattr(context.require().scratch, "result", (None, None))
    if function is None:
        return  # it has raised the error itself
    fault = fault_in(result)
    if fault is not None:
        raise _error_of_result(fault, function, result, state.outputs_list) from error
    for component_id, properties in state.updated_props.items():
        fault = fault_in(properties)
        if fault is not None:
            raise fault.error(_of_set_props(component_id)) from error


def _error_of_result(fault: Fault, function: Callable[..., Any], result: Any, outputs: Any) -> SerializationError:
    inner = inspect.unwrap(function)
    name = getattr(inner, "__qualname__", type(inner).__name__)
    where = f"The result of {getattr(inner, '__module__', '')}.{name}"
    if isinstance(outputs, dict):
        return fault.error(f"{where}, for {_name_of(outputs)}")
    first = fault.path[-1] if fault.path else ""
    if isinstance(outputs, list) and isinstance(result, (list, tuple)) and first.startswith("["):
        index = int(first[1:-1])
        if index < len(outputs) and isinstance(outputs[index], dict):
            fault.path.pop()
            return fault.error(f"{where}, for {_name_of(outputs[index])}")
    return fault.error(where)


def _outputs() -> Any:
    return getattr(dash_callback_context, "outputs_list", None)


def _of_set_props(component_id: str) -> str:
    return f"set_props of {component_id}"


def _name_of(output: dict[str, Any]) -> str:
    return f"{stringify_id(output['id'])}.{clean_property_name(output['property'])}"
