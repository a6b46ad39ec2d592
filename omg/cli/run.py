"""Run one command: configure, open, do, and turn every expected failure into one line and a status."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omg.cli.arguments import parse
from omg.core.trouble import Trouble

if TYPE_CHECKING:
    from omg.agent.permit import Asker
    from omg.session.conversation import Conversation
    from omg.session.load import Loaded
    from omg.ui.screen import Screen


def run(words: Sequence[str]) -> int:
    """Parse and run; the exit status."""
    args = parse(words)
    try:
        status = _COMMANDS.get(args.command, _not_there)(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _drop_output()
        return 1
    except OSError as error:
        _drop_output()
        return _failed(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except Trouble as error:
        return _failed(str(error))
    except Exception as error:  # noqa: BLE001 - the border of the program: a bug is one line, its traceback in a file
        return _failed(_bug(error))
    return status


def _bug(error: Exception) -> str:
    from omg.cli.settings import home
    from omg.session.mishaps import mishap

    return mishap(home(os.environ), error)


def _failed(why: str) -> int:
    sys.stderr.write(f"omg: {' '.join(why.split())}\n")
    return 1


def _drop_output() -> None:
    """What is still buffered has nowhere to go, and must not be tried again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _talk(args: argparse.Namespace) -> int:
    if args.version:
        from omg import __version__

        sys.stdout.write(f"omg {__version__}\n")
        return 0
    if args.words is not None:
        return _headless(args)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Trouble("this is no terminal: use `omg -p WORDS`, or `-p -` to read them from standard input")
    if args.repl or not _full_terminal() or _wants("repl"):
        return _repl(args)
    return _tui(args)


def _full_terminal() -> bool:
    """Whether a terminal can show more than lines, and is large enough for it."""
    size = os.get_terminal_size(sys.stdout.fileno())
    return os.environ.get("TERM", "dumb") not in ("dumb", "unknown") and size.columns >= 40 and size.lines >= 10


def _wants(ui: str) -> bool:
    """Whether the person's own settings seem to ask for this screen: looked up before they are read in earnest."""
    from omg.cli.place import home

    try:
        text = (home(os.environ) / "settings.toml").read_text("utf-8", "replace")
    except OSError:
        return False
    return re.search(rf"""^\s*ui\s*=\s*["']{ui}["']""", text, re.MULTILINE) is not None


def _repl(args: argparse.Namespace) -> int:
    from omg.ui.repl.first import first_prompt

    with first_prompt():
        from omg.ui.repl import run

        return run(_screen(args))


def _tui(args: argparse.Namespace) -> int:
    from omg.ui.tui.first import first_picture

    with first_picture(_folder(args)) as page:
        screen = _screen(args)
        if screen.ui != "repl":
            from omg.ui.tui import run

            return run(screen, page)
    return _repl(args)


def _screen(args: argparse.Namespace) -> Screen:
    from omg.cli.plan import make_plan
    from omg.cli.settings import remember_rule, trust
    from omg.cli.settings_desk import settings_desk
    from omg.cli.themes import taste_of
    from omg.ui.screen import Screen

    plan = make_plan(args, os.environ)
    taste, notes = taste_of(plan.settings, plan.home)
    return Screen(
        ui=plan.settings.ui,
        model=plan.model or plan.default_model,
        provider=plan.choice.profile.name,
        mode=plan.settings.mode,
        folder=plan.folder,
        home=plan.home,
        color=not (args.no_color or os.environ.get("NO_COLOR")),
        open=lambda asker, resume: _open(args, asker, resume, notes),
        remember=lambda rule: remember_rule(plan.home, rule),
        trust=lambda: trust(plan.home, plan.project),
        taste=taste,
        settings=settings_desk(plan.home, plan.folder, os.environ),
    )


def _headless(args: argparse.Namespace) -> int:
    import asyncio

    from omg.ui.headless import Job, run

    job = Job(_spoken(args.words), tuple(args.forks), args.then, args.output)
    return asyncio.run(run(_open(args, None, None), job))


def _spoken(words: str) -> str:
    """The words, from standard input when they are `-`."""
    if words == "-":
        words = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not words.strip():
        raise Trouble("there are no words: say something after -p, or pipe it in with `-p -`")
    return words


def _open(args: argparse.Namespace, asker: Asker | None, resume: str | None, notes: Sequence[str] = ()) -> Conversation:
    """The session that the flags (or `resume`, chosen later) name, or a new one; `notes` are told when it is open."""
    from omg.cli.configure import make_config
    from omg.cli.plan import make_plan
    from omg.session.opening import open_new, open_saved

    plan = make_plan(args, os.environ)
    name = resume or args.resume or ("last" if args.go_on else None)
    path = None if name is None else _store(args).find(name, plan.folder)
    config = make_config(plan, asker, typed=asker is not None)
    conversation = open_new(config) if path is None else open_saved(config, path)
    if asker is None:  # where a person types, it waits until the prompt answers
        config.provider.warm_up()
    before = conversation.agent.mode("main")
    mode = plan.resumed_mode(before)
    if mode != before:
        conversation.agent.set_mode(mode)
    conversation.notices[:0] = [*plan.notices, *notes]
    return conversation


