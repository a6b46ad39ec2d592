"""Tell from a person's words what they want: rules, tried in order, the most specific first."""

from __future__ import annotations

import re
from collections.abc import Callable

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
from omg.provider.offline.engine.names import (
    COMMON,
    FILE,
    NAME,
    NOUN,
    NOUN_BEHIND,
    QUOTED,
    backticked_names,
    given,
    is_file,
    names_in,
)
from omg.provider.offline.engine.questions import listed
from omg.provider.offline.engine.symbols import Aspect
from omg.provider.offline.engine.words import telling_words

_NAMES_AT_MOST = 3
_INSTRUCTION = 600
"""Longer words without a name beside *defined*, *used*, *does* are instructions for a model, not a question."""


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I | re.S)


_POLITE = _re(
    r"(?:(?:please|hey|hello|hi|ok|okay|now|then|and|also|just|first|next|so|well|omg|can you|could you|would you"
    r"|will you|i want you to|i'd like you to|i need you to|let's|go and|tell me|kindly)\b[\s,:!]*)+(?=\S)"
)
_ASKED = _re(r"(?:can|could|would|will) you\b")
_SPAN = QUOTED.format
_REPLACE = (
    _re(
        rf"in\s+(?:the\s+file\s+)?{FILE.format('path')}\s*,?\s+(?:please\s+)?(?:replace|change)\s+{_SPAN('old')}"
        rf"\s+(?:with|by|to|into)\s+{_SPAN('new')}"
    ),
    _re(
        rf"(?:replace|change)\s+{_SPAN('old')}\s+(?:with|by|to|into)\s+{_SPAN('new')}\s+(?:everywhere\s+)?in\s+"
        rf"(?:the\s+file\s+)?{FILE.format('path')}"
    ),
)
_CREATE = _re(
    rf"(?:create|write|make|add)\s+(?:a\s+|the\s+)?(?:new\s+)?(?:file\s+)?(?:called\s+|named\s+)?{FILE.format('path')}"
    rf"\s*,?\s+(?:with|containing|that\s+says|that\s+contains)(?:\s+the)?(?:\s+(?:content|text)s?)?\s*:?\s*{_SPAN('content')}"
)
_RUN = _re(rf"(?:run|execute)(?:\s+(?:the\s+command|this|the\s+following))?(?:\s*:)?\s*{_SPAN('command')}")
_RUN_BARE = _re(r"(?:run|execute)\b")
_OUTLINE = (
    _re(
        rf"(?:(?:give|show|print)\s+(?:me\s+)?)?(?:(?:an|the)\s+)?outline\s+(?:of\s+)?(?:the\s+file\s+)?{FILE.format('path')}"
    ),
    _re(rf"what(?:'s|\s+is)\s+(?:defined\s+)?in\s+(?:the\s+file\s+)?{FILE.format('path')}\s*\??\s*$"),
    _re(
        rf"(?:what\s+does|explain|describe)\s+(?:the\s+file\s+)?{FILE.format('path')}(?:\s+(?:do|contain|define|have))?\s*\??\s*$"
    ),
)
_SHOW = _re(
    rf"(?:read|show|open|cat|print|display|view)\s+(?:me\s+)?(?:the\s+)?(?:contents?\s+of\s+)?(?:the\s+)?(?:file\s+)?"
    rf"{FILE.format('path')}"
    r"(?:[\s,:]+(?:from\s+)?lines?\s+(?P<first>\d{1,9})(?:\s*(?:-|–|to)\s*(?P<last>\d{1,9}))?)?"
)
_CONNECT = (
    _re(
        rf"how\s+(?:do|does|are|is)\s+{NOUN}{NAME.format('a')}\s+and\s+{NOUN}{NAME.format('b')}\s+"
        r"(?:connect|relate|interact|work\s+together|fit\s+together|talk|link|depend|linked|related|connected)"
    ),
    _re(
        rf"how\s+is\s+{NOUN}{NAME.format('a')}\s+(?:connected|related|linked)\s+(?:to|with)\s+{NOUN}{NAME.format('b')}"
    ),
    _re(
        rf"how\s+does\s+{NOUN}{NAME.format('a')}\s+(?:use|call|connect\s+(?:to|with)|relate\s+to|talk\s+to|reach|depend\s+on)"
        rf"\s+{NOUN}{NAME.format('b')}"
    ),
    _re(
        rf"(?:what\s+is\s+)?(?:the\s+)?(?:connection|relation|relationship|link)\s+between\s+{NOUN}{NAME.format('a')}\s+and\s+"
        rf"{NOUN}{NAME.format('b')}"
    ),
)
_LIST = _re(
    r"(?:list|show|what|which|find|glob)\s+(?:me\s+)?(?:all\s+|the\s+)*(?P<kind>[A-Za-z+]+\s+)?files?\b(?P<rest>[^\n]*)"
)
_GLOB = re.compile(r"(?<!\S)[`\"']?([\w./-]*\*[\w.*/?\[\]{}-]*)[`\"']?")
_BELOW = _re(
    rf"\b(?:in|under|below|inside)\s+(?:the\s+)?(?:folder\s+|directory\s+)?{FILE.format('path')}(?:\s+folder|\s+directory)?\s*[?.]?\s*$"
)
_LIST_TAIL = _re(
    r"\s*(?:are|is|do|exist|we|there|have|has|here|please|matching|like|in|under|below|inside|with|named|[`\"'?.!,]|\S*\*\S*).*|\s*"
)
_SUFFIX_OF = {
    "python": "py", "javascript": "js", "typescript": "ts", "go": "go", "rust": "rs", "c": "c", "java": "java",
    "ruby": "rb", "shell": "sh", "markdown": "md", "json": "json", "toml": "toml", "yaml": "yaml", "header": "h",
    "test": "", "source": "", "": "",
}  # fmt: skip
_FIND = _re(
    rf"(?:find|search|grep|look)\s+(?:for\s+|all\s+|every\s+|occurrences\s+of\s+|the\s+text\s+|the\s+string\s+)*{_SPAN('text')}"
)
_USED_WORDS = r"(?:used|called|referenced|imported|invoked|mentioned|instantiated)"
_USES = (
    _re(
        rf"where(?:'s|\s+is|\s+are|\s+was|\s+does|\s+do)?\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:\w+\s+)?{_USED_WORDS}"
    ),
    _re(rf"where\s+(?:do|does)\s+\w+\s+(?:use|call|import|reference|invoke)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"(?:who|what|which\s+\w+)\s+(?:calls?|uses?|references?|imports?|invokes?)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"\b(?:callers?|uses?|usages?|references?|call\s+sites?)\s+(?:of|to|for)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"\bis\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:\w+\s+)?{_USED_WORDS}"),
)
_DEFINES = (
    _re(
        rf"where(?:'s|\s+is|\s+are|\s+was)?\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:defined|declared|implemented)"
    ),
    _re(rf"where\s+(?:do|does|did)\s+\w+\s+(?:define|declare|implement)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"(?:who|what|which\s+\w+)\s+(?:defines|declares|implements)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"\bdefinitions?\s+(?:of|for)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"\bis\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:defined|declared|implemented)"),
)
_DOES = (
    _re(rf"what\s+(?:does|do)\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:do|mean|return|take|accept|stand)\b"),
    _re(rf"what\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+does\b"),
    _re(rf"how\s+does\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+work\b"),
    _re(rf"(?:explain|describe)\s+(?:what\s+)?{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s*(?:does)?\s*[?.]?\s*$"),
)
_SUM_UP = _re(
    r"\W*(?:(?:please|and|now|ok|okay|so|then)\W+)*(?:go on|continue|proceed|sum(?:\s+it|\s+them|\s+this)?\s+up.*"
    r"|summari[sz]e.*|(?:give|write|show).*\bsummary.*|what did (?:they|the forks?|it|you) (?:find|say|report|come).*"
    r"|what (?:do|are) the (?:reports?|findings|results).*|(?:show|read).*\breports?.*|combine.*|merge.*|join.*"
    r"|conclude.*|and\??|well\??|so\??|next)\W*"
)
_HELP = _re(
    r"\W*(?:hi|hello|hey|hallo|good (?:morning|evening|day|afternoon)|help|thanks?(?: you)?|who are you|what are you"
    r"|what can (?:you|i) (?:do|ask)|how are you|are you (?:there|a model|an ai|a language model)|test|ping|yes|no|ok"
    r"|okay|go on|continue|proceed|bye)\b[\s\w,!?.]{0,20}"
)
_MAKING = _re(
    r"(?:write|create|make|refactor|implement|fix|add|rewrite|rename|delete|remove|move|convert|port|translate|generate"
    r"|design|improve|optimi[sz]e|clean|update|change|build|debug|review|summari[sz]e|compact|draft|commit|install|upgrade"
    r"|replace|edit|document|think|plan|suggest|propose|test|simplify|migrate|extract|compose|tell)\b(?=\s)"
)


