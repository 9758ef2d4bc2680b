"""Makes the notebook's classes again as they are: what their class statements did once isn't done a second time.

cloudpickle makes an empty class by a class statement of its own and then sets its attributes. That loses `__slots__`
and the nesting in `__qualname__`, calls the notebook's `__init_subclass__` and metaclass again, whose names aren't
loaded yet, and makes an enum's members without what their `__init__` set. Its way is kept for all the rest.
"""

from __future__ import annotations

import abc
import sys
import types
import typing
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cellrun.core.context.pickles.references import Reduced, made_once, namespace

_OF_A_MEMBER = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_"})  # an enum gives each member these
_OF_MAKING = ("__init__", "_new_member_", "__new_member__", "_use_args_")  # an enum keeps what its members were made by
_PLAIN_VALUE: dict[type, Callable[[Any], Any]] = {
    object: lambda _: None,
    int: int.__pos__,
    float: float.__pos__,
    str: lambda member: str.__getitem__(member, slice(None)),
    bytes: lambda member: bytes.__getitem__(member, slice(None)),
}


def reduced_class(kind: type, reduced: Reduced, identity: str) -> Reduced:
    """Return how to make a class again, given how cloudpickle does; one with the same identity is made once a load."""
    make, arguments, (attributes, slots), *rest = reduced
    if make.__name__ == "_make_skeleton_class":
        meta, name, bases, options, *_ = arguments
        if typing.NamedTuple in bases:  # they are what the class statement said: this one made a tuple of it
            bases = kind.__bases__
        own = {"__slots__": kind.__dict__["__slots__"]} if "__slots__" in kind.__dict__ else {}
        options = {**options, **own, "__qualname__": kind.__qualname__}
        state: tuple[Any, ...] = (_without_slots(kind, attributes), slots)
        if registered := _registered(kind):
            state, rest = (*state, registered), [None, None, set_registered_state]
        return (make_class, (meta, name, bases, options, identity), state, *rest)
    if make.__name__ == "_make_skeleton_enum":
        bases, name, qualname, _, module, *_ = arguments
        enum: Any = kind
        if enum._member_type_ in _PLAIN_VALUE:
            members = {key: _plain(member) for key, member in enum.__members__.items()}
            made_with = (type(kind), bases, name, qualname, module, members, identity)
            attributes = {key: value for key, value in attributes.items() if key not in members}  # aliases too
            return make_enum, made_with, (attributes, dict(_members_attributes(enum))), None, None, set_enum_state
    return reduced


def make_class(meta: type, name: str, bases: tuple[Any, ...], options: dict[str, Any], identity: str) -> type:
    """Make a class that has only what `options` gives, unless this load has made it."""
    return made_once(identity, lambda: _made(meta, name, bases, options))


def make_enum(  # noqa: PLR0913, PLR0917  # what a class statement has
    meta: Any,
    bases: tuple[type, ...],
    name: str,
    qualname: str,
    module: str,
    members: dict[str, tuple[Any, Any]],
    identity: str,
) -> type:
    """Make an enum with its members, each given as the plain value that it is, and its `value`."""

    def new(cls: Any, plain: Any, value: Any) -> Any:
        base = cls._member_type_
        member = object.__new__(cls) if base is object else base.__new__(cls, plain)
        member._value_ = value
        return member

    def make() -> type:
        statements = meta.__prepare__(name, bases)
        statements["__new__"] = new
        statements["__init__"] = lambda _member, *_: None
        for key, member in members.items():
            statements[key] = member
        made: Any = meta.__new__(meta, name, bases, statements)
        for attribute in _OF_MAKING:
            if attribute in made.__dict__:
                delattr(made, attribute)
        made.__module__, made.__qualname__ = module, qualname
        return made  # type: ignore[no-any-return]

    return made_once(identity, make)


