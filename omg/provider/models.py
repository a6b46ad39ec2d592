"""What is known of each model: its window, its limits, how it thinks, and what cannot be switched off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Thinks = Literal["always", "unless_disabled", "if_asked"]

EFFORTS = ("low", "medium", "high", "xhigh", "max")
"""How hard a model may be asked to try (Effort docs, September 2026); not every model takes the last two."""
WINDOW = 200_000
MAX_TOKENS = 32_000


@dataclass(frozen=True, slots=True)
class Model:
    """A model, or all models whose name begins with `prefix`. What nobody has published is None."""

    prefix: str
    window: int = WINDOW
    """Tokens of prompt and reply together."""
    max_output: int | None = None
    """The most that `max_tokens` may be."""
    thinking: Literal["adaptive", "extended"] | None = None
    """Its kind of thinking: `{"type": "adaptive"}`, or the older kind with a budget."""
    thinks: Thinks | None = None
    """When it thinks, if the request does not say."""
    effort: str | None = None
    """Its effort where the request names none."""

    @property
    def max_tokens(self) -> int:
        """What to ask for where the person has not said."""
        return min(MAX_TOKENS, self.max_output or MAX_TOKENS)


# Claude: the model overview pages, read October 2026 (opus-5-5, sonnet-5-5, haiku-5-5, opus-5, sonnet-5). Windows of
# the others, and of other makers' models: genai-prices 0.2.3. Before Opus 4.6 thinking takes a budget.
_LONG = 1_000_000
_MODELS = (
    Model("claude-fable-5", _LONG),
    Model("claude-fable-5-1", _LONG, 128_000, "adaptive", "always", "high"),
    Model("claude-mythos-5", _LONG),
    Model("claude-opus-5-5", _LONG, 128_000, "adaptive", "always", "medium"),
    Model("claude-opus-5", _LONG, 128_000, "adaptive", "unless_disabled", "high"),
    Model("claude-opus-4-8", _LONG, 128_000, "adaptive", "if_asked", "high"),
    Model("claude-opus-4-7", _LONG, 128_000, "adaptive", "if_asked", "high"),
    Model("claude-opus-4-6", _LONG, 128_000, "adaptive", "if_asked", "high"),
    Model("claude-opus-4-5", WINDOW, 64_000, "extended", "if_asked", "high"),
    Model("claude-sonnet-5-5", _LONG, 128_000, "adaptive", "unless_disabled", "high"),
    Model("claude-sonnet-5", _LONG, 128_000, "adaptive", "unless_disabled", "high"),
    Model("claude-sonnet-4-6", _LONG, 64_000, "adaptive", "if_asked", "high"),
    Model("claude-sonnet-4-5", WINDOW, 64_000, "extended", "if_asked"),
    Model("claude-haiku-5-5", _LONG, 128_000, "adaptive", effort="medium"),
    Model("claude-haiku-4-5", WINDOW, 64_000, "extended", "if_asked"),
    Model("deepseek-v4", _LONG),
    Model("deepseek-flash", _LONG),
    Model("kimi-k2", 262_144),
    Model("kimi-k3", 1_048_576),
    Model("glm-5.2", _LONG),
    Model("glm-5.3", _LONG),
    Model("minimax-m2", 204_800),
    Model("minimax-m3", _LONG),
)


def model_for(name: str) -> Model:
    """What is known of the model called `name` (case, a seller's prefix and `5.5` for `5-5` do not matter): the entry
    with the longest beginning that fits, or the defaults."""
    wanted = _plain(name)
    fitting = [model for model in _MODELS if _begins(wanted, model.prefix)]
    return max(fitting, key=lambda model: len(model.prefix), default=Model(""))


def claude_names() -> tuple[str, ...]:
    """The Claude models known here, for a list of what can be asked."""
    return tuple(model.prefix for model in _MODELS if model.prefix.startswith("claude-"))


def _plain(name: str) -> str:
    """`anthropic/claude-opus-5.5` as `claude-opus-5-5`. Only Claude's names have two spellings."""
    wanted = name.strip().lower().rpartition("/")[2]
    return re.sub(r"(\d)\.(\d)", r"\1-\2", wanted) if wanted.startswith("claude") else wanted


def _begins(name: str, prefix: str) -> bool:
    """Whether `name` begins with `prefix` and the number there ends: claude-opus-55 is no claude-opus-5."""
    return name.startswith(prefix) and not name[len(prefix) : len(prefix) + 1].isdigit()
