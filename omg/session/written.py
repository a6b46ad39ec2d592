"""Exports as files: in the format that was asked for or that the name's ending says, whole, and never over another."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from omg.agent.state import Tree
from omg.core.trouble import Trouble
from omg.session.as_html import as_html
from omg.session.as_json import as_json
from omg.session.as_markdown import as_markdown
from omg.session.transcript import transcript

if TYPE_CHECKING:
    from omg.session.conversation import Conversation

Format = Literal["markdown", "html", "json"]
FORMATS: tuple[Format, ...] = ("markdown", "html", "json")
_ENDINGS: dict[str, Format] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
}


def format_of(path: Path) -> Format:
    """The format that a file's name says. Raises Trouble where it says none."""
    found = _ENDINGS.get(path.suffix.lower())
    if found is None:
        raise Trouble(f"{path.name} says no format: let it end in .md, .html or .json, or give --format")
    return found


def exported(tree: Tree, format: Format, *, full: bool = False) -> str:
    """A session in a format, as text; `full` is for Markdown, the others are whole anyway."""
    match format:
        case "markdown":
            return as_markdown(transcript(tree), full=full)
        case "html":
            return as_html(transcript(tree))
        case "json":
            return json.dumps(as_json(tree), ensure_ascii=False) + "\n"


def write(path: Path, text: str, *, force: bool = False) -> None:
    """Write `text` to `path`: all of it or nothing, and over another file only with `force`. Raises Trouble."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("x", encoding="utf-8", errors="replace") as file:
            file.write(text)
        _put(beside, path, force)
    except FileExistsError as error:
        raise Trouble(f"{path} is there already: name another file, or replace it with --force") from error
    except OSError as error:
        raise Trouble(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)


def _put(beside: Path, path: Path, force: bool) -> None:
    """Give the finished file its name; without `force`, only where there is no such name yet."""
    if not force:
        path.open("x").close()
    beside.replace(path)


def export_open(conversation: Conversation, target: Path) -> None:
    """Write a session that is open, in the format of the file's ending. Raises Trouble."""
    format = format_of(target)
    write(target, exported(conversation.tree, format))
