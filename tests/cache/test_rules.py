"""The published numbers, looked up by model id."""

import pytest

from omg.cache.rules import CacheRules, minimum_for


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-fable-5", 512),
        ("claude-fable-5-1", 512),
        ("claude-mythos-5-1", 512),
        ("claude-opus-5", 512),
        ("claude-opus-5-5", 512),
        ("claude-sonnet-5-5", 512),
        ("claude-haiku-5-5", 512),
        ("claude-opus-4-8", 1024),
        ("claude-sonnet-5", 1024),
        ("claude-sonnet-4-6", 1024),
        ("claude-sonnet-4-5-20250929", 1024),
        ("claude-opus-4-1-20250805", 1024),
        ("claude-opus-4-20250514", 1024),
        ("claude-sonnet-4-20250514", 1024),
        ("claude-opus-4-7", 2048),
        ("claude-mythos-preview", 2048),
        ("claude-3-5-haiku-20241022", 2048),
        ("claude-opus-4-6", 4096),
        ("claude-opus-4-5-20251101", 4096),
        ("claude-haiku-4-5-20251001", 4096),
    ],
)
def test_each_model_has_its_published_minimum(model: str, tokens: int) -> None:
    assert minimum_for(model) == tokens


@pytest.mark.parametrize("model", ["", "glm-5.3", "claude-", "claude-opus-45", "claude-opus-6", "\ud800"])
def test_an_unknown_model_has_the_stated_default(model: str) -> None:
    assert minimum_for(model) == 1024


@pytest.mark.parametrize(
    "model",
    ["anthropic/claude-opus-4.6", "us.anthropic.claude-opus-4-6-v1:0", "claude-opus-4-6@1", "claude-opus-4-6[1m]"],
)
def test_a_gateways_spelling_of_a_model_is_that_model(model: str) -> None:
    assert minimum_for(model) == 4096


def test_what_a_probe_found_overrides_what_is_published() -> None:
    assert CacheRules(minimums={"claude-sonnet-4-6": 2048}).minimum_for("claude-sonnet-4-6") == 2048


def test_the_published_defaults() -> None:
    rules = CacheRules()
    assert (rules.lookback, rules.collapse_tool_runs) == (20, False)
    assert rules.ttl_seconds == {"5m": 300, "1h": 3600}
