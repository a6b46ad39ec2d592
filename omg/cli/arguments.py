"""The words of the command line, and what they mean."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn, cast

_LATER = ("acp", "try")
"""Commands of the public contract that are not there yet."""
_PATHS = frozenset({"cwd", "file", "folder", "to"})
"""Arguments that name a file, whose name may be any bytes."""


class _Parser(argparse.ArgumentParser):
    """Wrong usage is one line and status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"omg: {message} (see `{self.prog} --help`)\n")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The parsed command line, all of it text that can be encoded. Exits with status 2 and one line where it is
    wrong."""
    parser = _parser()
    args, unknown = parser.parse_known_args(words)
    if unknown and args.command not in _LATER:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    problem = _contradiction(args)
    if problem:
        parser.error(problem)
    for name, value in vars(args).items():
        setattr(args, name, value if name in _PATHS else _encodable(value))
    return args


def _contradiction(args: argparse.Namespace) -> str | None:
    """What does not go together, in words."""
    talk = {
        "-p": args.words is not None,
        "--fork": args.forks,
        "--then": args.then is not None,
        "-c": args.go_on,
        "-r": args.resume is not None,
        "--repl": args.repl,
    }
    given = [flag for flag, there in talk.items() if there]
    if args.command != "talk" and given:
        return f"{given[0]} does not go with the command {args.command}"
    if args.words is None and (args.forks or args.then is not None):
        return "--fork and --then go with -p WORDS"
    return "-p and --repl exclude each other" if args.words is not None and args.repl else None


def _encodable(value: object) -> object:
    """`value` with U+FFFD for each byte of its text that was not UTF-8: such text can be neither sent nor logged."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return [_encodable(item) for item in cast(list[object], value)] if isinstance(value, list) else value


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="omg",
        description="A terminal coding agent built around fork(). Without a command: talk to it.",
        allow_abbrev=False,
    )
    parser.set_defaults(command="talk", session=None)
    parser.add_argument("--version", "-V", action="store_true", help="print the version")
    parser.add_argument("--repl", action="store_true", help="the line REPL")
    parser.add_argument("-p", dest="words", metavar="WORDS", help="headless: one turn with WORDS (-: standard input)")
    parser.add_argument("--fork", dest="forks", metavar="TASK", action="append", default=[], help="then fork this task")
    parser.add_argument("--then", metavar="WORDS", help="then one more turn over the forks' reports")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("-c", "--continue", dest="go_on", action="store_true", help="go on with this folder's newest")
    which.add_argument("-r", "--resume", metavar="SESSION", help="go on with that session")
    _shared(parser, suppress=False)
    commands = parser.add_subparsers(title="commands", metavar="")
    _add_commands(commands)
    return parser


def _shared(parser: argparse.ArgumentParser, *, suppress: bool) -> None:
    """The flags that stand before or behind a command."""

    def default(value: object) -> object:
        return argparse.SUPPRESS if suppress else value

    add = parser.add_argument
    add("--output", choices=("text", "json", "stream-json"), default=default("text"), help="what is printed")
    add("--provider", metavar="NAME", default=default(None), help="who answers; `offline` is built in")
    add("--model", metavar="NAME", default=default(None), help="the model")
    add("--effort", metavar="LEVEL", default=default(None), help="how hard it thinks")
    add("--max-turns", metavar="N", type=_positive, default=default(None), help="requests within one turn")
    add("--budget", metavar="USD", type=_dollars, default=default(None), help="stop when the session has cost this")
    add("--mode", choices=("ask", "edit", "plan", "all"), default=default(None), help="what it may do unasked")
    add("--allow", metavar="RULE", action="append", default=default(None), help="Tool or Tool(glob)")
    add("--deny", metavar="RULE", action="append", default=default(None), help="likewise; deny wins")
    add("--cwd", metavar="DIR", default=default(None), help="work in DIR")
    add("--no-color", action="store_true", default=default(False), help="plain text")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _dollars(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount above 0")
    return value


def _add_commands(commands: argparse._SubParsersAction[_Parser]) -> None:  # pyright: ignore[reportPrivateUsage]
    def add(name: str, help: str, *, session: bool = False) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        parser.set_defaults(command=name)
        if session:
            parser.add_argument("session", metavar="SESSION", nargs="?", default="last", help="an id, or `last`")
        _shared(parser, suppress=True)
        return parser

    fork = add("fork", "fork a saved session, once for each task")
    fork.add_argument("session", metavar="SESSION")
    fork.add_argument("tasks", metavar="TASK", nargs="+")
    fork.add_argument("--at", metavar="NODE", help="from this node or branch")
    fork.add_argument("--write", action="store_true", help="forks that write: not there yet")
    _add_sessions(add("sessions", "list saved sessions, or find some by their words"))
    show = add("show", "print a saved session to be read", session=True)
    show.add_argument("--branch", metavar="F", help="one branch: main, or a fork")
    show.add_argument("--turn", metavar="N", type=_positive, help="one turn of it")
    show.add_argument("--full", action="store_true", help="with what tools were given and came to, and thinking")
    export = add("export", "write a saved session as Markdown, HTML or JSON", session=True)
    export.add_argument("--format", choices=("markdown", "html", "json"), help="else by FILE's ending, else Markdown")
    export.add_argument("-o", "--to", metavar="FILE", help="write FILE, where there is none yet")
    export.add_argument("--force", action="store_true", help="also over another file")
    export.add_argument("--full", action="store_true", help="Markdown with what tools were given and came to")
    add("tree", "branches, epochs, anchors and forks: what they cost, and what is warm", session=True)
    add("compact", "fold the history of a saved session into a summary now", session=True)
    add("cache", "the ledger: what each request read, wrote and cost", session=True)
    audit = add("audit", "hold the ledger against the provider's usage report", session=True)
    audit.add_argument("--file", metavar="PATH", help="a report exported from the provider's console: CSV or JSON")
    add("verify", "render every request again and compare it with what was sent", session=True)
    serve = add("serve", "the offline provider as a Messages API on loopback")
    serve.add_argument("--port", metavar="N", type=_port, default=0)
    doctor = add("doctor", "what is installed, configured, reachable, and what would be used")
    doctor.add_argument(
        "--probe",
        action="store_true",
        help="ask the real provider about its cache rules, for at most $0.05, with your key",
    )
    doctor.add_argument("--wait", action="store_true", help="with --probe: also what takes up to 72 minutes of waiting")
    doctor.add_argument("--clean", action="store_true", help="remove torn ends and kept output that nobody needs")
    for name in _LATER:
        add(name, "not there yet").add_argument("rest", nargs="*", help=argparse.SUPPRESS)


def _add_sessions(sessions: argparse.ArgumentParser) -> None:
    add = sessions.add_argument
    add("do", metavar="WORDS", nargs="*", help="words to find; or: rename ID TITLE, delete ID, restore ID, prune")
    add("--folder", metavar="DIR", help="of DIR and the folders below it")
    add("--branch", metavar="NAME", help="that were last worked in on this git branch")
    add("--since", metavar="DAY", help="worked in since: 2026-11-20, today, yesterday, 12h, 3d, 2w, 6m, 1y")
    add("--until", metavar="DAY", help="last worked in until then")
    add("--limit", metavar="N", type=_positive, default=None, help="the newest N at most")
    add("--trash", action="store_true", help="what was deleted")
    add("--older", metavar="DAY", default="30d", help="with prune: what was deleted before (30d)")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)
