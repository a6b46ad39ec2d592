"""Tell the uses of a name apart: calls, imports, other code, and words in comments, strings and texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from omg.provider.offline.engine.languages import language_of
from omg.provider.offline.engine.places import Place, block, count
from omg.provider.offline.engine.source import mask
from omg.provider.offline.engine.survey import File, Survey, word_pattern

Sort = Literal["Calls", "Imports", "Other uses", "In comments, strings and other texts"]
SORTS: tuple[Sort, ...] = ("Calls", "Imports", "Other uses", "In comments, strings and other texts")

_IMPORT = re.compile(
    r"\s*(?:import\b|from\b.*\bimport\b|(?:pub(?:\([^)]*\))?\s+)?use\s|#\s*include\b|require(?:_relative)?\b"
    r"|export\b.*\bfrom\b|source\s|\.\s)|.*\brequire\("
)


def sort_of(place: Place, name: str, files: Mapping[str, File]) -> Sort:
    """What kind of use of `name` a line is."""
    word = word_pattern(name)
    file = files.get(place.path)
    language = file.language if file else language_of(place.path)
    if language is None:
        return "In comments, strings and other texts"
    seen = file is not None and bool(file.source.line(place.line).strip())
    code = file.source.masked_line(place.line) if file and seen else mask(place.text, language.family)
    if not re.search(word, code):
        imported = _IMPORT.match(place.text) and not re.match(r"\s*(?:#(?!\s*include)|//|\*)", place.text)
        return "Imports" if imported else "In comments, strings and other texts"
    if _IMPORT.match(code):
        return "Imports"
    if re.search(word + r"!?\s*(?:<[^<>()]*>\s*|::<[^()]*>\s*)?\(", code):
        return "Calls"
    if not language.calls_need_parentheses and re.search(
        r"(?:^|[.;|&({]|\$\(|=|\b(?:then|do|else|if|return))\s*" + word, code
    ):
        return "Calls"
    return "Other uses"


def sorted_uses(found: Survey) -> dict[Sort, list[Place]]:
    """The uses of a survey's name by sort, in the order of SORTS."""
    groups: dict[Sort, list[Place]] = {sort: [] for sort in SORTS}
    for place in found.uses:
        groups[sort_of(place, found.last, found.files)].append(place)
    return groups


def show_uses(groups: Mapping[Sort, Sequence[Place]], limit: int) -> str:
    """The groups under their names, `limit` places in all, and how many are left out."""
    parts: list[str] = []
    left = limit
    for sort, places in groups.items():
        if places and left > 0:
            parts.append(f"{sort}:\n\n{block(place.shown for place in places[:left])}")
            left -= len(places[:left])
    beyond = sum(map(len, groups.values())) - limit
    if beyond > 0:
        parts.append(f"and {count(beyond, 'more place')}.")
    return "\n\n".join(parts)
