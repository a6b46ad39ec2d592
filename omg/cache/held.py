"""A head in the provider's cache, as sessions tell each other of it: they share heads, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from omg.core.usage import TTL_SECONDS, Ttl


@dataclass(frozen=True, slots=True)
class HeldHead:
    """An entry at the end of a head. Times are in seconds, UTC epoch; see `holdings.Entry`."""

    head: str
    """The head's id: endpoint and all that decides the cache key."""
    account: str
    """Organisation and workspace, as the provider named them."""
    ttl: Ttl
    since: float
    begun: float
    tokens: int | None
    """The provider's own count; None where it has not told it yet."""

    def lives(self, now: float) -> bool:
        """Whether it may be read; one from the future is garbage."""
        return self.since <= now < self.since + TTL_SECONDS[self.ttl]


class Heads(Protocol):
    """What sessions tell each other."""

    def held(self, head: str) -> HeldHead | None:
        """The newest that is known of a head, living or not."""
        ...

    def keep(self, held: HeldHead) -> None:
        """Tell others. Returns at once, and never fails: the next prediction is less exact then."""
        ...
