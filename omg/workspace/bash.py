"""Take a command line apart as bash would: is it one simple command, and which commands are in it?"""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_LONGEST = 10_000
"""Characters: a rule for anything longer would be a rule for something nobody has read."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Unquoted, these run, expand or end something; a backslash before one is refused along with it.
_ACTIVE = re.compile(r"[$`;&|<>()\n]|\{[^}]*(?:,|\.\.)|^[{}!]$")
_NEEDS_QUOTES = re.compile(r"[\s'\"\\$`;&|<>()]|^$")
_QUOTED = frozenset({"string", "raw_string"})
_PLAIN = frozenset({"word", "number", "extglob_pattern"})


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
    tree = _parser().parse(text.encode())
    root = tree.root_node
    if root.has_error or root.child_count != 1:
        return None
    command = root.children[0]
    whole = (command.start_byte, command.end_byte) == (0, len(text.encode()))
    if command.type != "command" or not whole:
        return None
    parts = [part.children[0] if part.type == "command_name" else part for part in command.children]
    if not all(map(_is_plain, parts)) or re.search(r"[*?[]", _source(parts[0])):
        return None
    return _agreed(text, len(parts))


def simple_commands(text: str) -> tuple[str, ...]:
    """The commands found anywhere in `text`, also in substitutions, loops and pipes, in normal form as far as they
    have one. An aid for rules that forbid, not a boundary: `eval` and its like hide what they run."""
    # bash joins continued lines first. What does not encode cannot be run; the rest may still be looked at.
    tree = _parser().parse(text.replace("\\\n", "").encode("utf-8", "replace"))
    return tuple(dict.fromkeys(filter(None, map(_normal, _commands(tree.root_node)))))


@functools.cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def _is_plain(node: Node) -> bool:
    """Whether a word is text and nothing else."""
    if node.type == "concatenation":
        # A brace expansion may have quoted parts, and is then not seen in any one of them.
        open_brace = any(part.type not in _QUOTED and "{" in _source(part) for part in node.children)
        return not open_brace and all(map(_is_plain, node.children))
    if node.type in _QUOTED:
        return node.type == "raw_string" or not re.search(r"[$`]", _source(node))
    return node.type in _PLAIN and not _ACTIVE.search(_source(node))


def _agreed(text: str, count: int) -> str | None:
    """The words of `text`, joined, if a second reader finds as many."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    return _join(words) if len(words) == count else None


def _join(words: list[str]) -> str:
    return " ".join(shlex.quote(word) if _NEEDS_QUOTES.search(word) else word for word in words)


def _commands(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type in ("command", "declaration_command", "unset_command"):
            yield node
        pending += reversed(node.children)


def _normal(command: Node) -> str:
    """The words of a command without assignments before it, quotes taken off where that is certain."""
    before = "variable_assignment" if command.type == "command" else ""
    parts = [part for part in command.children if part.type != before]
    source = " ".join(map(_source, parts))
    try:
        return _join(shlex.split(source)) if "$" not in source and "`" not in source else source
    except ValueError:
        return source


def _source(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
