"""Take a command line apart as bash would: is it one simple command, and which commands are in it?"""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_LONGEST = 10_000
"""Characters: a rule for anything longer would be a rule for something nobody has read."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_STRANGE = re.compile(r"[^\t\n -~]")
# Unquoted, these run, expand or end something; a backslash before one is refused along with it.
_ACTIVE = re.compile(r"[$`;&|<>()\n]|\{[^}]*(?:,|\.\.)|^[{}!]$")
_NEEDS_QUOTES = re.compile(r"[\s'\"\\$`;&|<>()]|^$")
_QUOTED = frozenset({"string", "raw_string"})
_PLAIN = frozenset({"word", "number", "extglob_pattern"})
_COMMANDS = frozenset({"command", "declaration_command", "unset_command"})


def simple_command(text: str) -> str | None:
    """`text` in normal form (one space between words, quotes only where needed) when it is exactly one simple
    command whose words are all plain text; else None.

    None for operators, pipes, `&`, substitutions, expansions (even `$X`: what it holds is not known here), brace
    expansion, redirections, assignments, here documents, comments, new lines, and for anything in doubt: bash's
    grammar and a second, simpler reading of the words must agree. Globs and a leading `~` stay as they are.
    """
    text = text.strip(" \t")
    if not text or len(text) > _LONGEST or _CONTROL.search(text):
        return None
    line = _Line(text)
    root = line.parse()
    if root.has_error or root.child_count != 1:
        return None
    command = root.children[0]
    if command.type != "command" or (command.start_byte, command.end_byte) != (0, len(text)):
        return None
    parts = [part.children[0] if part.type == "command_name" else part for part in command.children]
    if not all(map(line.is_plain, parts)) or re.search(r"[*?[]", line.source(parts[0])):
        return None
    return _agreed(text, len(parts))


def simple_commands(text: str) -> tuple[str, ...]:
    """The commands found anywhere in `text`, also in substitutions, loops and pipes, in normal form as far as they
    have one. An aid for rules that forbid, not a boundary: `eval` and its like hide what they run."""
    line = _Line(text.replace("\\\n", ""))  # bash joins continued lines first
    return tuple(dict.fromkeys(filter(None, map(line.normal, _commands(line.parse())))))


@dataclass(frozen=True, slots=True)
class _Line:
    """A command line, and what the nodes of its tree stand for."""

    text: str

    def parse(self) -> Node:
        """The root of its tree. Offsets in it count characters.

        The grammar's scanner asks ctype.h about characters without checking that they are below 256, and the
        process dies of some that are not. To bash they all are letters, so a letter stands in for each.
        """
        return _parser().parse(_STRANGE.sub("z", self.text).encode("ascii")).root_node

    def source(self, node: Node) -> str:
        return self.text[node.start_byte : node.end_byte]

    def is_plain(self, node: Node) -> bool:
        """Whether a word is text and nothing else."""
        if node.type == "concatenation":
            # A brace expansion may have quoted parts, and is then not seen in any one of them.
            open_brace = any(part.type not in _QUOTED and "{" in self.source(part) for part in node.children)
            return not open_brace and all(map(self.is_plain, node.children))
        if node.type in _QUOTED:
            return node.type == "raw_string" or not re.search(r"[$`]", self.source(node))
        return node.type in _PLAIN and not _ACTIVE.search(self.source(node))

    def normal(self, command: Node) -> str:
        """The words of a command without assignments before it, quotes taken off where that is certain."""
        before = "variable_assignment" if command.type == "command" else ""
        source = " ".join(self.source(part) for part in command.children if part.type != before)
        try:
            return source if re.search(r"[$`]", source) else _join(shlex.split(source))
        except ValueError:
            return source


@functools.cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def _commands(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type in _COMMANDS:
            yield node
        pending += reversed(node.children)


def _agreed(text: str, count: int) -> str | None:
    """The words of `text`, joined, if a second reader finds as many."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    return _join(words) if len(words) == count else None


def _join(words: list[str]) -> str:
    return " ".join(shlex.quote(word) if _NEEDS_QUOTES.search(word) else word for word in words)
