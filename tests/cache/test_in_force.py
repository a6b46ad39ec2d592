"""A person's word wins over what a probe has found, and that over what is published; each rule says its source."""

import pytest

from omg.cache.in_force import Wishes, in_force, in_words
from omg.cache.rules import STRICT, Finding, RuleOverrides

MODEL = "claude-opus-5-5"
AT = "2026-11-21T10:00:00+00:00"


def found(value, sure="high"):
    return Finding(value, AT, sure, "said")


PROBED = RuleOverrides(
    minimum=found(700),
    lookback=found(12),
    collapse_tool_runs=found(True),
    refreshes_marked=found(False),
    short_read_refreshes_long=found(False, "medium"),
    settle_seconds=found(0.75),
)


def test_with_nothing_set_and_nothing_asked_the_published_rules_hold_read_strictly():
    rules = in_force(MODEL, RuleOverrides(), Wishes())
    assert (rules.minimum.value, rules.reading, rules.settle_seconds.value) == (512, STRICT, 0.0)
    assert rules.minimum.source.startswith("published, 20")


def test_what_a_probe_has_found_is_in_force_with_its_day():
    rules = in_force(MODEL, PROBED, Wishes())
    assert rules.minimum.value == 700
    assert rules.settle_seconds.value == 0.75
    assert (rules.reading.lookback, rules.reading.collapse_tool_runs) == (12, True)
    assert (rules.reading.refreshes_marked, rules.reading.short_read_refreshes_long) == (False, False)
    words = in_words(rules)
    assert "cached from 700 tokens on (probed on 2026-11-21)" in words
    assert any("does not refresh a 1h entry (probed on 2026-11-21, medium confidence)" in line for line in words)


@pytest.mark.parametrize(("positions", "collapsed"), [("auto", True), ("blocks", False), ("runs", True)])
def test_auto_gives_way_to_a_probe_and_a_setting_does_not(positions, collapsed):
    rules = in_force(MODEL, PROBED, Wishes(positions, {"claude-opus": 2048, MODEL: 1024}))
    assert rules.collapse_tool_runs.value == collapsed
    assert ("set in the settings" in rules.collapse_tool_runs.source) == (positions != "auto")
    assert (rules.minimum.value, rules.minimum.source) == (1024, "set in the settings")


@pytest.mark.parametrize(("prewarm", "tokens"), [(None, 0), ("writes", 0), ("writes nothing", 1), ("refused", 1)])
def test_a_ping_asks_for_a_token_where_asking_for_none_does_not_keep_anything(prewarm, tokens):
    rules = in_force(MODEL, RuleOverrides(prewarm=prewarm and found(prewarm)), Wishes())
    assert rules.ping_tokens(0) == tokens
    assert rules.ping_tokens(1) == (1 if prewarm != "writes" else 0)
