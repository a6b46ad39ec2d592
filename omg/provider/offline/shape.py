"""Look into a parsed request without trusting its shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

Fields = Mapping[str, object]


def fields(value: object) -> Fields:
    """An object's fields; none where it is no object."""
    return cast(Fields, value) if isinstance(value, dict) else {}


def blocks(content: object) -> list[Fields]:
    """The objects in a list of blocks; a string that is not empty is one text block; none in anything else."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    if not isinstance(content, list):
        return []
    return [cast(Fields, block) for block in cast(list[object], content) if isinstance(block, dict)]


def messages(request: Fields) -> list[Fields]:
    """The messages of a request that has been checked."""
    return cast(list[Fields], request["messages"])
