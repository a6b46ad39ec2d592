"""When a history is folded. One place decides, from what is known of the moment; it does nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ANSWER = 9_000
"""Tokens of a summary, with room to spare."""
ROOM = 2 * ANSWER + 3_000
"""Tokens under the window that the request for a summary, and for one more try, must find free."""
_NEAR = 0.5
"""The part of that room that may be used up before nothing is waited for any longer."""

EARLY = 0.3
"""The part of the window under which nothing is folded for its price alone: what is forgotten has a price too."""

What = Literal["go on", "wait", "fold"]


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known when a message is about to be sealed, or a turn has ended. Tokens, of the branch it is about."""

    used: int
    """With the message that comes next."""
    window: int
    at: float
    """The threshold: up to 1 a part of the window, above 1 a number of tokens."""
    begun: int = 0
    """What its epoch began with, where that is a summary."""
    running: Sequence[str] = ()
    """Forks at work that read this epoch's prefix. Those that have ended, and could be woken, do not count."""
    starting: bool = False
    """Whether forks have been asked for whose first requests have not all left."""
    fork: bool = False
    """Whether it is a fork's: that shares its prefix with others and ends soon, so it is folded only where it must."""
    paid: bool = False
    """Whether reading what a summary would leave out has cost, in this epoch, as much as the summary would."""
    asked: bool = False
    """Whether a person has asked for it, however little is used."""
    now: bool = False
    """Whether they do not want to wait for forks."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why, in words. `beside`: forks at work keep the old epoch, and are not waited for."""

    what: What
    why: str
    beside: bool = False


def threshold(window: int, at: float, begun: int = 0) -> int:
    """Tokens from which on a history is to be folded: early enough for the request that folds it, and its answer; and
    not before as much has been said again as the last summary left (`begun`), else each exchange would be folded."""
    wanted = max(at * window if at <= 1 else at, 2 * begun)
    return int(min(wanted, max(window - ROOM, window / 2)))


def ceiling(window: int) -> int:
    """Tokens from which on nothing is waited for: there must be room for the summary still."""
    return int(max(window - ROOM * _NEAR, window / 2))


def decide(moment: Moment) -> Decision:
    """Whether to fold now."""
    hard = ceiling(moment.window)
    limit = hard if moment.fork else threshold(moment.window, moment.at, moment.begun)
    amount = f"{moment.used:,} of {moment.window:,} tokens"
    early = moment.paid and not moment.fork and moment.used >= EARLY * moment.window
    if moment.used < limit and not moment.asked and not early:
        return Decision("go on", f"{amount}, the next compaction at {limit:,}")
    why = f"{amount}, the threshold is {limit:,}"
    if moment.used < limit:
        why = "asked for" if moment.asked else f"{amount}: reading them has cost what a summary costs"
    if moment.starting:
        return Decision("wait", f"{why}; forks are about to start from here")
    if not moment.running:
        return Decision("fold", why)
    names = ", ".join(moment.running)
    if moment.used >= hard:
        return Decision("fold", f"{why}, and the window ends soon; {names} keep the old history", beside=True)
    if moment.now:
        return Decision("fold", f"{why}, at once; {names} keep the old history", beside=True)
    return Decision("wait", f"{why}; when {names} {'have' if len(moment.running) > 1 else 'has'} ended")