def understand(text: str, *, new_reports: bool = False, any_reports: bool = False) -> Intent:
    """The intent of a person's words. Reports that came with them, or before them, widen what "go on" means."""
    words = text.strip()
    if (new_reports or any_reports) and _SUM_UP.fullmatch(words) and len(words) < 200:
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
    polite = _POLITE.match(text)
    words = text[polite.end() :] if polite else text
    asked = polite is not None and _ASKED.search(polite.group()) is not None
    rules: tuple[Callable[[str], Intent | None], ...] = (
        _act, _outline, _connect, _list, _show, _find, _beside,
    )  # fmt: skip
    for rule in rules:
        if intent := rule(words):
            return intent
    if _HELP.fullmatch(text):
        return Help()
    if len(words) > _INSTRUCTION or (_MAKING.match(words) and (asked or not words.rstrip().endswith("?"))):
        return Decline()
    return _named(words) or _searched(words)


def _act(words: str) -> Intent | None:
    for pattern in _REPLACE:
        if match := pattern.match(words):
            return Replace(given(match, "path"), _inline(match, "old"), _inline(match, "new"))
    if match := _CREATE.match(words):
        return Create(given(match, "path"), given(match, "content"))
    if match := _RUN.match(words):
        return Run(given(match, "command").strip())
    return Run("") if _RUN_BARE.match(words) and not words.rstrip().endswith("?") else None


