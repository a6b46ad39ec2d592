"""What only waiting can tell: which reads keep which entries alive."""

from __future__ import annotations

from omg.core.usage import TTL_SECONDS
from omg.provider.probe.ask import Ask, user
from omg.provider.probe.bench import Bench, CannotTell, Experiment, Seen, Send, calibrated, was_read, written
from omg.wire.request import Ttl
from omg.wire.seal import Block

_SHORT, _LONG = TTL_SECONDS["5m"], TTL_SECONDS["1h"]

REFRESH_AT, REFRESH_SEEN_AT = 240.0, 420.0
LONG_READ_AT, LONG_SEEN_AT = 3300.0, 3900.0
"""Seconds after the write: of the read that may refresh, and of the look at what it did."""


def refreshes_marked(bench: Bench) -> Experiment:
    """Does a read refresh the entry at an earlier mark of its own? And a control that is never read must die."""
    yield from calibrated(bench)
    shared, tail, control = bench.prefix(), bench.text(2), bench.prefix()
    both = Ask((user(shared, tail),), ((0, 0, "5m"), (0, 1, "5m")))
    write = yield Send(both)
    alone = yield Send(_alone(control, "5m"))
    whole, control_size = written(write), written(alone)
    read = yield Send(both, at=write.sent + REFRESH_AT)
    if not was_read(read, whole):
        raise CannotTell("the entry was gone before its five minutes were over")
    look = alone.sent + REFRESH_SEEN_AT
    other = yield Send(Ask((user(shared, bench.text(2)),), ((0, 1, "5m"),)), at=look)
    _check_times(write, read, other, _SHORT)
    died = yield Send(_alone(control, "5m"), at=look)
    kept = other.usage.read > 0
    if kept and was_read(died, control_size):
        raise CannotTell("an entry that nobody read was still there after its five minutes")
    if not kept:
        end = yield Send(Ask(both.messages, ((0, 1, "5m"),)), at=look)
        if not was_read(end, whole):
            raise CannotTell("what had been read was gone as well")
    said = "is refreshed by a read that goes further" if kept else "is not refreshed: it died while the tail lived"
    bench.say("refreshes_marked", kept, f"an entry at an earlier mark {said}")


def short_read_refreshes_long(bench: Bench) -> Experiment:
    """Does a read marked 5m keep a 1h entry for another hour? And a control that is never read must die."""
    yield from calibrated(bench)
    kept, control = bench.prefix(), bench.prefix()
    write = yield Send(_alone(kept, "1h"))
    alone = yield Send(_alone(control, "1h"))
    size, control_size = written(write), written(alone)
    read = yield Send(_alone(kept, "5m"), at=write.sent + LONG_READ_AT)
    if not was_read(read, size):
        raise CannotTell("a 5m mark did not find the 1h entry before its hour was over")
    look = alone.sent + LONG_SEEN_AT
    after = yield Send(_alone(kept, "5m"), at=look)
    _check_times(write, read, after, _LONG)
    died = yield Send(_alone(control, "5m"), at=look)
    if was_read(died, control_size):
        raise CannotTell("an entry that nobody read was still there after its hour")
    if was_read(after, size):
        bench.say("short_read_refreshes_long", True, "a read marked 5m keeps a 1h entry for another hour")
    else:
        said = "a read marked 5m does not keep a 1h entry (or the provider dropped it early)"
        bench.say("short_read_refreshes_long", False, said, "medium")


def _alone(block: Block, ttl: Ttl) -> Ask:
    return Ask((user(block),), ((0, 0, ttl),))


def _check_times(write: Seen, read: Seen, look: Seen, lifetime: int) -> None:
    """Raises CannotTell where this machine slept, and requests went out too late to mean anything."""
    in_time = read.sent < write.sent + lifetime < look.sent < read.sent + lifetime
    if not in_time:
        raise CannotTell("requests went out too late to tell: this machine must stay awake meanwhile")
