"""From the command line, the settings and the environment to the values a session is opened with."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from omg.agent.permit import Asker, BadRule, parse_rule
from omg.agent.runtime import Limits, ModelSetup, Rules
from omg.cache.plan import Ttls
from omg.cache.rules import minimum_for
from omg.cli.settings import Read, Settings, SettingsError, home, read_settings
from omg.core.catalog import load_catalog
from omg.provider.models import model_for
from omg.provider.profiles import OFFLINE, Choice, choose
from omg.session.config import Config
from omg.wire.seal import Json

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


def make_plan(args: argparse.Namespace, env: Mapping[str, str]) -> Plan:
    """Settings, then the environment, then flags. Raises SettingsError, ProviderNotReady."""
    folder = _folder(args.cwd)
    place = home(env)
    read: Read = read_settings(place, folder, env)
    settings = _flagged(read.settings, args)
    choice = choose(args.provider or settings.provider, env)
    default = env.get("OMG_MODEL") or _default_model(choice, settings)
    return Plan(place, folder, settings, choice, read.notices, args.model, args.effort, default, args.max_turns)


def _default_model(choice: Choice, settings: Settings) -> str:
    """The model of a new session: the settings', unless they say nothing and the provider has one of its own."""
    own = choice.profile.default_model
    return own if own and settings.model == Settings().model else settings.model


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


def make_config(plan: Plan, asker: Asker | None) -> Config:
    """Everything a session needs. Loads tools and builds the provider."""
    from omg.provider.factory import build_provider

    settings = plan.settings
    return Config(
        home=plan.home,
        folder=plan.folder,
        catalog=load_catalog(),
        provider=build_provider(plan.choice),
        provider_name=plan.choice.profile.name,
        default_model=plan.default_model,
        default_effort=settings.effort,
        setup_for=lambda model, effort: model_setup(plan.choice, settings, model, effort),
        rules=Rules(settings.mode, tuple(map(parse_rule, settings.allow)), tuple(map(parse_rule, settings.deny))),
        limits=Limits(
            width=settings.forks.width,
            depth=settings.forks.depth,
            hold_usd=settings.forks.hold_usd,
            max_turns=plan.max_turns,
            budget_usd=settings.budget.session_usd,
        ),
        model=plan.model,
        effort=plan.effort,
        asker=asker,
    )


def model_setup(choice: Choice, settings: Settings, name: str, effort: str | None) -> ModelSetup:
    """What a request for this model at this endpoint looks like."""
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
        minimum=minimum_for(name),
        ttls=_ttls(choice, settings),
        headers=(("anthropic-version", _VERSION),),
        extra=tuple(extra),
        remembers=choice.endpoint != OFFLINE,
        shares_cache=profile.cache != "none",
    )


def _ttls(choice: Choice, settings: Settings) -> Ttls | None:
    """The ttl classes of the markers; None where the endpoint does not honour any."""
    profile = choice.profile
    if profile.cache != "markers":
        return None
    if "1h" not in profile.ttls:
        return Ttls("5m", "5m")
    return Ttls("1h", "1h" if settings.cache.ttl == "1h" else "5m")
