"""From the command line, the settings and the environment to the values a session is opened with."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from omg.agent.permit import Asker, BadRule, Mode, Rule, narrower, parse_rule
from omg.agent.runtime import Limits, ModelSetup, Rules
from omg.cache.in_force import InForce, in_force
from omg.cache.plan import Ttls
from omg.cli.settings import Read, Settings, SettingsError, home, read_settings
from omg.core.catalog import Catalog, load_catalog
from omg.provider.models import model_for
from omg.provider.profiles import OFFLINE, Choice, Profile, choose
from omg.session.config import Config
from omg.session.findings import usable_findings
from omg.wire.seal import Json

DEFAULT_MODEL = "claude-opus-5-5"
_VERSION = "2026-10-21"
"""The API version that OMG speaks; the SDK's own, sent by name so that an SDK update cannot change the key."""


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


def make_config(plan: Plan, asker: Asker | None, *, typed: bool = False) -> Config:
    """Everything a session needs; `typed` where a person types. Loads tools and builds the provider."""
    from omg.provider.factory import build_provider

    settings, catalog = plan.settings, load_catalog()
    return Config(
        home=plan.home,
        folder=plan.folder,
        project=plan.project,
        catalog=catalog,
        provider=build_provider(plan.choice),
        provider_name=plan.choice.profile.name,
        default_model=plan.default_model,
        default_effort=settings.effort,
        setup_for=_setups(plan),
        rules=Rules(settings.mode, _rules(settings.allow, catalog), _rules(settings.deny, catalog)),
        limits=Limits(
            width=settings.forks.width,
            depth=settings.forks.depth,
            hold_usd=settings.forks.hold_usd,
            max_turns=plan.max_turns,
            budget_usd=settings.budget.session_usd,
            confirm_usd=settings.budget.confirm_usd,
            compact_at=settings.compact.at,
            early=settings.compact.early == "auto",
            draft=settings.compact.draft == "auto",
            cold=settings.compact.cold,
        ),
        model=plan.model,
        effort=plan.effort,
        budget=plan.budget,
        asker=asker,
        typed=typed,
        ttl=None if settings.cache.ttl == "auto" else settings.cache.ttl,
        keep_warm=settings.cache.keep_warm == "auto",
        prices=settings.price_list,
    )


def _setups(plan: Plan) -> Callable[[str, str | None], ModelSetup]:
    """The setup of each model at the chosen endpoint; findings are read once for each."""

    @cache
    def setup(model: str, effort: str | None) -> ModelSetup:
        asks = plan.settings.cache.diagnostics == "auto"
        return model_setup(plan.choice, model, effort, rules_for(plan, model)[0], diagnostics=asks)

    return setup


def _rules(texts: Iterable[str], catalog: Catalog) -> tuple[Rule, ...]:
    """The rules that `texts` say. A rule for a tool that there is not would hold nothing: raises SettingsError."""
    rules = tuple(map(parse_rule, texts))
    for rule in rules:
        if rule.tool not in catalog.tools:
            near = get_close_matches(rule.tool.lower(), catalog.tools, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(catalog.tools)}"
            raise SettingsError(f"the rule {rule} is for no tool that there is: {hint}")
    return rules


def rules_for(plan: Plan, model: str) -> tuple[InForce, str | None]:
    """The cache rules in force for a model, and what a person should know of how they came about."""
    found, notice = usable_findings(plan.home, plan.choice.endpoint, model, time.time())
    return in_force(model, found, plan.settings.cache.wishes), notice


def model_setup(
    choice: Choice, name: str, effort: str | None, rules: InForce, *, diagnostics: bool = True
) -> ModelSetup:
    """What a request for this model at this endpoint looks like, and the cache rules it is foretold by."""
    model, profile = model_for(name), choice.profile
    extra: list[tuple[str, Json]] = []
    if model.thinking == "adaptive" and model.thinks == "if_asked" and profile.cache == "markers":
        extra.append(("thinking", {"type": "adaptive"}))
    if effort is not None:
        extra.append(("output_config", {"effort": effort}))
    return ModelSetup(
        model=name,
        max_tokens=model.max_tokens,
        window=model.window,
        minimum=rules.minimum.value,
        ttls=_ttls(profile),
        headers=(("anthropic-version", _VERSION),),
        extra=tuple(extra),
        remembers=choice.endpoint != OFFLINE,
        shares_cache=profile.cache != "none",
        ping_tokens=rules.ping_tokens(profile.ping_tokens) if profile.cache == "markers" else None,
        reading=rules.reading,
        diagnoses=profile.diagnoses and diagnostics,
        counts_tokens=profile.counts_tokens,
        settle_seconds=rules.settle_seconds.value,
    )


def _ttls(profile: Profile) -> Ttls | None:
    """The ttl classes that markers may have; None where the endpoint does not honour any."""
    if profile.cache != "markers":
        return None
    return Ttls("1h" if "1h" in profile.ttls else "5m", "5m")
