"""From the command line, the settings and the environment to what is about to be used."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from omg.agent.permit import BadRule, Mode, narrower, parse_rule
from omg.cache.in_force import InForce, in_force
from omg.cli.settings import Read, Settings, SettingsError, home, read_settings
from omg.provider.profiles import Choice, choose
from omg.session.findings import usable_findings

DEFAULT_MODEL = "claude-opus-5-5"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be used, before anything slow is imported."""

    home: Path
    folder: Path
    settings: Settings
    choice: Choice
    notices: tuple[str, ...]
    model: str | None
    effort: str | None
    """Model and effort asked for by flag."""
    default_model: str
    max_turns: int | None
    budget: float | None
    """Dollars for the session, asked for by flag."""
    project: Path
    """The folder that a person trusts here: the project's, else the folder of work."""
    mode_named: bool
    """Whether this start names a mode, in a flag or in settings, which then holds for a saved session too."""
    widest: Mode
    """What an untrusted project narrows a saved session's own mode to."""

    def resumed_mode(self, recorded: Mode) -> Mode:
        """The mode that a saved session goes on in."""
        return self.settings.mode if self.mode_named else narrower(recorded, self.widest)


def make_plan(args: argparse.Namespace, env: Mapping[str, str]) -> Plan:
    """Settings, then the environment, then flags. Raises SettingsError, ProviderNotReady."""
    folder = _folder(args.cwd)
    place = home(env)
    read: Read = read_settings(place, folder, env)
    settings = _flagged(read.settings, args)
    choice = choose(args.provider or settings.provider, env)
    plan = Plan(
        home=place,
        folder=folder,
        settings=settings,
        choice=choice,
        notices=read.notices,
        model=args.model,
        effort=args.effort,
        default_model=settings.model or choice.profile.default_model or DEFAULT_MODEL,
        max_turns=args.max_turns,
        budget=args.budget,
        project=read.project or folder,
        mode_named=read.mode_named or args.mode is not None,
        widest=read.widest,
    )
    notice = rules_for(plan, plan.model or plan.default_model)[1]
    return plan if notice is None else replace(plan, notices=(*plan.notices, notice))


def _folder(cwd: str | None) -> Path:
    try:
        folder = Path(cwd).expanduser().resolve(strict=True) if cwd else Path.cwd()
    except OSError as error:
        raise SettingsError(f"cannot work in {cwd or 'this folder'}: {error.strerror or error}") from error
    if not folder.is_dir():
        raise SettingsError(f"cannot work in {folder}: it is not a folder")
    return folder


def _flagged(settings: Settings, args: argparse.Namespace) -> Settings:
    allow, deny = tuple(args.allow or ()), tuple(args.deny or ())
    try:
        for rule in (*allow, *deny):
            parse_rule(rule)
    except BadRule as error:
        raise SettingsError(str(error)) from error
    budget = settings.budget if args.budget is None else replace(settings.budget, session_usd=args.budget)
    return replace(
        settings,
        mode=args.mode or settings.mode,
        allow=(*settings.allow, *allow),
        deny=(*settings.deny, *deny),
        budget=budget,
    )


def rules_for(plan: Plan, model: str) -> tuple[InForce, str | None]:
    """The cache rules in force for a model, and what a person should know of how they came about."""
    found, notice = usable_findings(plan.home, plan.choice.endpoint, model, time.time())
    return in_force(model, found, plan.settings.cache.wishes), notice
