"""Survey a name: search for it, read the files that may define it, and tell definitions from uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from omg.provider.offline.engine.definitions import Definition, scan
from omg.provider.offline.engine.languages import Language, definition_pattern, language_of
from omg.provider.offline.engine.places import Place, read_page, read_search
from omg.provider.offline.engine.source import Source
from omg.provider.offline.engine.work import Ask, Outcome, Step, failure

_READ_AT_MOST = 8
_BEYOND = 150
"""How many lines to read behind the last line that may define something, to have its body."""


@dataclass(frozen=True)
class File:
    """A file, or its first part, as it was read."""

    path: str
    text: str
    first: int = 1

    @cached_property
    def language(self) -> Language | None:
        return language_of(self.path, self.text)

    @cached_property
    def source(self) -> Source:
        return Source(self.text, self.language.family if self.language else "shell", self.first)

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        return scan(self.source, self.language) if self.language else ()


@dataclass(frozen=True)
class Found:
    """A definition and the file it stands in."""

    file: File
    definition: Definition

    @property
    def place(self) -> Place:
        return Place(self.file.path, self.definition.line, self.definition.text)


@dataclass(frozen=True)
class Survey:
    """All that was found of a name. `uses` are the other lines with its last part in them."""

    name: str
    definitions: tuple[Found, ...]
    declarations: tuple[Found, ...]
    elsewhere: tuple[Found, ...]
    """For a dotted name: definitions of its last part that belong to something else."""
    uses: tuple[Place, ...]
    files: Mapping[str, File]
    cut: bool
    notes: tuple[str, ...]
    """What did not work, each in one sentence."""

    @property
    def last(self) -> str:
        return last_part(self.name)


def last_part(name: str) -> str:
    """`c` of `a.b.c`, `a::b::c` or `A#c`."""
    return re.split(r"\.|::|#|->", name)[-1]


def word_pattern(name: str) -> str:
    """A pattern for `name` as a whole word, also where it begins or ends with no word character."""
    if re.fullmatch(r"\w+", name):
        return rf"\b{name}\b"
    return rf"(?<![\w$]){re.escape(name)}(?![\w$])"


def survey(names: Sequence[str]) -> Step[tuple[Survey, ...]]:
    """Survey several names at once: all searches in parallel, then all reads in parallel."""
    parts = [last_part(name) for name in names]
    searches = yield tuple(
        Ask("grep", {"pattern": pattern})
        for part in parts
        for pattern in (definition_pattern(part), word_pattern(part))
    )
    pairs = list(zip(searches[::2], searches[1::2], strict=True))
    candidates = _candidates(parts, pairs)
    files, notes = yield from _read(candidates)
    return tuple(
        _survey(name, pair, files, notes, len(candidates) > _READ_AT_MOST)
        for name, pair in zip(names, pairs, strict=True)
    )


def _candidates(parts: Sequence[str], pairs: Sequence[tuple[Outcome, Outcome]]) -> dict[str, list[Place]]:
    """Places that look like definitions, by file, those with a language the rules know first."""
    found: dict[str, list[Place]] = {}
    for part, pair in zip(parts, pairs, strict=True):
        for outcome in pair:
            for place in read_search(outcome).places:
                if _may_define(place, part) and place not in found.setdefault(place.path, []):
                    found[place.path].append(place)
    known = {path: places for path, places in found.items() if places}
    return dict(sorted(known.items(), key=lambda item: (language_of(item[0]) is None, _is_test(item[0]))))


def _is_test(path: str) -> bool:
    return re.search(r"(?:^|[/_.-])(?:tests?|specs?|vendor|node_modules)(?:[/_.-]|$)", path) is not None


def _may_define(place: Place, part: str) -> bool:
    if language := language_of(place.path):
        return language.may_define(place.text, part)
    # Only a first line can tell what a file without a suffix is.
    return not PurePosixPath(place.path).suffix and re.search(definition_pattern(part), place.text) is not None


def _read(candidates: Mapping[str, list[Place]]) -> Step[tuple[dict[str, File], tuple[str, ...]]]:
    wanted = list(candidates.items())[:_READ_AT_MOST]
    if not wanted:
        return {}, ()
    outcomes = yield tuple(
        Ask("read", {"path": path, "limit": max(place.line for place in places) + _BEYOND}) for path, places in wanted
    )
    files: dict[str, File] = {}
    notes: list[str] = []
    beyond: list[Place] = []
    for (path, places), outcome in zip(wanted, outcomes, strict=True):
        if outcome.failed:
            notes.append(failure("read", outcome))
            continue
        files[path] = File(path, read_page(outcome).text)
        beyond += [place for place in places if not _shows(files[path], place)][:1]
    files |= yield from _read_beyond(beyond)
    return files, tuple(dict.fromkeys(notes))


def _shows(file: File, place: Place) -> bool:
    return file.source.line(place.line).strip()[:80] == place.text.strip()[:80]


def _read_beyond(places: Sequence[Place]) -> Step[dict[str, File]]:
    """Read on where a page ended before the place; a part begins at the place itself."""
    if not places:
        return {}
    asks = tuple(Ask("read", {"path": place.path, "offset": place.line, "limit": _BEYOND}) for place in places)
    outcomes = yield asks
    parts = {
        place.path: _anchored(place, read_page(outcome).text)
        for place, outcome in zip(places, outcomes, strict=True)
        if not outcome.failed
    }
    return {path: file for path, file in parts.items() if file}


def _anchored(place: Place, text: str) -> File | None:
    """The part as a File that begins at `place`, wherever the reader's page began."""
    lines = text.split("\n")
    for index, line in enumerate(lines[:3]):
        if line.strip() and line.strip()[:80] == place.text.strip()[:80]:
            return File(place.path, "\n".join(lines[index:]), place.line)
    return None


