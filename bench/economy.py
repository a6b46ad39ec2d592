"""Cost efficiency: our bill against the bill of a client that wastes nothing. Run it: python -m bench.economy"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.clock import run
from bench.ideal import ideal
from bench.server import Sent
from bench.stage import Stage, fill
from bench.workloads import WORKLOADS, Workload
from omg.agent.requests import Request
from omg.cache.prices import price
from omg.core.usage import Usage, total

FLOOR = 0.995


@dataclass(frozen=True, slots=True)
class Seen:
    """One request: what the provider saw and billed, and what we had foretold and blamed."""

    sent: Sent
    request: Request

    @property
    def billed(self) -> Usage:
        return self.sent.usage

    @property
    def foretold(self) -> Usage:
        return self.request.logged.predicted or Usage()

    @property
    def cause(self) -> str | None:
        return self.request.settled.cause if self.request.settled else None


@dataclass(frozen=True, slots=True)
class Measured:
    """One workload, done. Money is in dollars at list prices; `input` is what the cache has to do with."""

    seen: tuple[Seen, ...]
    ideal: tuple[Usage, ...]
    """Each request's bill, of the client that wastes nothing."""
    model: str

    @property
    def usage(self) -> Usage:
        return total(one.billed for one in self.seen)

    @property
    def input_usd(self) -> float:
        return dollars(self.model, (replace(one.billed, output=0) for one in self.seen))

    @property
    def ideal_usd(self) -> float:
        return dollars(self.model, self.ideal)

    @property
    def total_usd(self) -> float:
        return dollars(self.model, (one.billed for one in self.seen))

    @property
    def uncached_usd(self) -> float:
        return dollars(self.model, (Usage(plain=one.billed.input) for one in self.seen))

    @property
    def efficiency(self) -> float:
        return self.ideal_usd / self.input_usd

    @property
    def saved(self) -> float:
        """The part of the input's price that the cache has saved."""
        return 1 - self.input_usd / self.uncached_usd

    @property
    def surprises(self) -> list[Seen]:
        """Requests that read something else than was foretold."""
        return [one for one in self.seen if one.foretold.read != one.billed.read]

    @property
    def off(self) -> float:
        """By how much the tokens that were new have been misjudged, in parts of them."""
        new = [(one.foretold.input - one.foretold.read, one.billed.input - one.billed.read) for one in self.seen]
        return sum(abs(foretold - billed) for foretold, billed in new) / max(1, sum(billed for _, billed in new))


def dollars(model: str, usages: Iterable[Usage]) -> float:
    """What requests with these usages cost, one by one. Raises LookupError where a price is unknown."""
    prices = price(model)
    if prices is None:
        raise LookupError(f"the price of {model} is unknown")
    return sum(prices.cost(usage) or 0.0 for usage in usages)


def measure(stage: Stage, since: int = 0) -> Measured:
    """What has happened on a stage since its request number `since`, counted from 0."""
    requests = {
        request.begun.message_id: request
        for conversation in stage.opened
        for request in conversation.tree.requests.values()
        if request.begun is not None
    }
    seen = tuple(Seen(sent, requests[sent.id]) for sent in stage.server.sent)
    return Measured(seen[since:], tuple(ideal(stage.server.sent)[since:]), stage.setup.model)


def perform(work: Workload, home: Path) -> Measured:
    """Run one workload on a stage of its own."""
    stage = Stage(home / "home", fill(home / "work"))
    run(work(stage))
    return measure(stage)


def table(measured: Sequence[tuple[str, Measured]]) -> str:
    """A line for each workload."""
    lines = [
        f"{'workload':40} {'req':>4} {'read':>9} {'written':>8} {'plain':>6} {'input $':>9} {'ideal $':>9} "
        f"{'efficiency':>10} {'total $':>9} {'uncached $':>10} {'foretold':>9} {'new off':>8}"
    ]
    for name, one in measured:
        right = f"{len(one.seen) - len(one.surprises)}/{len(one.seen)}"
        lines.append(
            f"{name:40} {len(one.seen):4} {one.usage.read:9,} {one.usage.written:8,} {one.usage.plain:6,} "
            f"{one.input_usd:9.4f} {one.ideal_usd:9.4f} {one.efficiency:10.4f} {one.total_usd:9.4f} "
            f"{one.uncached_usd:10.4f} {right:>9} {one.off:8.1%}"
        )
    return "\n".join(lines)


def main() -> None:
    measured: list[tuple[str, Measured]] = []
    for name, work in WORKLOADS.items():
        with tempfile.TemporaryDirectory() as folder:
            measured.append((name, perform(work, Path(folder))))
    print(table(measured))
    print(f"\nefficiency: ideal input bill / ours; the floor is {FLOOR}. total: with output. foretold: requests whose")
    print("read tokens were foretold exactly; new off: how far the estimate of the other tokens was off.")


if __name__ == "__main__":
    main()
