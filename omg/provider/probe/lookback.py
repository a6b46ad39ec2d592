"""How far back a read looks from its breakpoint, and whether a run of tool blocks is one position."""

from __future__ import annotations

from collections.abc import Callable

from omg.provider.probe.ask import Ask, Said, text, user
from omg.provider.probe.bench import Bench, CannotTell, Experiment, Send, calibrated, was_read, written
from omg.provider.probe.search import Threshold
from omg.wire.seal import Block

_FARTHEST = 80
_MOST = 10
"""Requests for the distance, whatever the answers."""


def lookback(bench: Bench) -> Experiment:
    """Write one entry, then mark blocks ever so far behind it: plain text first, then runs of tool blocks."""
    yield from calibrated(bench)
    shared = bench.prefix()
    first = yield Send(Ask((user(shared),), ((0, 0, "5m"),), tools=True))
    size, ready, published = written(first), first.ended + bench.settle, bench.lookback
    search = Threshold(start=published, likely=(published - 1, published), ceiling=_FARTHEST)
    for _ in range(_MOST):
        distance = search.next()
        if distance is None:
            break
        seen = yield Send(_texts(shared, distance), at=ready)
        (search.lacks if was_read(seen, size) else search.holds)(distance)
    _conclude(bench, search, published)
    run = (bench.lookback + 1) // 2
    seen = yield Send(_tool_runs(shared, run), at=ready)
    collapses = was_read(seen, size)
    found = "found" if collapses else "not found"
    said = f"{'a run of tool blocks' if collapses else 'each tool block'} ({2 * run} blocks in two runs: {found})"
    bench.say("collapse_tool_runs", collapses, f"counted as one position: {said}")


def _conclude(bench: Bench, search: Threshold, published: int) -> None:
    """`search` is for the nearest distance that is not found, which is the number of positions looked at."""
    if search.reached is None:
        raise CannotTell(f"an entry {search.below} blocks away is still found")
    if search.reached < 3:  # two runs are two positions away: nothing could be told of them either
        raise CannotTell("what was written is not found from the next blocks either")
    bench.lookback = search.reached
    how = "as published" if search.reached == published else f"published: {published}"
    said = f"{search.reached} positions, {how} (found {search.below} blocks back, not {search.reached})"
    bench.say("lookback", search.reached, said)


def _texts(shared: Block, distance: int) -> Ask:
    """`distance` blocks behind `shared`. The first names the distance, so that no request finds another's end."""
    more = (text(f"d{distance}"), *(text(f"b{place}") for place in range(distance - 1)))
    return Ask((user(shared, *more),), ((0, distance, "5m"),), tools=True)


def _tool_runs(shared: Block, count: int) -> Ask:
    """A run of calls and a run of their results, marked at the last."""
    calls: Said = ("assistant", _blocks(count, _use))
    return Ask((user(shared), calls, user(*_blocks(count, _result))), ((2, count - 1, "5m"),), tools=True)


def _blocks(count: int, make: Callable[[str], Block]) -> tuple[Block, ...]:
    return tuple(make(f"t{place}") for place in range(count))


def _use(id: str) -> Block:
    return {"type": "tool_use", "id": id, "name": "f", "input": {}}


def _result(id: str) -> Block:
    return {"type": "tool_result", "tool_use_id": id, "content": "-"}
