"""The requests of a tree by their numbers: the newest as they are, those settled long ago packed together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import ItemsView, Iterator, MutableMapping, ValuesView
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from zlib import compress, decompress

from omg.agent.journal import ReplyBegun, RequestLogged, RequestSettled
from omg.agent.pack import pack, unpack

PACKED = 128
"""Requests that are packed together."""
LOOSE = 256
"""The newest requests, which are never packed."""


@dataclass(slots=True)
class Request:
    """One request, from before it was sent to after it was settled."""

    logged: RequestLogged
    begun: ReplyBegun | None = None
    settled: RequestSettled | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Packed:
    """Requests that have been packed, by rising numbers."""

    numbers: tuple[int, ...]
    data: bytes


@lru_cache(maxsize=2)
def _unpacked(old: _Packed) -> dict[int, Request]:
    return dict(zip(old.numbers, unpack(decompress(old.data)), strict=True))


@dataclass(eq=False)
class Requests(MutableMapping[int, Request]):
    """A dictionary in the order of the requests. A session of thousands takes the memory of some hundreds.

    A settled request is final: one that was packed is made anew whenever it is looked at. To change one all the same
    (a log that contradicts itself), ask for it by `loose`.
    """

    _packs: list[_Packed] = field(default_factory=list[_Packed])
    _loose: dict[int, Request] = field(default_factory=dict[int, Request])

    def __getitem__(self, n: int) -> Request:
        found = self._loose.get(n)
        if found is not None:
            return found
        old = self._packed(n)
        if old is None:
            raise KeyError(n)
        return _unpacked(old)[n]

    def __setitem__(self, n: int, request: Request) -> None:
        if n not in self._loose and self._packed(n) is not None:
            self._loosen()
        self._loose[n] = request
        if len(self._loose) >= LOOSE + PACKED:
            self._tidy()

    def __delitem__(self, n: int) -> None:
        self._loosen()
        del self._loose[n]

    def __len__(self) -> int:
        return sum(len(old.numbers) for old in self._packs) + len(self._loose)

    def __iter__(self) -> Iterator[int]:
        for old in self._packs:
            yield from old.numbers
        yield from self._loose

    def __reversed__(self) -> Iterator[int]:
        yield from reversed(self._loose)
        for old in reversed(self._packs):
            yield from reversed(old.numbers)

    def values(self) -> Values:
        """The requests, the oldest first; they can be gone through backwards as well."""
        return Values(self)

    def items(self) -> ItemsView[int, Request]:
        """Numbers and requests, the oldest first."""
        return ItemsView(self)

    def loose(self, n: int) -> Request:
        """A request that may be changed. Raises KeyError."""
        if n not in self._loose:
            self._loosen()
        return self._loose[n]

    def after(self, n: int) -> Iterator[Request]:
        """The requests whose number is above `n`, the oldest first."""
        for old in self._packs:
            yield from (_unpacked(old)[m] for m in old.numbers if m > n) if old.numbers[-1] > n else ()
        yield from (request for m, request in list(self._loose.items()) if m > n)

    def unsettled(self) -> list[Request]:
        """The requests that were never settled, the oldest first."""
        return [request for request in self._loose.values() if request.settled is None]

    def _packed(self, n: int) -> _Packed | None:
        place = bisect_right(self._packs, n, key=lambda old: old.numbers[0]) - 1
        old = self._packs[place] if place >= 0 else None
        return old if old is not None and n in old.numbers else None

    def _tidy(self) -> None:
        """Pack the oldest, if all of them are settled and their numbers go on from those packed before."""
        numbers = tuple(islice(self._loose, PACKED))
        requests = [self._loose[n] for n in numbers]
        before = self._packs[-1].numbers[-1] if self._packs else -1
        rising = all(one < other for one, other in zip((before, *numbers), numbers, strict=False))
        if rising and all(request.settled is not None for request in requests):
            self._packs.append(_Packed(numbers, compress(pack(requests), 1)))
            for n in numbers:
                del self._loose[n]

    def _loosen(self) -> None:
        """Have no request packed."""
        packed = {n: request for old in self._packs for n, request in _unpacked(old).items()}
        self._packs.clear()
        self._loose = packed | self._loose


class Values(ValuesView[Request]):
    """The requests of a tree, forwards and backwards."""

    def __init__(self, requests: Requests) -> None:
        super().__init__(requests)
        self._requests = requests

    def __iter__(self) -> Iterator[Request]:
        return (self._requests[n] for n in self._requests)

    def __reversed__(self) -> Iterator[Request]:
        return (self._requests[n] for n in reversed(self._requests))
