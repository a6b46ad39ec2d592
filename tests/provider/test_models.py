import pytest

from omg.provider.models import claude_names, model_for


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("claude-opus-5-5", "claude-opus-5-5"),
        ("claude-opus-5", "claude-opus-5"),
        ("claude-opus-5-20260801", "claude-opus-5"),
        ("Claude-Opus-5-5-20260922", "claude-opus-5-5"),
        ("anthropic/claude-opus-5.5", "claude-opus-5-5"),
        ("claude-opus-55", ""),
        ("claude-opus-4-1", ""),
        ("deepseek-v4-pro", "deepseek-v4"),
        ("kimi-k2.6", "kimi-k2"),
        ("glm-5.3-flash", "glm-5.3"),
        ("MiniMax-M2.7", "minimax-m2"),
        ("qwen3-coder:30b", ""),
        ("", ""),
    ],
)
def test_the_longest_beginning_that_fits(name: str, prefix: str) -> None:
    assert model_for(name).prefix == prefix


def test_what_is_not_known_has_careful_defaults() -> None:
    unknown = model_for("qwen3-coder")
    assert (unknown.window, unknown.max_tokens) == (200_000, 32_000)
    assert (unknown.max_output, unknown.thinking, unknown.thinks, unknown.effort) == (None, None, None, None)


def test_what_the_overview_pages_say() -> None:
    opus = model_for("claude-opus-5-5")
    assert (opus.window, opus.max_output, opus.thinks, opus.effort) == (1_000_000, 128_000, "always", "medium")
    haiku = model_for("claude-haiku-4-5")
    assert (haiku.window, haiku.max_output, haiku.max_tokens, haiku.thinking) == (200_000, 64_000, 32_000, "extended")


def test_every_claude_model_is_found_under_its_own_name() -> None:
    for name in claude_names():
        assert model_for(name).prefix == name
