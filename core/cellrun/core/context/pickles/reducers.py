"""Reducers for objects that neither pickle nor cloudpickle can take apart, and for those that go by reference."""

from __future__ import annotations

import dataclasses
import functools
import io
import os
import pathlib
import struct
import sys
import types
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cellrun.core.context.pickles.instances import reduced_exception
from cellrun.core.context.pickles.references import Reduced


def reducer(value: Any) -> Reduced | None:
    """Return how to make a value again, as `__reduce__` does, if it is one of these, else None."""
    for name in ("stdout", "stderr"):
        if value is getattr(sys, name):  # a kernel's is no file
            return getattr, (sys, name)
    if isinstance(value, BaseException):
        return reduced_exception(value)
    logging = sys.modules.get("logging")
    if logging is not None and isinstance(value, logging.Handler):
        from cellrun.core.context.pickles.log_handlers import reduced_handler  # noqa: PLC0415  # few cells have one

        return reduced_handler(value)
    widgets = sys.modules.get("ipywidgets.widgets.widget")
    if widgets is not None and isinstance(value, widgets.Widget):
        return _widget(value)
    found = _REDUCERS.get(type(value).__name__)
    return found(value) if found else None


def _widget(value: Any) -> Reduced:
    """Reduce a widget to what it holds: the page that shows it, and who observes it, stay with the notebook."""
    make, arguments, state, *rest = value.__reduce_ex__(4)
    traits = {name: each for name, each in state["_trait_values"].items() if name != "comm"}
    return (make, arguments, {**state, "_trait_values": traits}, *rest)


def _cached_function(value: Any) -> Reduced | None:
    if not hasattr(value, "cache_parameters"):
        return None
    return _cached, (value.__wrapped__, value.cache_parameters()), _own_attributes(value, "cache_parameters")


def _cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)


def _cached_property(value: Any) -> Reduced | None:
    if type(value) is not functools.cached_property:
        return None
    state = {"attrname": value.attrname}  # before Python 3.12 it holds a lock as well
    return functools.cached_property, (value.func,), state


def _dispatching_function(value: Any) -> Reduced | None:
    if not (hasattr(value, "registry") and hasattr(value, "_clear_cache")):  # functools.singledispatch
        return None
    made = ("registry", "dispatch", "register", "_clear_cache")
    return _dispatched, (dict(value.registry),), _own_attributes(value, *made)


def _own_attributes(function: Any, *made: str) -> dict[str, Any]:
    """Return what a decorated function has beside what its decorator makes."""
    return {name: value for name, value in vars(function).items() if name not in {*made, "__wrapped__"}}


def _dispatched(registry: dict[type, Callable[..., Any]]) -> Any:
    function = functools.singledispatch(registry[object])
    for kind, implementation in registry.items():
        function.register(kind, implementation)
    return function


def _missing_of_dataclasses(_: Any) -> Reduced:
    """Reduce what dataclasses tells by its identity, in a class that the cell derives from one of the notebook."""
    return getattr, (dataclasses, "MISSING")


def _environment(value: Any) -> Reduced | None:
    """Reduce the environment to the run's own: its variables, secrets among them, are never written to disk."""
    for name in ("environ", "environb"):
        if value is getattr(os, name, None):
            return getattr, (os, name)
    return None


def _system_random(value: Any) -> Reduced | None:
    return (type(value), ()) if type(value).__module__ == "random" else None


def _struct(value: Any) -> Reduced | None:
    return (struct.Struct, (value.format,)) if type(value) is struct.Struct else None


def _font(value: Any) -> Reduced | None:
    """Reduce a font of Pillow's that was read from an open file, as its default one is: what it keeps is read up."""
    content = vars(value).get("font_bytes") if type(value).__module__ == "PIL.ImageFont" else None
    if content is None:
        return None
    return _font_of, (type(value), content, value.size, value.index, value.encoding, value.layout_engine)


def _font_of(kind: type, content: bytes, *others: Any) -> Any:
    return kind(io.BytesIO(content), *others)


def _ended_generator(value: Any) -> Reduced | None:
    """Reduce a generator that has nothing left to give; where a running one is can't be written down."""
    return (_ended, ()) if isinstance(value, types.GeneratorType) and value.gi_frame is None else None


