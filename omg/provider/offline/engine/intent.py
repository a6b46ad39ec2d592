"""Tell from a person's words what they want: rules, tried in order, the most specific first."""

from __future__ import annotations

import re
from collections.abc import Callable

from omg.provider.offline.engine import phrases
from omg.provider.offline.engine.intents import (
    Connect,
    Create,
    Decline,
    Find,
    Help,
    Intent,
    ListFiles,
    Outline,
    Replace,
    Run,
    Several,
    Show,
    SumUp,
    Symbol,
    Words,
)
from omg.provider.offline.engine.names import COMMON, backticked_names, given, is_file, names_in
from omg.provider.offline.engine.questions import listed
from omg.provider.offline.engine.symbols import Aspect
from omg.provider.offline.engine.words import telling_words

_NAMES_AT_MOST = 3
_INSTRUCTION = 600
"""Longer words without a name beside *defined*, *used*, *does* are instructions for a model, not a question."""


def understand(text: str, *, new_reports: bool = False, any_reports: bool = False) -> Intent:
    """The intent of a person's words. Reports that came with them, or before them, widen what "go on" means."""
    words = text.strip()
    if (new_reports or any_reports) and phrases.SUM_UP.fullmatch(words) and len(words) < 200:
        return SumUp() if new_reports or not re.match(r"(?i)\W*(?:go on|continue|proceed|next)", words) else Help()
    several = _several(words)
    intent = several or _single(words)
    return SumUp() if new_reports and isinstance(intent, Help) else intent


def _several(text: str) -> Several | None:
    tasks = listed(text)
    intents = [_single(task) for task in tasks]
    plain = [task for task, intent in zip(tasks, intents, strict=True) if isinstance(intent, Words | Decline | Help)]
    if len(tasks) < 2 or not all(task.endswith("?") for task in plain):
        return None
    return Several(tasks, any(isinstance(intent, Run | Replace | Create) for intent in intents))


def _single(text: str) -> Intent:
    polite = phrases.POLITE.match(text)
    words = text[polite.end() :] if polite else text
    asked = polite is not None and phrases.ASKED.search(polite.group()) is not None
    rules: tuple[Callable[[str], Intent | None], ...] = (
        _act, _outline, _connect, _list, _show, _find, _beside,
    )  # fmt: skip
    for rule in rules:
        if intent := rule(words):
            return intent
    if phrases.HELP.fullmatch(text):
        return Help()
    if len(words) > _INSTRUCTION or (phrases.MAKING.match(words) and (asked or not words.rstrip().endswith("?"))):
        return Decline()
    return _named(words) or _searched(words)


def _act(words: str) -> Intent | None:
    for pattern in phrases.REPLACE:
        if match := pattern.match(words):
            return Replace(given(match, "path"), _inline(match, "old"), _inline(match, "new"))
    if match := phrases.CREATE.match(words):
        return Create(given(match, "path"), given(match, "content"))
    if match := phrases.RUN.match(words):
        return Run(given(match, "command").strip())
    return Run("") if phrases.RUN_BARE.match(words) and not words.rstrip().endswith("?") else None


def _inline(match: re.Match[str], group: str) -> str:
    text = given(match, group)
    return text.removesuffix("\n") if match.groupdict().get(f"{group}_fence") is not None else text


def _outline(words: str) -> Intent | None:
    for place, pattern in enumerate(phrases.OUTLINE):
        match = pattern.match(words)
        if match and (is_file(path := given(match, "path")) or (place == 0 and "." not in path)):
            return Outline(path)
    return None


def _connect(words: str) -> Intent | None:
    for pattern in phrases.CONNECT:
        match = pattern.match(words)
        if match and _is_name(match, "a") and _is_name(match, "b"):
            return Connect(match["a"], match["b"])
    return None


def _is_name(match: re.Match[str], group: str) -> bool:
    """Whether a matched word is meant as a name: it is no common word, or stands in backticks."""
    return match[group].lower() not in COMMON or match.string[match.start(group) - 1 : match.start(group)] == "`"


def _list(words: str) -> Intent | None:
    match = phrases.LIST.match(words)
    if match is None or not phrases.LIST_TAIL.fullmatch(match["rest"]):
        return None
    kind = (match["kind"] or "").strip().lower()
    glob = phrases.GLOB.search(match["rest"])
    below = phrases.BELOW.search(match["rest"])
    path = given(below, "path") if below else None
    if kind not in phrases.SUFFIX_OF and glob is None:
        return None
    suffix = phrases.SUFFIX_OF.get(kind, "")
    pattern = glob[1] if glob else f"**/*.{suffix}" if suffix else "**/*"
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    return ListFiles(pattern, None if path in ("project", "repo", "repository", "here", None) or "*" in path else path)


def _show(words: str) -> Intent | None:
    match = phrases.SHOW.match(words)
    if match is None or not is_file(path := given(match, "path")):
        return None
    first, last = match["first"], match["last"]
    return Show(path, int(first) if first else None, int(last) if last else None)


def _find(words: str) -> Intent | None:
    match = phrases.FIND.match(words)
    if match is None or not (text := given(match, "text").strip("\n")):
        return None
    names = backticked_names(f"`{text}`")
    return Symbol(names, "all") if names else Find(text)


def _beside(words: str) -> Intent | None:
    aspect, name = _aspect(words)
    if aspect is None:
        return None
    ticked = backticked_names(words)
    names = ticked[:_NAMES_AT_MOST] if len(ticked) > 1 else (name,)
    return Symbol(names, aspect)


def _aspect(words: str) -> tuple[Aspect | None, str]:
    """What is asked of which name, by the words beside it."""
    found: dict[Aspect, str] = {}
    sorts: tuple[tuple[Aspect, tuple[re.Pattern[str], ...]], ...] = (
        ("does", phrases.DOES), ("definition", phrases.DEFINES), ("uses", phrases.USES),
    )  # fmt: skip
    for aspect, patterns in sorts:
        for pattern in patterns:
            match = pattern.search(words)
            if match and _is_name(match, "name") and aspect not in found:
                found[aspect] = match["name"]
    if not found:
        return None, ""
    name = next(iter(found.values()))
    both = re.search(r"\bdefin\w+\b.*\b(?:and|or)\b.*\bused?\b|\bused?\b.*\b(?:and|or)\b.*\bdefin", words, re.I | re.S)
    return ("all" if both else next(iter(found))), name


def _named(words: str) -> Intent | None:
    names = names_in(words)[:_NAMES_AT_MOST]
    if not names:
        return None
    if re.search(r"\bwhat\s+(?:is|are|does|do)\b|\bdoes\b|\bexplain|\bdescribe|\bhow\b", words, re.I):
        return Symbol(names, "does")
    defined = re.search(r"\b(?:defin|declar|implement)", words, re.I)
    used = re.search(r"\b(?:us(?:e|es|ed|age|ages|ing)|call\w*|refer\w*|import\w*)\b", words, re.I)
    return Symbol(names, "all" if bool(defined) == bool(used) else "definition" if defined else "uses")


def _searched(words: str) -> Intent:
    telling = telling_words(words)
    return Words(telling) if telling else Help()
