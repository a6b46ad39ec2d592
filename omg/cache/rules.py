"""The published rules of prompt caching, as data: what the mirror plays, and what a probe may override.

Sources, all of Anthropic: "Prompt caching" and "Effort" (platform.claude.com/docs, as of 2026-09-26), and the
overviews of Sonnet 5.5 and Haiku 5.5 (as of 2026-10-07). Where a page is silent the cautious reading is taken,
the one that predicts fewer hits, and is named as ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Generic, Literal, TypeVar

from omg.core.usage import TTL_SECONDS, Ttl

Tier = Literal["tools", "system", "messages"]
"""A level of the prefix, in the order of rendering. What changes a level loses it and those behind it."""

ValueT = TypeVar("ValueT")

DEFAULT_MINIMUM = 1024
"""Tokens, for a model that no table names. Ours: most models need 1024 or fewer."""

MINIMUMS: Mapping[str, int] = {
    "claude-fable-5": 512,
    "claude-mythos-5": 512,
    "claude-opus-5": 512,
    "claude-sonnet-5-5": 512,
    "claude-haiku-5-5": 512,
    "claude-opus-4-8": 1024,
    "claude-sonnet-5": 1024,
    "claude-sonnet-4": 1024,
    "claude-opus-4": 1024,
    "claude-opus-4-7": 2048,
    "claude-mythos-preview": 2048,
    "claude-haiku-3-5": 2048,
    "claude-3-5-haiku": 2048,
    "claude-opus-4-6": 4096,
    "claude-opus-4-5": 4096,
    "claude-haiku-4-5": 4096,
}
"""The shortest prefix that is cached, in tokens, by the beginning of a model's id."""

DEFAULT_EFFORT: Mapping[str, str] = {"claude-opus-5-5": "medium", "claude-haiku-5-5": "medium"}
"""The effort that naming is the same as omitting, where it is not "high"."""

DROPS_THINKING: Mapping[str, bool] = {
    "claude-3": True,
    "claude-haiku-3": True,
    "claude-haiku-4": True,
    "claude-sonnet-4": True,
    "claude-sonnet-4-6": False,
    "claude-opus-4": True,
    "claude-opus-4-5": False,
    "claude-opus-4-6": False,
    "claude-opus-4-7": False,
    "claude-opus-4-8": False,
}
"""Models that take earlier thinking out of the prefix when a user says more than tool results."""

CONCERNS: Mapping[str, Tier] = {
    "model": "tools",
    # "Model-specific" for tools and system: taken as lost, being the cautious reading.
    "thinking": "tools",
    "output_config.effort": "tools",
    # Named by no page. They choose the tools, or the machines that hold the cache: taken as lost.
    "mcp_servers": "tools",
    "inference_geo": "tools",
    "service_tier": "tools",
    "speed": "system",
    # Holds disable_parallel_tool_use too.
    "tool_choice": "messages",
    "output_config.format": "messages",
    "output_config.task_budget": "messages",
    "output_format": "messages",
}
"""The first level that a parameter's change loses. What is not named here (max_tokens, metadata, stream,
stop_sequences, temperature, diagnostics, ...) loses nothing."""

TOOL_RUNS = frozenset({"tool_use", "tool_result"})
"""Kinds of blocks of which a run may count as one position (see `collapse_tool_runs`)."""

OMITTED: Mapping[str, object] = {"speed": "standard", "tool_choice": {"type": "auto"}}
"""What omitting a parameter means."""


def for_model(table: Mapping[str, ValueT], model: str, default: ValueT) -> ValueT:
    """The value under the longest name that `model` is, or begins with; `default` where there is none.

    Gateways' spellings (`anthropic/claude-opus-4.5`, `us.anthropic.claude-...`) are read as the plain id.
    """
    plain = _plain(model)
    names = (name for name in table if _is_or_extends(plain, name))
    best = max(names, key=len, default=None)
    return default if best is None else table[best]


def _plain(model: str) -> str:
    return model[max(model.find("claude-"), 0) :].replace(".", "-")


