"""The purse: what may be spent, reserved before each request by its worst case."""

from __future__ import annotations

from dataclasses import dataclass


class NotEnough(Exception):
    """What is left does not cover the worst case of the next request."""


@dataclass(slots=True)
class Purse:
    """Dollars. `limit` is never passed as long as no request costs more than was reserved for it."""

    limit: float
    spent: float = 0.0
    """Settled, by the provider's own figures."""
    unsettled: float = 0.0
    """Reserved for requests whose cost was never told: they cost this at most."""
    requests: int = 0
    _open: float = 0.0

    @property
    def left(self) -> float:
        """What can still be reserved."""
        return self.limit - self.at_most - self._open

    @property
    def at_most(self) -> float:
        """The cost of all that has been answered, or failed."""
        return self.spent + self.unsettled

    def reserve(self, dollars: float) -> None:
        """Set `dollars` aside for one request. Raises NotEnough."""
        if dollars > self.left:
            raise NotEnough
        self._open += dollars
        self.requests += 1

    def settle(self, reserved: float, cost: float | None) -> None:
        """The request has ended; `cost` is None where nobody told it."""
        self._open -= reserved
        if cost is None:
            self.unsettled += reserved
        else:
            self.spent += cost

    def __str__(self) -> str:
        """As a person is told it."""
        return f"{'at most ' if self.unsettled else ''}${self.at_most:.4f} in {self.requests} requests"
