"""`omg doctor`: what is installed, configured and reachable, and what would be used and why."""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from omg import __version__
from omg.cache.in_force import in_words
from omg.cli.configure import model_setup
from omg.cli.plan import Plan, make_plan, rules_for
from omg.core.trouble import Trouble

_PACKAGES = ("anthropic", "prompt-toolkit", "textual", "pydantic", "genai-prices", "gitpython", "tree-sitter")
_PROGRAMS = (("git", "worktrees, .gitignore, facts"), ("rg", "faster grep; not needed"), ("bash", "the shell tool"))
_SECONDS = 3.0
_DAY = 86_400.0
_NAMES = re.compile(rb"\b[0-9a-f]{16}\.txt\b")
"""The names that kept output goes by."""


def report(args: argparse.Namespace, env: Mapping[str, str], *, clean: bool) -> str:
    """All of it, a line each."""
    return "\n".join([*_installed(), *_configured(args, env, clean)])


def _installed() -> Iterator[str]:
    yield f"omg {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    for name in _PACKAGES:
        try:
            yield f"  {name} {version(name)}"
        except PackageNotFoundError:
            yield f"  {name} is missing: install OMG again"
    for name, use in _PROGRAMS:
        yield f"  {name}: {shutil.which(name) or 'not found'} ({use})"


def _configured(args: argparse.Namespace, env: Mapping[str, str], clean: bool) -> Iterator[str]:
    try:
        plan = make_plan(args, env)
    except Trouble as error:
        yield f"not ready: {error}"
        return
    yield f"state: {plan.home} ({_writable(plan.home)})"
    yield f"log of what went wrong: {plan.home / 'omg.log'}"
    yield from plan.notices
    yield f"provider: {plan.choice.profile.name} at {plan.choice.endpoint}: {plan.choice.why}"
    yield f"  {_reachable(plan.choice.endpoint)}"
    yield from _model(plan)
    yield f"mode {plan.settings.mode}, allow {list(plan.settings.allow)}, deny {list(plan.settings.deny)}"
    if clean:
        yield _cleaned(plan.home)


def _model(plan: Plan) -> Iterator[str]:
    name = plan.model or plan.default_model
    rules = rules_for(plan, name)[0]
    setup = model_setup(plan.choice, name, plan.effort, rules)
    marks = (
        f"markers at {setup.ttls.head}, in messages {plan.settings.cache.ttl}"
        if setup.ttls
        else "no markers: not honoured there"
    )
    sizes = f"window {setup.window}, max_tokens {setup.max_tokens}, cached from {setup.minimum} tokens"
    yield f"model: {name}, {sizes}, {marks}"
    yield f"  {_prices(plan, name)}"
    if setup.ttls:
        yield "cache rules in force:"
        yield from (f"  {line}" for line in in_words(rules))


def _prices(plan: Plan, model: str) -> str:
    """What the model costs, and whether somebody has set that."""
    own = plan.settings.price_list
    prices = own.price(model, plan.choice.endpoint)
    if prices is None:
        return f'its price is not known: [prices."{model}"] in the settings can tell it'
    rates = ", ".join(f"{name} {usd:g}" for name, usd in asdict(prices.base).items() if usd is not None)
    return f"dollars per million tokens: {rates} ({'set in the settings' if model.lower() in own.own else 'listed'})"


def _writable(home: Path) -> str:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    return "writable" if os.access(place, os.W_OK) else "NOT writable: set OMG_HOME to a folder that is"


def _reachable(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if not parts.hostname:
        return "in this process; what it bills is simulated"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), _SECONDS).close()
    except OSError as error:
        return f"NOT reachable: {error.strerror or error}; check the network, a proxy, or ANTHROPIC_BASE_URL"
    return "reachable"


def _cleaned(home: Path) -> str:
    """Remove torn ends that were set aside, checkpoints without a session, and output that no session tells of."""
    sessions = home / "sessions"
    alone = [path for path in sessions.glob("*.checkpoint*") if not path.with_suffix(".jsonl").exists()]
    found = [*sessions.glob("*.torn-*"), *alone, *_unnamed(home)]
    for path in found:
        path.unlink(missing_ok=True)
    return f"removed {len(found)} files of torn ends and kept output"


def _unnamed(home: Path) -> list[Path]:
    """Kept output that no session's log names, but for that of today, which a running one may be about to name."""
    before = time.time() - _DAY
    files = [path for path in (home / "outputs").glob("*") if path.is_file() and path.stat().st_mtime < before]
    left = {path.name.encode(): path for path in files}
    for log in (home / "sessions").glob("*.jsonl"):
        with log.open("rb") as lines:
            for line in lines:
                for name in _NAMES.findall(line):
                    left.pop(name, None)
    return list(left.values())