def _is_or_extends(model: str, name: str) -> bool:
    return model.startswith(name) and not model[len(name) : len(name) + 1].isalnum()


def minimum_for(model: str) -> int:
    """The shortest prefix of `model` that is cached, in tokens, as published."""
    return for_model(MINIMUMS, model, DEFAULT_MINIMUM)


@dataclass(frozen=True, slots=True)
class CacheRules:
    """The rules one provider's cache is played by; the defaults are the published ones, read strictly."""

    lookback: int = 20
    """Positions looked at from each breakpoint, the breakpoint itself being the first."""
    collapse_tool_runs: bool = False
    """Whether a run of tool_use blocks, or of tool_result blocks, is one position. Published for the Claude API
    since 2026-09; strictly read, and on other platforms, each block is one."""
    honours_markers: bool = True
    """Whether `cache_control` does anything. Where not, nothing is predicted to be written or read."""
    refreshes_marked: bool = True
    """Whether a live entry at a marked block is refreshed by a request that reads further than it. No page
    says; "refreshed each time the cached content is used" reads so."""
    ttl_seconds: Mapping[Ttl, int] = field(default_factory=lambda: TTL_SECONDS)
    minimums: Mapping[str, int] = field(default_factory=lambda: MINIMUMS)

    def minimum_for(self, model: str) -> int:
        """The shortest prefix of `model` that is cached, in tokens."""
        return for_model(self.minimums, model, DEFAULT_MINIMUM)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rules are read by which requests are foretold, where pages disagree or are silent. The fields are those
    of CacheRules; the defaults are the strict reading, which every breakpoint is planned by as well."""

    lookback: int = 20
    collapse_tool_runs: bool = False
    refreshes_marked: bool = True
    short_read_refreshes_long: bool = True
    """Whether a read marked 5m refreshes a 1h entry for another hour. No page says; "a read keeps the same duration
    as the preceding write" reads so."""


STRICT = Reading()

Sure = Literal["high", "medium"]
"""high: a control agreed. medium: the reading that fits best, with another cause not excluded."""
Prewarm = Literal["writes", "writes nothing", "refused"]
"""What `max_tokens: 0` does: it writes the cache, is accepted and writes nothing, or is a 400."""


@dataclass(frozen=True, slots=True)
class Finding(Generic[ValueT]):
    """One thing that a provider was seen to do: `at` when (ISO 8601, UTC), `said` in a sentence for people."""

    value: ValueT
    at: str
    sure: Sure
    said: str


@dataclass(frozen=True, slots=True)
class RuleOverrides:
    """What a probe found out of one model at one endpoint. None: not asked, or it could not be told."""

    minimum: Finding[int] | None = None
    """The shortest prefix that is cached, in tokens."""
    lookback: Finding[int] | None = None
    collapse_tool_runs: Finding[bool] | None = None
    refreshes_marked: Finding[bool] | None = None
    settle_seconds: Finding[float] | None = None
    """Seconds from `message_start` until what the request wrote could be read; 0: at once."""
    prewarm: Finding[Prewarm] | None = None
    short_read_refreshes_long: Finding[bool] | None = None
    """Whether a read marked 5m refreshes a 1h entry for another hour."""

    def applied(self, rules: CacheRules, model: str) -> CacheRules:
        """`rules` with what was found of `model` on top."""
        minimums = {**rules.minimums, _plain(model): self.minimum.value} if self.minimum else rules.minimums
        return replace(
            rules,
            minimums=minimums,
            lookback=rules.lookback if self.lookback is None else self.lookback.value,
            collapse_tool_runs=_found(self.collapse_tool_runs, rules.collapse_tool_runs),
            refreshes_marked=_found(self.refreshes_marked, rules.refreshes_marked),
        )

    def over(self, older: RuleOverrides) -> RuleOverrides:
        """What `older` knows, with what is known here in its place."""
        own = {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}
        return replace(older, **own)


def _found(finding: Finding[bool] | None, published: bool) -> bool:
    return published if finding is None else finding.value
