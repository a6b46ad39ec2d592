"""`omg sessions`, `omg show` and `omg export`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import datetime
from pathlib import Path

from omg.agent.state import Tree
from omg.core.hidden import exact
from omg.core.trouble import Trouble
from omg.session.as_markdown import as_markdown
from omg.session.library import Library
from omg.session.naming import rename_saved
from omg.session.query import Query, parse_day, parse_query, real_folder
from omg.session.store import Store
from omg.session.summary import Found, Summary
from omg.session.transcript import transcript
from omg.session.trash import Trash
from omg.session.written import Format, exported, format_of, write

_MUCH = 50_000_000
"""Bytes of logs above which it is said that they are being read."""
_ALL = 1_000_000


def sessions(args: argparse.Namespace, store: Store, here: Path) -> int:
    """List, find, rename, delete, put back, prune."""
    words: list[str] = args.do
    match words:
        case ["rename", name, _, *_]:
            path = store.find(name, here)
            _say(f"session {path.stem} is called: {rename_saved(path, ' '.join(words[2:]))}")
        case ["delete", name]:
            _delete(store, name, here)
        case ["restore", name]:
            _say(f"session {Trash(store).restore(name)} is back")
        case ["prune"]:
            gone = Trash(store).prune(parse_day(args.older, time.time()))
            _say(f"{len(gone)} sessions are gone for good")
        case ["rename" | "delete" | "restore" | "prune", *_]:
            raise Trouble(
                f"say `omg sessions {_USAGE[words[0]]}`; to look for the word, quote it twice: '\"{words[0]}\"'"
            )
        case _:
            _list(args, store, here)
    return 0


_USAGE = {"rename": "rename ID TITLE", "delete": "delete ID", "restore": "restore ID", "prune": "prune [--older DAY]"}


def _delete(store: Store, name: str, here: Path) -> None:
    id = store.find(name, here).stem
    library = Library(store.home, wait=None)
    summary = library.summary(id)
    library.close()
    _told(library)
    Trash(store).delete(summary or _unread(store, id), time.time())
    _say(f"session {id} is in the trash: `omg sessions restore {id}` brings it back")


def _unread(store: Store, id: str) -> Summary:
    """What can be told of a log that begins like a session and cannot be read."""
    seen = store.path(id).stat()
    return Summary(id, store.path(id), "", "", seen.st_mtime, seen.st_mtime)


def _list(args: argparse.Namespace, store: Store, here: Path) -> None:
    query = _query(args, here)
    if args.trash:
        found = [Found(one) for one in Trash(store).summaries() if _admits(query, one)]
    else:
        library = Library(store.home, wait=None, progress=_progress)
        found = library.find(query, args.limit or _ALL)
        library.close()
        _told(library)
    if args.output != "text":
        _say(json.dumps([one.to_json() if query.words else one.summary.to_json() for one in found], ensure_ascii=False))
        return
    for one in found:
        _say("\n".join(_rows(one)))
    if not found:
        nothing = "the trash is empty" if args.trash else "no session matches" if query.narrowed else "no sessions yet"
        sys.stderr.write(f"omg: {nothing}\n")


def _query(args: argparse.Namespace, here: Path) -> Query:
    now = time.time()
    typed = parse_query(" ".join(args.do), now, here)
    return Query(
        typed.words,
        real_folder(args.folder, here) if args.folder else typed.folder,
        args.branch or typed.branch,
        parse_day(args.since, now) if args.since else typed.since,
        parse_day(args.until, now, end=True) if args.until else typed.until,
    )


def _admits(query: Query, summary: Summary) -> bool:
    """Whether a session in the trash is one that is looked for: by its title, since nothing else of it is indexed."""
    title = summary.title.casefold()
    worded = all(word.casefold() in title for word in query.words)
    return worded and query.admits(summary.folder, summary.branch, summary.deleted or summary.updated)


def _rows(found: Found) -> list[str]:
    summary = found.summary
    when = datetime.fromtimestamp(summary.deleted or summary.updated).strftime("%Y-%m-%d %H:%M")
    row = exact(f"{summary.id}  {when}  {summary.folder}  {summary.title}")
    return [row, *(f"    {hit.branch}: {exact(hit.snippet)}" for hit in found.hits if hit.kind != "title")]


def _progress(size: int) -> None:
    if size > _MUCH:
        sys.stderr.write(f"omg: reading {size // 1_000_000} MB of sessions for the index, once\n")


def _told(library: Library) -> None:
    for line in library.told():
        sys.stderr.write(f"omg: {line}\n")


def show(args: argparse.Namespace, tree: Tree) -> int:
    """Print a session, or one branch or turn of it."""
    if args.output != "text":
        _say(exported(tree, "json"))
        return 0
    try:
        told = transcript(tree).narrowed(args.branch, args.turn)
    except LookupError as error:
        raise Trouble(str(error.args[0])) from error
    _say(as_markdown(told, full=args.full))
    return 0


def export(args: argparse.Namespace, tree: Tree) -> int:
    """Write a session to a file, or to standard output."""
    target = None if args.to is None else Path(args.to).expanduser()
    text = exported(tree, _format(args, target), full=args.full)
    if target is None:
        _say(text)
        return 0
    write(target, text, force=args.force)
    _say(f"written to {exact(str(target))}")
    return 0


def _format(args: argparse.Namespace, target: Path | None) -> Format:
    if args.format:
        return args.format
    if args.output != "text":
        return "json"
    return "markdown" if target is None else format_of(target)


def _say(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
