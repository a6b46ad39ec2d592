"""How two names connect: their definitions, the files that have both, the bodies where one names the other."""

from __future__ import annotations

from collections.abc import Iterator

from omg.provider.offline.engine.places import Place, listing
from omg.provider.offline.engine.survey import Survey, survey
from omg.provider.offline.engine.symbols import definitions_of
from omg.provider.offline.engine.work import Work

_PLACES = 10
_FILES = 5


def connect(first: str, second: str) -> Work:
    """Survey both names and say where they meet; never more than was found."""
    one, other = yield from survey((first, second))
    parts = [definitions_of(one), definitions_of(other)]
    meetings = [*_bodies(one, other), *_bodies(other, one), *_same_lines(one, other)]
    files = list(_files_with_both(one, other))
    parts += meetings
    if files:
        parts.append(f"Files with both:\n\n{_both(one, other, files)}")
    if not meetings and not files:
        parts.append(f"I found no place where `{first}` and `{second}` meet: no file has both names.")
    elif not meetings:
        parts.append("Neither stands in the other's body; they only share those files.")
    parts += [f"Note: {note}" for note in dict.fromkeys((*one.notes, *other.notes))]
    if one.cut or other.cut:
        parts.append("A search was cut short, so there may be more.")
    return "\n\n".join(parts)


def _bodies(holder: Survey, inner: Survey) -> Iterator[str]:
    places = [
        place
        for place in _lines_of(inner)
        for each in holder.definitions
        if each.file.path == place.path and each.definition.line <= place.line <= each.definition.last
    ]
    if places:
        yield f"`{inner.name}` appears in the body of `{holder.name}`:\n\n{listing(places, _PLACES)}"


def _same_lines(one: Survey, other: Survey) -> Iterator[str]:
    lines = {(place.path, place.line) for place in _lines_of(other)}
    places = [place for place in _lines_of(one) if (place.path, place.line) in lines]
    if places:
        yield f"Lines with both:\n\n{listing(places, _PLACES)}"


def _lines_of(found: Survey) -> list[Place]:
    defined = [each.place for each in (*found.definitions, *found.declarations, *found.elsewhere)]
    return sorted((*defined, *found.uses), key=lambda place: (place.path, place.line))


def _files_with_both(one: Survey, other: Survey) -> Iterator[str]:
    ours = {place.path for place in _lines_of(one)}
    yield from sorted(ours & {place.path for place in _lines_of(other)})


def _both(one: Survey, other: Survey, files: list[str]) -> str:
    places = [
        next(place for place in _lines_of(found) if place.path == path)
        for path in files[:_FILES]
        for found in (one, other)
    ]
    shown = listing(list(dict.fromkeys(places)), 2 * _FILES)
    return shown if len(files) <= _FILES else f"{shown}\n\nand {len(files) - _FILES} more files."
