"""The bill of a client that wastes nothing, from the requests that were really sent.

It reads, at the read price, the longest prefix that any earlier request has sent, and writes the rest once, in the
ttl class that the request has chosen: 1h up to its last 1h marker, 5m behind it. It knows no breakpoints, no
look-back, no minimum and no expiry, and what is on its way can be read at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from bench.cache import Prefixes
from bench.server import Sent
from omg.core.usage import Usage

_NEVER = float("inf")


def ideal(sent: Iterable[Sent], *, begun: bool = False) -> list[Usage]:
    """Each request's bill, in the order they were sent. `begun`: only what had begun to be answered can be read."""
    prefixes, known, found = Prefixes(), dict[int, float](), list[Usage]()
    for one in sent:
        numbers = prefixes.number(one.prompt)
        upto = [0, *accumulate(block.tokens for block in one.prompt.blocks)]
        shared = (place for place, number in enumerate(numbers, 1) if known.get(number, _NEVER) <= one.at)
        depth = max(shared, default=0)
        hours = [place for place, block in enumerate(one.prompt.blocks, 1) if block.mark == "1h"]
        hour = max([depth, *hours])
        found.append(Usage(read=upto[depth], write_1h=upto[hour] - upto[depth], write_5m=upto[-1] - upto[hour]))
        since = one.at if not begun else one.begun or _NEVER
        for number in numbers:
            known[number] = min(known.get(number, _NEVER), since)
    return found