def _fork(args: argparse.Namespace) -> int:
    import asyncio

    from omg.cli.configure import make_config
    from omg.cli.plan import make_plan
    from omg.session.opening import open_fork
    from omg.ui.headless import Job, run

    if args.write:
        raise Trouble("forks that write are not there yet: leave --write out")
    plan = make_plan(args, os.environ)
    source = _store(args).find(args.session, plan.folder)
    config = make_config(plan, None)
    config.provider.warm_up()
    conversation = open_fork(config, source, args.at)
    return asyncio.run(run(conversation, Job(None, tuple(args.tasks), output=args.output)))


def _store(args: argparse.Namespace):
    from omg.cli.settings import home
    from omg.session.store import Store

    return Store(home(os.environ))


def _folder(args: argparse.Namespace) -> Path:
    return Path(args.cwd) if args.cwd else Path.cwd()


def _loaded(args: argparse.Namespace, *, whole: bool = False) -> Loaded:
    """The session named on the command line, read only (`whole`: every record of its log), at the prices in force;
    damage is told on standard error."""
    from omg.cli.settings import home, read_settings
    from omg.session.load import load

    loaded = load(_store(args).find(args.session, _folder(args)), whole=whole)
    loaded.tree.prices = read_settings(home(os.environ), _folder(args).absolute(), os.environ).settings.price_list
    for damage in loaded.damage:
        sys.stderr.write(f"omg: record {damage.line} (byte {damage.offset}) is left out: {damage.why}\n")
    return loaded


def _say(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def _json(value: object) -> None:
    _say(json.dumps(value, ensure_ascii=False))


def _shelf():
    from omg.cli import shelf

    return shelf


def _tree(args: argparse.Namespace) -> int:
    import time

    from omg.session.tree_text import tree_text
    from omg.session.tree_view import held, rows, tree_json

    tree, now = _loaded(args).tree, time.time()
    found = rows(tree, held(tree), now)
    _say(tree_text(found, now)) if args.output == "text" else _json(tree_json(tree, found))
    return 0


def _compact(args: argparse.Namespace) -> int:
    import asyncio

    from omg.cli.configure import make_config
    from omg.cli.plan import make_plan
    from omg.session.opening import open_saved
    from omg.ui.headless import fold

    plan = make_plan(args, os.environ)
    path = _store(args).find(args.session, plan.folder)
    config = make_config(plan, None)
    config.provider.warm_up()
    return asyncio.run(fold(open_saved(config, path), args.output))


def _cache(args: argparse.Namespace) -> int:
    from omg.session.outcome import linked_lines
    from omg.session.reports import cache_json, cache_table

    tree = _loaded(args).tree
    linked = linked_lines(_store(args), tree.session.id, tree.prices)
    _say(cache_table(tree, linked)) if args.output == "text" else _json(cache_json(tree, linked))
    return 0


def _audit(args: argparse.Namespace) -> int:
    import time

    from omg.cli.audit import as_json, as_text, audited, verdict

    file = None if args.file is None else Path(args.file).expanduser()
    ours, report, audit = audited(_loaded(args).tree, file, os.environ, time.time())
    _say(as_text(ours, report, audit)) if args.output == "text" else _json(as_json(ours, report, audit))
    verdict(audit)
    return 0


def _verify(args: argparse.Namespace) -> int:
    from omg.session.verify import verify

    loaded = _loaded(args, whole=True)
    verdict = verify(loaded.tree)
    if verdict.problem or loaded.damage:
        raise Trouble(verdict.problem or f"{len(loaded.damage)} records cannot be read; the rest is as it was sent")
    _say(f"{verdict.requests} requests of session {loaded.tree.session.id} render to the bytes that were sent")
    return 0


def _serve(args: argparse.Namespace) -> int:
    import signal

    from omg.provider.offline.serve import serve

    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before any thread, so that none of them takes the signal
    try:
        with serve(args.port) as address:
            _say(f"listening {address}")
            sys.stdout.flush()
            signal.sigwait(ends)
    except OSError as error:
        raise Trouble(f"cannot listen on port {args.port}: {error.strerror}") from error
    return 0


def _doctor(args: argparse.Namespace) -> int:
    if args.probe:
        from omg.cli.probe import run_probe

        return run_probe(args, os.environ)
    if args.wait:
        raise Trouble("--wait goes with --probe")
    from omg.cli.doctor import report

    _say(report(args, os.environ, clean=args.clean))
    return 0


def _not_there(args: argparse.Namespace) -> int:
    raise Trouble(f"`omg {args.command}` is not there yet")


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "talk": _talk,
    "fork": _fork,
    "sessions": lambda args: _shelf().sessions(args, _store(args), _folder(args)),
    "show": lambda args: _shelf().show(args, _loaded(args).tree),
    "export": lambda args: _shelf().export(args, _loaded(args).tree),
    "tree": _tree,
    "compact": _compact,
    "cache": _cache,
    "audit": _audit,
    "verify": _verify,
    "serve": _serve,
    "doctor": _doctor,
}
