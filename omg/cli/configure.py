"""From a plan to the values a session is opened with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache

from omg.agent.permit import Asker, Rule, parse_rule
from omg.agent.runtime import Limits, ModelSetup, Rules
from omg.cache.in_force import InForce
from omg.cache.plan import Ttls
from omg.cli.plan import Plan, rules_for
from omg.cli.settings import SettingsError
from omg.core.catalog import Catalog, load_catalog
from omg.provider.models import model_for
from omg.provider.profiles import OFFLINE, Choice, Profile
from omg.session.config import Config
from omg.wire.seal import Json

_VERSION = "2026-10-21"
"""The API version that OMG speaks; the SDK's own, sent by name so that an SDK update cannot change the key."""


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