def _survey(
    name: str, pair: tuple[Outcome, Outcome], files: Mapping[str, File], notes: Sequence[str], more: bool
) -> Survey:
    searches = [read_search(outcome) for outcome in pair]
    failures = [failure("grep", outcome) for outcome in pair if outcome.failed]
    part = last_part(name)
    found = list(_defined(part, files))
    places = dict.fromkeys(place for search in reversed(searches) for place in search.places)
    whole = re.compile(word_pattern(part))
    taken = {(each.file.path, each.definition.line) for each in found}
    uses = sorted(
        (place for place in places if (place.path, place.line) not in taken and whole.search(place.text)),
        key=lambda place: (place.path, place.line),
    )
    owned, elsewhere = _split_by_owner(name, _without_constructors(found))
    return Survey(
        name=name,
        definitions=tuple(each for each in owned if each.definition.kind != "declaration"),
        declarations=tuple(each for each in owned if each.definition.kind == "declaration"),
        elsewhere=elsewhere,
        uses=tuple(uses),
        files=files,
        cut=more or any(search.cut for search in searches),
        notes=tuple(dict.fromkeys((*failures, *notes))),
    )


def _defined(part: str, files: Mapping[str, File]) -> Iterator[Found]:
    for path in sorted(files):
        for each in files[path].definitions:
            if part in (each.name, each.name.rstrip("?!=")):
                yield Found(files[path], each)


def _without_constructors(found: Sequence[Found]) -> Sequence[Found]:
    """A class is what its name means; its constructors count only where the class itself was not found."""
    return [each for each in found if each.definition.kind != "constructor"] or found


def _split_by_owner(name: str, found: Sequence[Found]) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    qualifiers = re.split(r"\.|::|#|->", name)[:-1]
    if not qualifiers or qualifiers[-1] in ("self", "this", "cls", "crate", "super"):
        return tuple(found), ()
    owned = tuple(each for each in found if _belongs(each, qualifiers[-1]))
    return owned, tuple(each for each in found if each not in owned)


def _belongs(found: Found, qualifier: str) -> bool:
    owners = found.definition.owner.split(".")
    path = PurePosixPath(found.file.path)
    if found.definition.owner:
        return owners[-1] == qualifier
    return path.stem == qualifier or (path.parent.name == qualifier)
