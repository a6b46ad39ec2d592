"""Source text with comments and strings blanked, its brackets paired and its lines numbered."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property

_DOUBLE = r'"(?:\\.|[^"\\\n])*"'
_SINGLE = r"'(?:\\.|[^'\\\n])*'"
_CHARACTER = r"'(?:\\[^\n]{1,8}?|[^'\\\n])'"
_SLASHED = r"//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)"
_HEREDOC = r"<<[~-]?(['\"]?)(?P<end>[A-Za-z_]\w*)\1[^\n]*\n(?:[^\n]*\n)*?[ \t]*(?P=end)[ \t]*(?=\n|\Z)"
_REGEX_LITERAL = (
    r"(?:(?<=[(=,:\[!&|?{};+\n])|(?<=[(=,:\[!&|?{};+] ))"
    r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/"
)
_TEMPLATE = r"`(?:\\[\s\S]|[^`\\])*(?:`|\Z)"
_TRIPLE = (
    r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*(?:"""|\Z)',
    r"'''(?:[^'\\]|\\[\s\S]|'(?!''))*(?:'''|\Z)",
)

# The alternatives are tried in order at each place, so what opens first hides what stands inside it.
MASKS: Mapping[str, re.Pattern[str]] = {
    "python": re.compile("|".join((r"#[^\n]*", *_TRIPLE, _DOUBLE, _SINGLE))),
    "script": re.compile("|".join((_SLASHED, _TEMPLATE, _DOUBLE, _SINGLE, _REGEX_LITERAL))),
    "go": re.compile("|".join((_SLASHED, r"`[^`]*(?:`|\Z)", _DOUBLE, _CHARACTER))),
    "rust": re.compile(
        "|".join((_SLASHED, r'\bb?r(?P<hash>#*)"[\s\S]*?"(?P=hash)', r'"(?:\\[\s\S]|[^"\\])*"', _CHARACTER))
    ),
    "c": re.compile("|".join((_SLASHED, r'\bR"(?P<tag>\w*)\([\s\S]*?\)(?P=tag)"', _DOUBLE, _CHARACTER))),
    "java": re.compile("|".join((_SLASHED, _TRIPLE[0], _DOUBLE, _CHARACTER))),
    "ruby": re.compile(
        "|".join(
            (
                r"^=begin\b[\s\S]*?(?:^=end\b[^\n]*|\Z)",
                r"^__END__$[\s\S]*",
                _HEREDOC,
                r"#[^\n]*",
                _DOUBLE,
                _SINGLE,
            )
        ),
        re.M,
    ),
    "shell": re.compile("|".join((_HEREDOC, r"(?<![^\s;|&()])#[^\n]*", r"'[^']*'", r'"(?:\\[\s\S]|[^"\\])*"', r"\\."))),
}
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\[\s\S])*", re.M)
_SHOWN = re.compile(r"[^\n]")
_OPENERS = {")": "(", "]": "[", "}": "{"}
_BRACKETS = re.compile(r"[()\[\]{}]")


def _blank(match: re.Match[str]) -> str:
    # A string keeps its quotes, so that rules still see that a value stands there.
    text = match.group()
    empty = _SHOWN.sub(" ", text)
    return f'"{empty[1:-1]}"' if len(text) > 1 and text[-1] in "\"'`" and "\n" not in text else empty


def mask(text: str, family: str) -> str:
    """`text`, of the same length and lines, with comments and the insides of strings turned to spaces."""
    return MASKS[family].sub(_blank, text)


def without_directives(masked: str) -> str:
    """Masked C with its preprocessor lines blanked."""
    return _DIRECTIVE.sub(lambda match: _SHOWN.sub(" ", match.group()), masked)


class Source:
    """One file's text, or a part of it that begins at line `first`, seen as code of a language family."""

    def __init__(self, text: str, family: str, first: int = 1) -> None:
        self.text = text
        self.first = first
        self.masked = mask(text, family)
        self.code = without_directives(self.masked) if family == "c" else self.masked

    @cached_property
    def lines(self) -> list[str]:
        """Its lines as written."""
        return self.text.split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    @cached_property
    def pairs(self) -> dict[int, int]:
        """Offset of each opening bracket that is closed, to its closing one; each kind paired by itself, so
        that one stray bracket spoils only its own kind."""
        found: dict[int, int] = {}
        open_at: dict[str, list[int]] = {"(": [], "[": [], "{": []}
        for match in _BRACKETS.finditer(self.code):
            char = match.group()
            if char in open_at:
                open_at[char].append(match.start())
            elif stack := open_at[_OPENERS[char]]:
                found[stack.pop()] = match.start()
        return found

    @cached_property
    def _bracketed(self) -> list[tuple[int, int]]:
        outer: list[tuple[int, int]] = []
        for start, end in sorted(self.pairs.items()):
            if not outer or start > outer[-1][1]:
                outer.append((start, end))
        return outer

    def in_brackets(self, offset: int) -> bool:
        """Whether `offset` stands inside any pair of brackets."""
        place = bisect_right(self._bracketed, (offset, len(self.text))) - 1
        return place >= 0 and self._bracketed[place][0] < offset <= self._bracketed[place][1]

    def line_of(self, offset: int) -> int:
        """The number, from 1 in the whole file, of the line that holds `offset`."""
        return bisect_right(self._starts, offset) + self.first - 1

    def line_start(self, offset: int) -> int:
        """Where the line that holds `offset` begins."""
        return self._starts[bisect_right(self._starts, offset) - 1]

    def line_end(self, number: int) -> int:
        """Where line `number` ends (its newline, or the end of the text)."""
        index = number - self.first + 1
        return self._starts[index] - 1 if index < len(self._starts) else len(self.text)

    def line(self, number: int) -> str:
        """Line `number` of the file as written; empty where this part does not reach."""
        index = number - self.first
        return self.lines[index] if 0 <= index < len(self.lines) else ""

    def masked_line(self, number: int) -> str:
        """Line `number` with comments and strings blanked."""
        index = number - self.first
        if not 0 <= index < len(self._starts):
            return ""
        start = self._starts[index]
        return self.masked[start : start + len(self.lines[index])]
