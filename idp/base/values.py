"""Frozen dataclasses that are made on the roads that everybody travels, at a tenth of the price."""

import dataclasses
import reprlib
from dataclasses import MISSING, Field, fields
from inspect import signature
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_OF_THE_DATACLASS = frozenset(
    {
        *("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__getstate__", "__setstate__"),
        *("__slots__", "__annotations__", "__match_args__", "__module__", "__qualname__"),
    }
)
_WHERE_THEY_ARE_MADE = frozenset({"<string>", dataclasses.__file__, reprlib.__file__})


def quickly_made(frozen: type[T]) -> type[T]:
    """
    Return a class that is *frozen*, a frozen dataclass with slots, in all but how its objects are made: in C.

    What `dataclasses` writes goes around its own ban for every field (0.1 µs each), and a call with keywords makes a
    dictionary first. `replace`, `asdict` and `fields` work as on any dataclass.

    Raises:
        TypeError: it would not be the same: it has a base, no slots, a field or a method of its own that is treated
            in another way than usual (left out of its text, given by name only …), or something to do after its making.
    """
    ours = fields(frozen)  # type: ignore[arg-type]  # a dataclass
    names = tuple(one.name for one in ours)
    usual = (
        frozen.__bases__ == (object,)
        and frozen.__dict__.get("__slots__") == names
        and not hasattr(frozen, "__post_init__")
        and list(signature(frozen).parameters) == list(names)
        and all(map(_is_usual, ours))
        and _has_usual_parameters(frozen)
        and not any(_is_by_hand(vars(frozen).get(name)) for name in _OF_THE_DATACLASS)
        and not any(map(_knows_its_class, vars(frozen).values()))
    )
    if not usual:
        raise TypeError(f"{frozen.__name__} cannot be made quickly")
    kept = {name: value for name, value in vars(frozen).items() if name not in _OF_THE_DATACLASS and name not in names}
    made: Any = msgspec.defstruct(
        frozen.__name__, [_field(one) for one in ours], frozen=True, namespace=kept, module=frozen.__module__
    )
    made.__qualname__ = frozen.__qualname__
    return made  # type: ignore[no-any-return]


def _is_usual(one: Field[Any]) -> bool:
    return one.repr and one.compare and one.init and one.hash is None and not one.kw_only


def _has_usual_parameters(frozen: Any) -> bool:
    given = frozen.__dataclass_params__
    return given.frozen and given.init and given.repr and given.eq and not given.order and not given.unsafe_hash


def _is_by_hand(function: Any) -> bool:
    """Say whether a method that every dataclass has was written by whoever wrote the class."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename not in _WHERE_THEY_ARE_MADE


def _knows_its_class(member: Any) -> bool:
    """Say whether a method holds the class that it was written in, as ``super()`` does: it would be the wrong one."""
    code = getattr(getattr(member, "fget", None) or getattr(member, "__func__", member), "__code__", None)
    # Those of the ban do, and are not kept.
    return code is not None and "__class__" in code.co_freevars and code.co_filename not in _WHERE_THEY_ARE_MADE


def _field(of: Field[Any]) -> Any:
    if of.default is not MISSING:
        return of.name, of.type, of.default
    if of.default_factory is not MISSING:
        return of.name, of.type, msgspec.field(default_factory=of.default_factory)
    return of.name, of.type
