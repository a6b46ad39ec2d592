"""Answer questions about a name: where it is defined, where it is used, what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from omg.provider.offline.engine.documentation import documentation, signature
from omg.provider.offline.engine.places import Place, block, count, listing
from omg.provider.offline.engine.survey import Found, Survey, survey
from omg.provider.offline.engine.usage import show_uses, sorted_uses
from omg.provider.offline.engine.work import Work

Aspect = Literal["definition", "uses", "does", "all"]

_DEFINITIONS = 12
_USES = 20
_CALLERS = 10
_MEMBERS = 20
_EXPLAINED = 3


def look_up(names: Sequence[str], aspect: Aspect) -> Work:
    """Search for `names` and answer for each of them."""
    found = yield from survey(names)
    return "\n\n".join(_answer(each, aspect) for each in found)


def _answer(found: Survey, aspect: Aspect) -> str:
    parts = list(_parts(found, aspect))
    parts += [f"Note: {note}" for note in found.notes]
    if found.cut:
        parts.append("The search was cut short, so there may be more.")
    return "\n\n".join(parts)


def _parts(found: Survey, aspect: Aspect) -> Iterator[str]:
    if not (found.definitions or found.declarations or found.elsewhere or found.uses):
        if not found.notes:
            yield f"`{found.last}` does not occur in the files that were searched."
        else:
            yield f"I found nothing about `{found.name}`."
        return
    if aspect == "does" and found.definitions:
        yield from _explanation(found)
        return
    if aspect != "uses":
        yield definitions_of(found)
    if aspect != "definition" or not _any_definition(found):
        yield _uses(found)
    elif found.uses:
        yield f"{count(len(found.uses), 'other line')} {'mentions' if len(found.uses) == 1 else 'mention'} it."


def _any_definition(found: Survey) -> bool:
    return bool(found.definitions or found.declarations or found.elsewhere)


def definitions_of(found: Survey) -> str:
    """Where the name is defined, or that no definition was found."""
    parts: list[str] = []
    if found.definitions:
        parts.append(f"`{found.name}` is defined in {_where(found.definitions)}")
    if found.declarations:
        parts.append(f"`{found.name}` is declared in {_where(found.declarations)}")
    if not parts:
        parts.append(f"I found no definition of `{found.name}`.")
        if found.elsewhere:
            parts.append(f"`{found.last}` is defined elsewhere, in {_where(found.elsewhere)}")
    return "\n\n".join(parts)


def _where(found: Sequence[Found]) -> str:
    return f"{count(len(found), 'place')}:\n\n{listing([each.place for each in found], _DEFINITIONS)}"


def _uses(found: Survey) -> str:
    if not found.uses:
        return f"I found no uses of `{found.name}`."
    qualified = "" if found.name == found.last else f" (any `{found.last}`, whatever it belongs to)"
    groups = sorted_uses(found)
    return f"`{found.last}` is used on {count(len(found.uses), 'line')}{qualified}.\n\n{show_uses(groups, _USES)}"


def _explanation(found: Survey) -> Iterator[str]:
    yield definitions_of(found)
    for each in found.definitions[:_EXPLAINED]:
        yield from _explain(each, several=len(found.definitions) > 1)
    if members := _members(found):
        yield f"Members:\n\n{listing(members, _MEMBERS)}"
    calls = sorted_uses(found)["Calls"]
    if calls:
        yield f"Called on {count(len(calls), 'line')}:\n\n{listing(calls, _CALLERS)}"
    else:
        yield f"I found no calls of `{found.name}`; {count(len(found.uses), 'other line')} in all mention it."


def _explain(found: Found, several: bool) -> Iterator[str]:
    definition, source, language = found.definition, found.file.source, found.file.language
    prefix = f"{found.file.path}:{definition.line}: " if several else ""
    head = signature(source, definition)
    if head and head not in (definition.text, definition.text.rstrip(" :{")):
        yield f"Signature:\n\n{block([prefix + head])}"
    said = documentation(source, language, definition) if language else ""
    if said:
        yield f"It says of itself{f' ({prefix[:-2]})' if several else ''}:\n\n" + quote(said)
    elif definition.kind in ("function", "method", "class"):
        yield f"It carries no docstring or comment{f' ({prefix[:-2]})' if several else ''}."


def quote(text: str) -> str:
    """A Markdown quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _members(found: Survey) -> list[Place]:
    """What stands directly inside the definitions, and (Go, C++) what names them as its owner elsewhere."""
    seen: dict[Place, None] = {}
    for each in found.definitions:
        if each.definition.kind in ("class", "impl"):
            seen |= dict.fromkeys(_inside(each))
    receiver = re.compile(rf"\s*func\s*\(\s*(?:\w+\s+)?\*?\s*{re.escape(found.last)}\b[^)]*\)\s*\w+\s*[\[(]")
    seen |= dict.fromkeys(place for place in found.uses if place.path.endswith(".go") and receiver.match(place.text))
    return list(seen)


def _inside(holder: Found) -> Iterator[Place]:
    inner = ".".join(filter(None, (holder.definition.owner, holder.definition.name)))
    for each in holder.file.definitions:
        if each is not holder.definition and each.owner in (inner, holder.definition.name):
            yield Place(holder.file.path, each.line, each.text)
