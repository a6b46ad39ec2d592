"""The usage a provider reports, piece by piece over a stream, made into one Usage."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from omg.cache.witness import PENDING
from omg.core.usage import Usage, total
from omg.provider import errors
from omg.provider.transport import Frame
from omg.wire.seal import Json, parse

_COUNT = re.compile(r"(\d{1,15})(\.0*)?")


@dataclass(frozen=True, slots=True)
class Reported:
    """What has been told so far; None is "not told"."""

    plain: int | None = None
    read: int | None = None
    written: int | None = None
    write_1h: int | None = None
    output: int | None = None
    iterations: tuple[Reported, ...] = ()

    def merged(self, usage: Json) -> Reported:
        """With what a later event says: its figures replace (they are cumulative), null or absent ones leave what was
        told. A later event that says nothing but zeros about the input knows nothing of it (some gateways)."""
        later = told(usage)
        knows_input = any((later.plain, later.read, later.written)) or not self.input
        return Reported(
            plain=_either(later.plain, self.plain) if knows_input else self.plain,
            read=_either(later.read, self.read) if knows_input else self.read,
            written=_either(later.written, self.written) if knows_input else self.written,
            write_1h=_either(later.write_1h, self.write_1h),
            output=_either(later.output, self.output),
            iterations=later.iterations or self.iterations,
        )

    @property
    def input(self) -> int:
        return (self.plain or 0) + (self.read or 0) + (self.written or 0)

    @property
    def usage(self) -> Usage:
        """By class. What was written and is not told to be 1h is 5m: so are the marks that server tools add."""
        if self.iterations:  # the totals leave compaction out; the iterations are what is billed
            return total(iteration.usage for iteration in self.iterations)
        written, write_1h = self.written or 0, min(self.write_1h or 0, self.written or 0)
        return Usage(self.plain or 0, self.read or 0, written - write_1h, write_1h, self.output)


def told(usage: Json) -> Reported:
    """A `usage` object as far as it can be read: numbers that are none, or negative, count as not told."""
    if not isinstance(usage, Mapping):
        return Reported()
    split = usage.get("cache_creation")
    by_ttl = split if isinstance(split, Mapping) else cast(Mapping[str, Json], {})
    write_5m = _count(by_ttl.get("ephemeral_5m_input_tokens"))
    write_1h = _count(by_ttl.get("ephemeral_1h_input_tokens"))
    written = _count(usage.get("cache_creation_input_tokens"))
    if written is None and (write_5m is not None or write_1h is not None):
        written = (write_5m or 0) + (write_1h or 0)
    return Reported(
        plain=_count(usage.get("input_tokens")),
        read=_count(usage.get("cache_read_input_tokens")),
        written=written,
        write_1h=write_1h,
        output=_count(usage.get("output_tokens")),
        iterations=_iterations(usage.get("iterations")),
    )


def diagnosed(diagnostics: Json) -> tuple[str | None, int | None]:
    """In what a prompt differs from that of the message before, in the provider's word, and the tokens missed for it.

    Both None: in nothing, or nobody has asked ("Cache diagnostics", its docs, September 2026).
    """
    if not isinstance(diagnostics, Mapping):
        return None, None
    reason = diagnostics.get("cache_miss_reason")
    if not isinstance(reason, Mapping):
        return PENDING, None
    kind = reason.get("type")
    return errors.line(kind) if isinstance(kind, str) else PENDING, _count(reason.get("cache_missed_input_tokens"))


def counted(frames: Sequence[Frame], request_id: str | None) -> int:
    """The answer of `count_tokens`. Raises ProviderError where it is none."""
    try:
        answer = parse("".join(frame.data for frame in frames))
    except (ValueError, RecursionError):
        answer = None
    tokens = _count(answer.get("input_tokens")) if isinstance(answer, Mapping) else None
    if tokens is None:
        raise errors.garbled("no count of tokens", request_id)
    return tokens


def _iterations(value: Json) -> tuple[Reported, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(replace(told(entry), iterations=()) for entry in value if isinstance(entry, Mapping))


def _count(value: Json) -> int | None:
    """Numbers come as they were spelled (`Raw`); a whole one below 10^15 is a count of tokens."""
    found = _COUNT.fullmatch(value.decode()) if isinstance(value, bytes) else None
    return int(found.group(1)) if found else None


def _either(later: int | None, earlier: int | None) -> int | None:
    return earlier if later is None else later