def _inline(match: re.Match[str], group: str) -> str:
    text = given(match, group)
    return text.removesuffix("\n") if match.groupdict().get(f"{group}_fence") is not None else text


def _outline(words: str) -> Intent | None:
    for place, pattern in enumerate(_OUTLINE):
        match = pattern.match(words)
        if match and (is_file(path := given(match, "path")) or (place == 0 and "." not in path)):
            return Outline(path)
    return None


def _connect(words: str) -> Intent | None:
    for pattern in _CONNECT:
        match = pattern.match(words)
        if match and _is_name(match, "a") and _is_name(match, "b"):
            return Connect(match["a"], match["b"])
    return None


def _is_name(match: re.Match[str], group: str) -> bool:
    """Whether a matched word is meant as a name: it is no common word, or stands in backticks."""
    return match[group].lower() not in COMMON or match.string[match.start(group) - 1 : match.start(group)] == "`"


def _list(words: str) -> Intent | None:
    match = _LIST.match(words)
    if match is None or not _LIST_TAIL.fullmatch(match["rest"]):
        return None
    kind = (match["kind"] or "").strip().lower()
    glob = _GLOB.search(match["rest"])
    below = _BELOW.search(match["rest"])
    path = given(below, "path") if below else None
    if kind not in _SUFFIX_OF and glob is None:
        return None
    suffix = _SUFFIX_OF.get(kind, "")
    pattern = glob[1] if glob else f"**/*.{suffix}" if suffix else "**/*"
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    return ListFiles(pattern, None if path in ("project", "repo", "repository", "here", None) or "*" in path else path)


def _show(words: str) -> Intent | None:
    match = _SHOW.match(words)
    if match is None or not is_file(path := given(match, "path")):
        return None
    first, last = match["first"], match["last"]
    return Show(path, int(first) if first else None, int(last) if last else None)


def _find(words: str) -> Intent | None:
    match = _FIND.match(words)
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
        ("does", _DOES), ("definition", _DEFINES), ("uses", _USES),
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
