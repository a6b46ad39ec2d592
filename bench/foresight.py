"""How far off the estimate of new tokens is, with tokenizers of different character. Run it: python -m bench.foresight

New tokens are those of a request that no earlier reply has counted yet. An error is of one request, in parts of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.clock import run
from bench.economy import Measured, measure
from bench.server import Server
from bench.stage import Stage, fill
from bench.tokenizers import TOKENIZERS
from bench.workloads import WORKLOADS

ENOUGH = 500
"""New tokens of a request from which on its own error is told: of less, a few tokens are many per cent."""


@dataclass(frozen=True, slots=True)
class Off:
    """Errors over many requests, in parts of what was new: of all their tokens together, and of the larger requests
    one by one."""

    together: float
    median: float
    p95: float
    worst: float
    requests: int
    surprises: int
    """Requests that read something else than was foretold."""


def off(measured: Sequence[Measured]) -> Off:
    """The errors of what was measured, the first request of each left out: nobody has counted anything before it."""
    pairs = [pair for one in measured for pair in _pairs(one)]
    wrong, new = sum(abs(told - billed) for told, billed in pairs), sum(billed for _, billed in pairs)
    ranked = sorted(abs(told - billed) / billed for told, billed in pairs if billed >= ENOUGH)
    median, p95, worst = (ranked[min(len(ranked) - 1, int(part * len(ranked)))] for part in (0.5, 0.95, 1.0))
    requests, surprises = sum(len(one.seen) for one in measured), sum(len(one.surprises) for one in measured)
    return Off(wrong / max(1, new), median, p95, worst, requests, surprises)


def _pairs(measured: Measured) -> Iterator[tuple[int, int]]:
    for one in measured.seen[1:]:
        yield one.foretold.input - one.foretold.read, one.billed.input - one.billed.read


def foreseen(name: str, home: Path) -> list[Measured]:
    """All workloads with one tokenizer."""
    found: list[Measured] = []
    for number, work in enumerate(WORKLOADS.values()):
        place = home / str(number)
        stage = Stage(place / "home", fill(place / "work"), Server(count=TOKENIZERS[name]))
        run(work(stage))
        found.append(measure(stage))
    return found


def main() -> None:
    print(f"{'tokenizer':24} {'requests':>8} {'reads wrong':>11} {'new off':>8} {'median':>7} {'p95':>7} {'worst':>7}")
    for name in TOKENIZERS:
        with tempfile.TemporaryDirectory() as folder:
            one = off(foreseen(name, Path(folder)))
        print(
            f"{name:24} {one.requests:8} {one.surprises:11} {one.together:8.1%} {one.median:7.1%} {one.p95:7.1%} "
            f"{one.worst:7.1%}"
        )
    print(f"\nnew off: of all new tokens together; median, p95, worst: of requests with {ENOUGH} and more, one by one")


if __name__ == "__main__":
    main()
