"""The title of a session: the one that somebody gave it, else one made of the person's first words."""

from __future__ import annotations

import os
import time
from itertools import islice
from pathlib import Path

from omg.agent.journal import TitleSet
from omg.agent.state import Tree
from omg.core.trouble import Trouble
from omg.session.load import load
from omg.session.log import Log, SessionBusy
from omg.session.title import FIRST, derived, shortened
from omg.wire.chain import path


def title_of(tree: Tree) -> str:
    """The title as it is now; empty where nobody has said anything yet."""
    if tree.title is not None:
        return tree.title.title
    main = tree.branches.get("main")
    if main is None:
        return ""
    tip = main.past[0].tip if main.past else main.tip
    spoken = islice((node for node in path(tip) if node.id in tree.words), FIRST)
    return derived([str(node.message.content[tree.words[node.id]].get("text", "")) for node in spoken])


def new_title(words: str) -> TitleSet:
    """The record of a title that a person gives. Raises Trouble where nothing is left of it."""
    title = shortened(words)
    if not title:
        raise Trouble("a title needs words")
    return TitleSet(at=time.time(), title=title)


def rename_saved(log_path: Path, words: str) -> str:
    """Give a session that is not open a title; the title as it is kept. When it was last worked in stays as it was.

    Raises NoSession, JournalError, and Trouble where it is open.
    """
    record = new_title(words)
    try:
        log = Log(log_path)
    except SessionBusy as error:
        raise Trouble(f"session {log_path.stem} is open: say `/rename {record.title}` there") from error
    with log:
        worked = log_path.stat()
        torn = load(log_path).torn
        if torn is not None:
            log.set_aside(torn)
        log.write(record)
        os.utime(log_path, ns=(worked.st_atime_ns, worked.st_mtime_ns))
    return record.title
