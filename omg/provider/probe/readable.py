"""When what a request wrote can be read: a second request at its `message_start`, then later ones."""

from __future__ import annotations

from omg.provider.probe.ask import Ask, user
from omg.provider.probe.bench import Bench, CannotTell, Experiment, Send, calibrated, was_read, written

DELAYS = (0.0, 0.5, 1.5, 4.0, 10.0)
"""Seconds after `message_start` at which a reader is sent, until one reads."""
LEADER_TOKENS = 64
"""Of the leader's reply, so that it is still streaming when the first reader comes."""
_WORDS = "Count from one to a hundred, in words."


def readable(bench: Bench) -> Experiment:
    """A leader writes a prefix; readers share it and end differently, so that none helps the next."""
    yield from calibrated(bench)
    shared = bench.prefix()
    count = {"type": "text", "text": _WORDS}
    leader = yield Send(Ask((user(shared, count),), ((0, 0, "5m"),), max_tokens=LEADER_TOKENS), hold=True)
    size, missed = written(leader), 0.0
    for delay in DELAYS:
        reader = Ask((user(shared, bench.text(2)),), ((0, 1, "5m"),))
        seen = yield Send(reader, at=leader.began + delay)
        waited = seen.sent - leader.began
        if was_read(seen, size):
            _conclude(bench, 0.0 if delay == 0 else waited, missed, seen.alongside)
            return
        missed = waited
    raise CannotTell(f"what was written could not be read {missed:.1f} s after message_start")


def _conclude(bench: Bench, waited: float, missed: float, alongside: bool) -> None:
    bench.settle = waited
    if waited:
        said = f"not at message_start: {waited:.1f} s after it, and not yet after {missed:.1f} s"
        bench.say("settle_seconds", round(waited, 3), said)
    elif alongside:
        bench.say("settle_seconds", 0.0, "at message_start, with the reply still streaming")
    else:
        said = "at once; the first reply had ended by then, so that message_start alone may not be enough"
        bench.say("settle_seconds", 0.0, said, "medium")
