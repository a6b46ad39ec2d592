"""The second witness: what a provider says of its own cache, held against the cause that our figures name.

"Cache diagnostics" (Anthropic's docs, September 2026): a request names the message before it, and the reply tells
whether the two prompts differ, and in what. It is best effort, and tells nothing of lifetimes.
"""

from __future__ import annotations

from dataclasses import dataclass

from omg.cache.cause import Kind

_CHANGED = {
    "model_changed": "the model has changed",
    "system_changed": "the system prompt has changed",
    "tools_changed": "the tools have changed",
    "messages_changed": "the messages have changed",
}
_SILENT = {
    "pending": "it has not compared yet",
    "previous_message_not_found": "it does not know the message before",
    "unavailable": "it cannot compare",
}
NOTHING = "nothing, by the figures"
"""The cause where nothing was missing, and the provider says that something was."""
PENDING = "pending"
"""The reason that stands for a comparison which was not done yet."""
_BY_BYTES: frozenset[Kind | None] = frozenset({"another_head", "model_change"})
"""The causes that say that the prompt is another one than before."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What was said of one request that had named the message before it. `reason` is the provider's word; None: the
    prompt begins as that one did."""

    reason: str | None
    tokens: int | None = None
    """Input tokens that it takes to have been missed for that."""

    def __str__(self) -> str:
        if self.reason is None:
            return "the prompt begins as the one before"
        tokens = f", {self.tokens:,} tokens missed" if self.tokens is not None else ""
        return (_CHANGED.get(self.reason) or _SILENT.get(self.reason) or self.reason) + tokens

    def contradicts(self, kind: Kind | None) -> bool:
        """Whether it says other than our cause (None: nothing was missing), for a prompt with the head of the one
        before."""
        return kind in _BY_BYTES if self.reason is None else self.reason in _CHANGED and kind not in _BY_BYTES