def set_enum_state(kind: Any, state: tuple[dict[str, Any], dict[str, dict[str, Any]]]) -> None:
    """Give an enum its attributes, and each member those that it has beside its value."""
    from cloudpickle.cloudpickle import _class_setstate  # type: ignore[import-untyped]  # noqa: PLC0415  # loaded

    attributes, of_members = state
    _class_setstate(kind, (attributes, {}))
    for name, each in of_members.items():
        kind.__members__[name].__dict__.update(each)


def set_registered_state(kind: type, state: tuple[dict[str, Any], dict[str, Any], list[Any]]) -> None:
    """Give a class its attributes, and register it as a subclass where it was."""
    from cloudpickle.cloudpickle import _class_setstate  # noqa: PLC0415  # as above

    *own, registered = state
    _class_setstate(kind, tuple(own))
    for abstract in registered:
        abstract.register(kind)


def _registered(kind: type) -> list[type]:
    """Return the abstract classes of Python itself that a class was registered with: `Sequence.register(Own)`."""
    modules = (sys.modules.get("collections.abc"), sys.modules.get("numbers"))
    abstract = (each for module in modules if module for each in vars(module).values() if isinstance(each, abc.ABCMeta))
    return [each for each in abstract if weakref.ref(kind) in abc._get_dump(each)[0]]  # type: ignore[attr-defined]  # noqa: SLF001  # as cloudpickle


def _made(meta: type, name: str, bases: tuple[Any, ...], options: dict[str, Any]) -> type:
    with _quiet(types.resolve_bases(bases)):
        if not any(_is_own(_defined(meta, step)) for step in ("__new__", "__init__")):
            return types.new_class(name, bases, {"metaclass": meta}, lambda body: body.update(options))
        statement = (name, types.resolve_bases(bases), {**options})
        made = _inherited(meta, "__new__")(meta, *statement)
        _inherited(meta, "__init__")(made, *statement)
        return made  # type: ignore[no-any-return]


@contextmanager
def _quiet(bases: tuple[Any, ...]) -> Iterator[None]:
    """Keep the `__init_subclass__` of the notebook's own classes from being called."""
    own = {
        kind: kind.__dict__["__init_subclass__"]
        for base in bases
        for kind in base.__mro__
        if _is_own(kind.__dict__.get("__init_subclass__"))
    }
    try:
        for kind in own:
            type.__setattr__(kind, "__init_subclass__", classmethod(lambda _kind, **_options: None))
        yield
    finally:
        for kind, method in own.items():
            type.__setattr__(kind, "__init_subclass__", method)


def _defined(kind: type, name: str) -> Any:
    return next((each.__dict__[name] for each in kind.__mro__ if name in each.__dict__), None)


def _inherited(meta: type, name: str) -> Any:
    """Return a method of a metaclass that isn't the notebook's, ready to be called with all that it takes."""
    found = next(
        each.__dict__[name] for each in meta.__mro__ if name in each.__dict__ and not _is_own(each.__dict__[name])
    )
    return _function(found)


def _is_own(method: Any) -> bool:
    """Whether a method is a function of the notebook."""
    return getattr(_function(method), "__globals__", None) is namespace()


def _function(method: Any) -> Any:
    return method.__func__ if isinstance(method, (staticmethod, classmethod)) else method


def _without_slots(kind: type, attributes: dict[str, Any]) -> dict[str, Any]:
    """Leave out what `__slots__` makes, private names too, and the list itself, which the class has from the start."""
    made = {name for name, value in kind.__dict__.items() if isinstance(value, types.MemberDescriptorType)}
    return {name: value for name, value in attributes.items() if name not in made and name != "__slots__"}


def _plain(member: Any) -> tuple[Any, Any]:
    return _PLAIN_VALUE[type(member)._member_type_](member), member._value_


def _members_attributes(enum: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, member in enum.__members__.items():
        own = {key: value for key, value in vars(member).items() if key not in _OF_A_MEMBER}
        if own:
            yield name, own
