"""Whether `max_tokens: 0` is accepted, and writes."""

from __future__ import annotations

from omg.provider.probe.ask import Ask, text, user
from omg.provider.probe.bench import Bench, CannotTell, Experiment, Seen, Send, calibrated, was_read, written


def prewarm(bench: Bench) -> Experiment:
    """Pre-warm a fresh prefix behind a placeholder, then read it with an ordinary request."""
    yield from calibrated(bench)
    shared = bench.prefix()
    warm = Ask((user(shared, text(".")),), ((0, 0, "5m"),), max_tokens=0, stream=False)
    plain = Ask(warm.messages, warm.marks)
    first = yield Send(warm, may_refuse=True)
    second = yield Send(plain, at=first.ended + bench.settle)
    if first.refused is not None:
        # The same request went through with a reply: it was the zero that was refused, and not the account.
        bench.say("prewarm", "refused", f"refused: {first.refused}")
    elif first.usage.output:
        raise CannotTell(f"max_tokens: 0 was answered with {first.usage.output} tokens")
    else:
        _conclude(bench, first, second)


def _conclude(bench: Bench, first: Seen, second: Seen) -> None:
    if first.usage.written and was_read(second, written(first)):
        bench.say("prewarm", "writes", f"accepted, and its {first.usage.written} tokens were read afterwards")
    elif not first.usage.written and second.usage.written and not second.usage.read:
        bench.say("prewarm", "writes nothing", "accepted, and nothing was written")
    else:
        raise CannotTell("max_tokens: 0 reported one thing, and the request after it found another")