def _ended() -> Any:
    nothing: tuple[object, ...] = ()
    return (each for each in nothing)


def _path(value: Any) -> Reduced | None:
    """Reduce a path of Python 3.13 and later to what any Python knows: its class is in a module that others lack."""
    kind = type(value)
    return (_path_of, (kind.__name__, str(value))) if kind.__module__.startswith("pathlib.") else None


def _path_of(kind: str, text: str) -> Any:
    return getattr(pathlib, kind)(text)


_ALIVE: list[Any] = []
_WEAK_MAPPINGS = (weakref.WeakKeyDictionary, weakref.WeakValueDictionary)


def reduced_reference(value: Any) -> tuple[Any, ...] | None:
    """Reduce a plain weak reference."""
    return (_weakly, (value(),)) if type(value) is weakref.ref else None


def reduced_set(value: Any) -> tuple[Any, ...] | None:
    """Reduce a plain weak set."""
    return (_weak_set_of, (list(value),)) if type(value) is weakref.WeakSet else None


def _weakly(value: Any) -> Any:
    """Return a weak reference to something that lives on, as it did in the notebook."""
    if value is None:  # it was dead already
        return weakref.ref(type("Dead", (), {})())
    _ALIVE.append(value)
    return weakref.ref(value)


def _weak_set_of(values: list[Any]) -> Any:
    _ALIVE.append(values)
    return weakref.WeakSet(values)


def reduced_proxy(value: Any) -> tuple[Any, ...]:
    """Reduce a weak proxy."""
    return _proxy, (value.__repr__.__self__,)


def _proxy(value: Any) -> Any:
    _ALIVE.append(value)
    return weakref.proxy(value)


def reduced_mapping(value: Any) -> tuple[Any, ...] | None:
    """Reduce a plain dict whose keys or values are weak."""
    kind = type(value)
    return (_weak_mapping_of, (kind, dict(value))) if kind in _WEAK_MAPPINGS else None


def _weak_mapping_of(kind: Callable[[dict[Any, Any]], Any], items: dict[Any, Any]) -> Any:
    _ALIVE.append(items)
    return kind(items)


def reduced_tensor(value: Any) -> Reduced | None:
    """Reduce a tensor on a GPU to its values on the host, and where it was."""
    if type(value).__module__ != "torch" or value.device.type in ("cpu", "meta"):
        return None
    return on_device, (value.detach().cpu(), str(value.device), value.requires_grad)


def reduced_generator(value: Any) -> Reduced | None:
    """Reduce a generator of random numbers to its state; torch's own can't be pickled."""
    if type(value).__module__.partition(".")[0] != "torch":
        return None
    return generator, (str(value.device), value.get_state())


def on_device(tensor: Any, device: str, requires_grad: bool) -> Any:  # noqa: FBT001  # pickles name no arguments
    """Bring a tensor back to its device; where there is none, it stays on the host."""
    with suppress(RuntimeError, AssertionError, NotImplementedError):  # what torch raises without that device
        tensor = tensor.to(device)
    return tensor.requires_grad_(requires_grad)


def generator(device: str, state: Any) -> Any:
    """Make a generator that goes on where another was."""
    made: Any = sys.modules["torch"].Generator(device)  # its state, which is a tensor, has loaded torch
    made.set_state(state)
    return made


_REDUCERS: dict[str, Callable[[Any], Reduced | None]] = {
    **dict.fromkeys(("PosixPath", "PurePosixPath", "PureWindowsPath"), _path),
    "_lru_cache_wrapper": _cached_function,
    "cached_property": _cached_property,
    "function": _dispatching_function,
    "_MISSING_TYPE": _missing_of_dataclasses,
    "ReferenceType": reduced_reference,
    "WeakSet": reduced_set,
    **dict.fromkeys(("ProxyType", "CallableProxyType"), reduced_proxy),
    **dict.fromkeys(("WeakKeyDictionary", "WeakValueDictionary"), reduced_mapping),
    "_Environ": _environment,
    "SystemRandom": _system_random,
    "generator": _ended_generator,
    "Struct": _struct,
    "FreeTypeFont": _font,
    "Tensor": reduced_tensor,
    "Generator": reduced_generator,
}
