"""The phrases people use for what they want, as patterns."""

from __future__ import annotations

import re

from omg.provider.offline.engine.names import FILE, NAME, NOUN, NOUN_BEHIND, QUOTED


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I | re.S)


POLITE = _re(
    r"(?:(?:please|hey|hello|hi|ok|okay|now|then|and|also|just|first|next|so|well|omg|can you|could you|would you"
    r"|will you|i want you to|i'd like you to|i need you to|let's|go and|tell me|kindly)\b[\s,:!]*)+(?=\S)"
)
ASKED = _re(r"(?:can|could|would|will) you\b")
_SPAN = QUOTED.format
REPLACE = (
    _re(
        rf"in\s+(?:the\s+file\s+)?{FILE.format('path')}\s*,?\s+(?:please\s+)?(?:replace|change)\s+{_SPAN('old')}"
        rf"\s+(?:with|by|to|into)\s+{_SPAN('new')}"
    ),
    _re(
        rf"(?:replace|change)\s+{_SPAN('old')}\s+(?:with|by|to|into)\s+{_SPAN('new')}\s+(?:everywhere\s+)?in\s+"
        rf"(?:the\s+file\s+)?{FILE.format('path')}"
    ),
)
CREATE = _re(
    rf"(?:create|write|make|add)\s+(?:a\s+|the\s+)?(?:new\s+)?(?:file\s+)?(?:called\s+|named\s+)?{FILE.format('path')}"
    rf"\s*,?\s+(?:with|containing|that\s+says|that\s+contains)(?:\s+the)?(?:\s+(?:content|text)s?)?\s*:?\s*{_SPAN('content')}"
)
RUN = _re(rf"(?:run|execute)(?:\s+(?:the\s+command|this|the\s+following))?(?:\s*:)?\s*{_SPAN('command')}")
RUN_BARE = _re(r"(?:run|execute)\b")
OUTLINE = (
    _re(
        rf"(?:(?:give|show|print)\s+(?:me\s+)?)?(?:(?:an|the)\s+)?outline\s+(?:of\s+)?(?:the\s+file\s+)?{FILE.format('path')}"
    ),
    _re(rf"what(?:'s|\s+is)\s+(?:defined\s+)?in\s+(?:the\s+file\s+)?{FILE.format('path')}\s*\??\s*$"),
    _re(
        rf"(?:what\s+does|explain|describe)\s+(?:the\s+file\s+)?{FILE.format('path')}(?:\s+(?:do|contain|define|have))?\s*\??\s*$"
    ),
)
SHOW = _re(
    rf"(?:read|show|open|cat|print|display|view)\s+(?:me\s+)?(?:the\s+)?(?:contents?\s+of\s+)?(?:the\s+)?(?:file\s+)?"
    rf"{FILE.format('path')}"
    r"(?:[\s,:]+(?:from\s+)?lines?\s+(?P<first>\d{1,9})(?:\s*(?:-|–|to)\s*(?P<last>\d{1,9}))?)?"
)
CONNECT = (
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
LIST = _re(
    r"(?:list|show|what|which|find|glob)\s+(?:me\s+)?(?:all\s+|the\s+)*(?P<kind>[A-Za-z+]+\s+)?files?\b(?P<rest>[^\n]*)"
)
GLOB = re.compile(r"(?<!\S)[`\"']?([\w./-]*\*[\w.*/?\[\]{}-]*)[`\"']?")
BELOW = _re(
    rf"\b(?:in|under|below|inside)\s+(?:the\s+)?(?:folder\s+|directory\s+)?{FILE.format('path')}(?:\s+folder|\s+directory)?\s*[?.]?\s*$"
)
LIST_TAIL = _re(
    r"\s*(?:are|is|do|exist|we|there|have|has|here|please|matching|like|in|under|below|inside|with|named|[`\"'?.!,]|\S*\*\S*).*|\s*"
)
SUFFIX_OF = {
    "python": "py", "javascript": "js", "typescript": "ts", "go": "go", "rust": "rs", "c": "c", "java": "java",
    "ruby": "rb", "shell": "sh", "markdown": "md", "json": "json", "toml": "toml", "yaml": "yaml", "header": "h",
    "test": "", "source": "", "": "",
}  # fmt: skip
FIND = _re(
    rf"(?:find|search|grep|look)\s+(?:for\s+|all\s+|every\s+|occurrences\s+of\s+|the\s+text\s+|the\s+string\s+)*{_SPAN('text')}"
)
_USED_WORDS = r"(?:used|called|referenced|imported|invoked|mentioned|instantiated)"
USES = (
    _re(
        rf"where(?:'s|\s+is|\s+are|\s+was|\s+does|\s+do)?\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:\w+\s+)?{_USED_WORDS}"
    ),
    _re(rf"where\s+(?:do|does)\s+\w+\s+(?:use|call|import|reference|invoke)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"(?:who|what|which\s+\w+)\s+(?:calls?|uses?|references?|imports?|invokes?)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"\b(?:callers?|uses?|usages?|references?|call\s+sites?)\s+(?:of|to|for)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"\bis\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:\w+\s+)?{_USED_WORDS}"),
)
DEFINES = (
    _re(
        rf"where(?:'s|\s+is|\s+are|\s+was)?\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:defined|declared|implemented)"
    ),
    _re(rf"where\s+(?:do|does|did)\s+\w+\s+(?:define|declare|implement)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"(?:who|what|which\s+\w+)\s+(?:defines|declares|implements)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"\bdefinitions?\s+(?:of|for)\s+{NOUN}{NAME.format('name')}"),
    _re(rf"\bis\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:defined|declared|implemented)"),
)
DOES = (
    _re(rf"what\s+(?:does|do)\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+(?:do|mean|return|take|accept|stand)\b"),
    _re(rf"what\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+does\b"),
    _re(rf"how\s+does\s+{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s+work\b"),
    _re(rf"(?:explain|describe)\s+(?:what\s+)?{NOUN}{NAME.format('name')}{NOUN_BEHIND}\s*(?:does)?\s*[?.]?\s*$"),
)
SUM_UP = _re(
    r"\W*(?:(?:please|and|now|ok|okay|so|then)\W+)*(?:go on|continue|proceed|sum(?:\s+it|\s+them|\s+this)?\s+up.*"
    r"|summari[sz]e.*|(?:give|write|show).*\bsummary.*|what did (?:they|the forks?|it|you) (?:find|say|report|come).*"
    r"|what (?:do|are) the (?:reports?|findings|results).*|(?:show|read).*\breports?.*|combine.*|merge.*|join.*"
    r"|conclude.*|and\??|well\??|so\??|next)\W*"
)
HELP = _re(
    r"\W*(?:hi|hello|hey|hallo|good (?:morning|evening|day|afternoon)|help|thanks?(?: you)?|who are you|what are you"
    r"|what can (?:you|i) (?:do|ask)|how are you|are you (?:there|a model|an ai|a language model)|test|ping|yes|no|ok"
    r"|okay|go on|continue|proceed|bye)\b[\s\w,!?.]{0,20}"
)
MAKING = _re(
    r"(?:write|create|make|refactor|implement|fix|add|rewrite|rename|delete|remove|move|convert|port|translate|generate"
    r"|design|improve|optimi[sz]e|clean|update|change|build|debug|review|summari[sz]e|compact|draft|commit|install|upgrade"
    r"|replace|edit|document|think|plan|suggest|propose|test|simplify|migrate|extract|compose|tell)\b(?=\s)"
)
