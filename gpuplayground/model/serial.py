"""Converts frozen dataclasses to JSON values and back, guided by their type hints.

A dataclass becomes an object, an enum its value, a tuple or list an array, and a float that JSON cannot represent the
string ``NaN``, ``Infinity`` or ``-Infinity``. Fields excluded from comparison, such as the arrays of a trace, are left
out. Reading tolerates other versions (unknown keys are ignored, missing ones get their default) but not other types.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NOTHING = type(None)


class SerialError(ValueError):
    """A value cannot be converted. The message is a sentence that names the place, such as ``Run.state``."""


def to_data(value: object) -> Any:
    """Return a value as dicts, lists, strings, numbers, booleans and None.

    Raises:
        SerialError: the value contains another type.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _word(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_data(getattr(value, field.name)) for field in _kept_fields(type(value))}
    if isinstance(value, Mapping):
        return {_key(key): to_data(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_data(item) for item in value]
    raise SerialError(f"{type(value).__name__} cannot be saved: only dataclasses, enums, strings and numbers can.")


def from_data(kind: type[T], data: object) -> T:
    """Return the value that :func:`to_data` converted to ``data``.

    Raises:
        SerialError: something is missing or has the wrong type.
    """
    return typing.cast(T, _read(kind, data, getattr(kind, "__name__", str(kind))))


def _read(hint: Any, data: object, place: str) -> object:
    """Read with msgspec, a hundred times faster, whatever it can read."""
    import msgspec  # takes tens of milliseconds, and most processes read nothing

    if isinstance(data, (dict, list)) and not _is_beyond_msgspec(hint):
        # It refuses the words for NaN and infinity. The slow way finds these, or names the place of the error.
        with contextlib.suppress(msgspec.ValidationError):
            return typing.cast(object, msgspec.convert(data, hint))
    return _read_slowly(hint, data, place)


@cache
def _is_beyond_msgspec(hint: Any) -> bool:
    """Return whether msgspec cannot handle a type, such as one with a field that is imported for type checking only."""
    import msgspec

    try:
        msgspec.convert(None, hint)
    except msgspec.ValidationError:
        return False
    except (TypeError, NameError):
        return True
    return False


def _read_slowly(hint: Any, data: object, place: str) -> object:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _read_union(arguments, data, place)
    if origin in (tuple, list, Sequence):
        return _read_array(origin, arguments, data, place)
    if origin in (dict, Mapping):
        return _read_dict(arguments, data, place)
    if origin is typing.Literal:
        return data if data in arguments else _refuse(hint, data, place)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _read_dataclass(hint, data, place)
    return _read_plain(hint, data, place)


def _read_plain(hint: Any, data: object, place: str) -> object:
    if hint in (None, _NOTHING) and data is None:
        return None
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(data)
        except ValueError:
            return _refuse(hint, data, place)
    if hint is float:
        if isinstance(data, str) and data in _WORDS:
            return _WORDS[data]
        if isinstance(data, (int, float)) and not isinstance(data, bool):
            return _float(data, place)
    # In Python True is an int; in a file it is an error.
    if hint in (bool, str, int) and type(data) is hint:
        return data
    return _refuse(hint, data, place)


def _read_union(choices: tuple[Any, ...], data: object, place: str) -> object:
    # An int is also a valid float, so the exact type is tried first.
    for choice in sorted(choices, key=lambda choice: type(data) is not choice):
        try:
            return _read(choice, data, place)
        except SerialError:
            continue
    return _refuse(" or ".join(map(_name, choices)), data, place)


def _read_array(origin: Any, items: tuple[Any, ...], data: object, place: str) -> object:
    if not isinstance(data, list):
        return _refuse("array", data, place)
    if origin is tuple and not (len(items) == 2 and items[1] is Ellipsis):
        if len(items) != len(data):
            return _refuse(f"array of {len(items)}", data, place)
        return tuple(_read(hint, item, place) for hint, item in zip(items, data, strict=True))
    read = [_read(items[0], item, place) for item in data]
    return read if origin is list else tuple(read)


def _read_dict(hints: tuple[Any, ...], data: object, place: str) -> object:
    if not isinstance(data, dict):
        return _refuse("object", data, place)
    key, item = hints
    return {_read(key, name, place): _read(item, value, f"{place}.{name}") for name, value in data.items()}


def _read_dataclass(kind: type, data: object, place: str) -> object:
    if not isinstance(data, dict):
        return _refuse(kind, data, place)
    values = {}
    for field in _kept_fields(kind):
        if field.name in data:
            values[field.name] = _read(_hints(kind)[field.name], data[field.name], f"{place}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise SerialError(f"{place}.{field.name} is missing.")
    return kind(**values)


@cache
def _kept_fields(kind: type) -> tuple[dataclasses.Field[Any], ...]:
    fields = dataclasses.fields(kind)
    return tuple(field for field in fields if field.compare and field.init)


@cache
def _hints(kind: type) -> dict[str, Any]:
    # Only for the kept fields: types of the others may be imported for type checking only.
    annotations = {field.name: field.type for field in _kept_fields(kind)}
    holder = types.SimpleNamespace(__annotations__=annotations)
    return typing.get_type_hints(holder, vars(sys.modules[kind.__module__]))


def _key(key: object) -> str:
    if isinstance(key, Enum):
        key = key.value
    if not isinstance(key, str):
        raise SerialError(f"{key!r} cannot be a key: only strings can.")
    return key


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _float(data: float, place: str) -> object:
    try:
        return float(data)
    except OverflowError:
        return _refuse(float, data, place)


def _name(hint: object) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)


def _refuse(wanted: object, data: object, place: str) -> object:
    found = repr(data)
    raise SerialError(f"{place} is {found if len(found) <= 40 else found[:39] + '…'}, but {_name(wanted)} is expected.")
