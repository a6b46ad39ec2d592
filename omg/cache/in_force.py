"""Which rules are in force for one model, and where each is from: the settings, a probe, or the published pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from omg.cache.rules import STRICT, Finding, Prewarm, Reading, RuleOverrides, for_model, minimum_for

Positions = Literal["auto", "blocks", "runs"]
"""What the look-back counts: each block, or a run of tool calls or of their results as one. auto: as a probe has
found, else each block."""

ValueT = TypeVar("ValueT")

_PUBLISHED = "published, 2026-09-26"
_STRICT = "the strict reading: pages disagree"
_TAKEN = "our reading: no page says"
_SET = "set in the settings"


@dataclass(frozen=True, slots=True)
class Sourced(Generic[ValueT]):
    """A rule, and where it is from, in words."""

    value: ValueT
    source: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person has set of the rules."""

    positions: Positions = "auto"
    minimums: Mapping[str, int] = field(default_factory=dict[str, int])
    """Tokens from which on something is cached, by the beginning of a model's id."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that one model's requests are planned and foretold by."""

    minimum: Sourced[int]
    """Tokens under which nothing is cached."""
    lookback: Sourced[int]
    collapse_tool_runs: Sourced[bool]
    refreshes_marked: Sourced[bool]
    short_read_refreshes_long: Sourced[bool]
    settle_seconds: Sourced[float]
    prewarm: Sourced[Prewarm] | None
    """What `max_tokens: 0` does; None where nobody has asked, and the endpoint's profile decides."""

    @property
    def reading(self) -> Reading:
        return Reading(
            self.lookback.value,
            self.collapse_tool_runs.value,
            self.refreshes_marked.value,
            self.short_read_refreshes_long.value,
        )

    def ping_tokens(self, by_profile: int) -> int:
        """`max_tokens` of the cheapest request that keeps a prefix warm. What is refused, or writes nothing, may
        refresh nothing either: then it is one token."""
        if self.prewarm is None:
            return by_profile
        return 0 if self.prewarm.value == "writes" else 1


def in_force(model: str, found: RuleOverrides, wishes: Wishes) -> InForce:
    """What a person has set wins over what a probe has `found` of this model, and that over what is published."""
    return InForce(
        _minimum(model, found, wishes),
        _told(found.lookback, STRICT.lookback, _PUBLISHED),
        _positions(found, wishes),
        _told(found.refreshes_marked, STRICT.refreshes_marked, _TAKEN),
        _told(found.short_read_refreshes_long, STRICT.short_read_refreshes_long, _TAKEN),
        _told(found.settle_seconds, 0.0, _PUBLISHED),
        None if found.prewarm is None else Sourced(found.prewarm.value, _probed(found.prewarm)),
    )


def _minimum(model: str, found: RuleOverrides, wishes: Wishes) -> Sourced[int]:
    wished = for_model(wishes.minimums, model, 0)
    return Sourced(wished, _SET) if wished else _told(found.minimum, minimum_for(model), _PUBLISHED)


def _positions(found: RuleOverrides, wishes: Wishes) -> Sourced[bool]:
    if wishes.positions != "auto":
        return Sourced(wishes.positions == "runs", _SET)
    return _told(found.collapse_tool_runs, STRICT.collapse_tool_runs, _STRICT)


def _told(finding: Finding[ValueT] | None, published: ValueT, source: str) -> Sourced[ValueT]:
    return Sourced(published, source) if finding is None else Sourced(finding.value, _probed(finding))


def _probed(finding: Finding[ValueT]) -> str:
    sure = "" if finding.sure == "high" else f", {finding.sure} confidence"
    return f"probed on {finding.at[:10]}{sure}"


def in_words(rules: InForce) -> list[str]:
    """Each rule in a line, with its source."""
    unit = "a run of tool calls or results is one" if rules.collapse_tool_runs.value else "each block is one"
    said: list[tuple[str, str]] = [
        (f"cached from {rules.minimum.value} tokens on", rules.minimum.source),
        (f"a read looks back over {rules.lookback.value} positions", rules.lookback.source),
        (f"of positions, {unit}", rules.collapse_tool_runs.source),
        (f"a read {_does(rules.refreshes_marked)} what is marked before its end", rules.refreshes_marked.source),
        (f"a 5m read {_does(rules.short_read_refreshes_long)} a 1h entry", rules.short_read_refreshes_long.source),
        (f"readable {rules.settle_seconds.value:g} s after a reply begins", rules.settle_seconds.source),
    ]
    if rules.prewarm is not None:
        said.append((f"max_tokens 0: {rules.prewarm.value}", rules.prewarm.source))
    return [f"{rule} ({source})" for rule, source in said]


def _does(rule: Sourced[bool]) -> str:
    return "refreshes" if rule.value else "does not refresh"
