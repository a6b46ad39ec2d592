"""Find names and file paths in what a person writes."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

PLAIN_NAME = r"[A-Za-z_$][\w$]*(?:(?:\.|::|#|->)~?[A-Za-z_$][\w$]*)*"
NAME = rf"`?(?P<{{}}>{PLAIN_NAME})(?:\(\))?`?(?![\w/])"
"""A name that may stand in backticks; format it with the name of its group."""
FILE = r"(?:`(?P<{0}_tick>[^`\n]+)`|\"(?P<{0}_quote>[^\"\n]+)\"|(?P<{0}_bare>[\w./~@+-]*[\w~]))"
"""A path, quoted or bare; `given` finds which group has it."""
QUOTED = (
    r"(?:```[\w+-]*\n(?P<{0}_fence>.*?)```|(?P<{0}_mark>`{{1,2}})(?P<{0}_tick>.*?)(?P={0}_mark)"
    r"|\"(?P<{0}_quote>[^\"]*)\"|'(?P<{0}_single>[^']*)')"
)
"""A text between backticks, quotes or fences."""

_NOUN_WORD = (
    r"(?:class|function|method|type|struct|trait|enum|interface|module|variable|constant|const|macro|field|symbol"
    r"|name|identifier|property|attribute|helper)"
)
NOUN = rf"(?:the\s+|our\s+|a\s+)?(?:{_NOUN_WORD}\s+)?"
"""Words that may stand before a name and say nothing more."""
NOUN_BEHIND = rf"(?:\s+{_NOUN_WORD})?"

_SUFFIX_WORDS = """
    py pyi js jsx mjs cjs ts tsx mts cts go rs c h cc cpp cxx hh hpp hxx java rb rake sh bash zsh md markdown rst
    txt toml json jsonl yaml yml ini cfg conf lock html css scss xml sql csv tsv log proto mod sum gradle kt
    swift php lua pl r ipynb vue svelte env service patch diff tex
"""
_SUFFIXES = frozenset(_SUFFIX_WORDS.split())
_FILE_NAMES = frozenset(
    {"Makefile", "Dockerfile", "README", "LICENSE", "CHANGELOG", "Rakefile", "Gemfile", "Procfile", "Justfile"}
)
_BACKTICKED = re.compile(r"`([^`\n]+)`")
_WHOLE_NAME = re.compile(rf"(?P<name>{PLAIN_NAME}[?!]?)(?:\(.*\))?")
_SHAPED = re.compile(
    r"(?<![\w$./-])(?:"
    r"[A-Za-z_$][\w$]*(?:(?:\.|::|#)[A-Za-z_$][\w$]*)+"  # dotted
    r"|_*[A-Za-z0-9]+(?:_+[A-Za-z0-9]+)+_*|__?[A-Za-z]\w*"  # snake_case, SCREAMING_CASE, _private
    r"|[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+|[A-Z]{2,}[a-z][A-Za-z0-9]*|[a-z]+[a-z0-9]*[A-Z]\w*"  # CamelCase
    r"|[A-Za-z_$][\w$]*(?=\(\))"  # called()
    r")(?![\w/])"
)
_NOT_NAMES = frozenset({"e.g", "i.e", "a.k.a", "GitHub", "JavaScript", "TypeScript", "OpenAI", "macOS", "iOS", "PyPI"})
_COMMON_WORDS = """
    it this that these those there they he she we you i the a an everything something anything nothing what who
    which one project code file files repo repository program app application codebase all and or not be being
    in of to is are was were
"""
COMMON = frozenset(_COMMON_WORDS.split())
"""Plain words that are never taken for a name, unless in backticks."""


def is_file(token: str) -> bool:
    """Whether a token looks like a path of a file rather than a name in code."""
    path = PurePosixPath(token)
    return path.suffix[1:].lower() in _SUFFIXES or path.name in _FILE_NAMES or ("/" in token and " " not in token)


def given(match: re.Match[str], group: str) -> str:
    """What one of FILE's or QUOTED's alternatives matched."""
    found = match.groupdict()
    kinds = ("fence", "tick", "quote", "single", "bare")
    return next((text for kind in kinds if (text := found.get(f"{group}_{kind}")) is not None), "")


def backticked_names(text: str) -> tuple[str, ...]:
    """Names in backticks, each once, in order; paths of files are left out."""
    spans = (_WHOLE_NAME.fullmatch(span.strip()) for span in _BACKTICKED.findall(text))
    names = [match["name"] for match in spans if match]
    return tuple(dict.fromkeys(name for name in names if not is_file(name)))


def names_in(text: str) -> tuple[str, ...]:
    """All names in a text that show by backticks or by their shape that they are names."""
    rest = _BACKTICKED.sub(" ", text)
    shaped = [match.group() for match in _SHAPED.finditer(rest)]
    kept = [name for name in shaped if name not in _NOT_NAMES and not is_file(name)]
    return tuple(dict.fromkeys((*backticked_names(text), *kept)))
