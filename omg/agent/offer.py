"""The rule that a person is offered with a question: what a lasting yes would cover, and no more than that."""

from __future__ import annotations

from glob import escape

from omg.agent.permit import Subject

_LIKE = {
    "cargo": frozenset({"build", "check", "clippy", "fmt", "test"}),
    "git": frozenset({"add", "blame", "commit", "diff", "ls-files", "status"}),
    "go": frozenset({"test"}),
    "npm": frozenset({"ls", "test"}),
    "pip": frozenset({"list", "show"}),
    "uv": frozenset({"sync", "tree"}),
}
"""Programs and those of their subcommands that do the same whatever words follow. Not here is what takes a command, a
script or an address among its words (`git push`, `npm run`, `uv run`, `docker`), and every program that is not made of
subcommands: for `rm`, `bash` or `sudo` the words are the point."""


def rule_for(tool: str, subject: Subject) -> str:
    """The rule for this call: the exact command, or all of one subcommand where that is harmless; the absolute path,
    which means the same file in every session. "" where none can be told: a command line that is more than one simple
    command, and what cannot be shown to whoever is to agree."""
    text = subject.names[-1]
    rule = f"{tool}({escape(text) if subject.path is not None else _command(text)})"
    return rule if subject.simple and rule.isprintable() else ""


def _command(text: str) -> str:
    program, _, rest = text.partition(" ")
    subcommand = rest.partition(" ")[0]
    return f"{program} {subcommand} *" if subcommand in _LIKE.get(program, ()) else escape(text)
