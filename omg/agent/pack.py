"""Records, and what is made of them, as bytes and back: the same values, made without asking their classes.

Reading makes our own data types and nothing else, whatever the bytes say. Bytes are good for the code that wrote them
alone: they hold values in the order of a type's fields.
"""

from __future__ import annotations

import io
import pickle
import sys
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, cast


class BadPack(ValueError):
    """Bytes that are not what `pack` writes."""


def made(kind: type, *values: object) -> object:
    """An instance of a data type with these values for its fields."""
    new = cast(object, object.__new__(kind))
    for name, value in zip(_names(kind), values, strict=True):
        object.__setattr__(new, name, value)
    return new


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


class Packer(pickle.Pickler):
    """Writes data types by their fields."""

    def reducer_override(self, obj: Any) -> Any:
        """See `pickle.Pickler`."""
        if is_dataclass(obj) and not isinstance(obj, type):
            return made, (obj.__class__, *(getattr(obj, name) for name in _names(obj.__class__)))
        return NotImplemented


class Unpacker(pickle.Unpickler):
    """Makes data types of ours, and nothing else."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """See `pickle.Unpickler`. Raises BadPack."""
        found = getattr(sys.modules.get(module_name), global_name, None)
        if found is made or (module_name.startswith("omg.") and isinstance(found, type) and is_dataclass(found)):
            return found
        raise BadPack(f"{module_name}.{global_name} is no data type of OMG")


def pack(value: object) -> bytes:
    """A value made of data types, collections and plain values, as bytes."""
    file = io.BytesIO()
    Packer(file, pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def unpack(data: bytes) -> Any:
    """The value that was packed. Raises BadPack."""
    try:
        return Unpacker(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, TypeError, ValueError, LookupError) as error:
        raise BadPack(str(error)) from error
