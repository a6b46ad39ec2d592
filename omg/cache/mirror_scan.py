"""A cursor over JSON text that yields values and the exact places they stand at, in one pass."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_SPACE = re.compile(r"[ \t\r\n]*")
# Python refuses integers of many thousand digits, which JSON allows; as floats, none can fail.
_DECODER = json.JSONDecoder(parse_int=float)


class Scan:
    """A cursor over `text`. `at` is behind what was taken last; every method raises ValueError on bad JSON."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def place(self) -> int:
        """Where the next token starts."""
        self.at = _end_of_space(self.text, self.at)
        return self.at

    def value(self) -> object:
        """Take the next value, parsed; every number is a float."""
        try:
            taken, self.at = _DECODER.raw_decode(self.text, self.place())
        except RecursionError:
            raise ValueError("not JSON that can be read: nested too deeply") from None
        return taken

    def opens(self, bracket: str) -> bool:
        """Whether the next token is `bracket`."""
        return self.text.startswith(bracket, self.place())

    def items(self) -> Iterator[int]:
        """Where each element of an array starts; the caller takes it before asking for the next."""
        for _ in self._parts("[", "]"):
            yield self.place()

    def fields(self) -> Iterator[tuple[str, int]]:
        """Each field of an object, as its name and where that starts; the caller takes the value."""
        for _ in self._parts("{", "}"):
            start, name = self.place(), self.value()
            if not isinstance(name, str):
                raise ValueError(f"not JSON: a field's name is no string, at character {start}")
            self._take(":")
            yield name, start

    def end(self) -> None:
        """Nothing but white space may follow."""
        if self.place() != len(self.text):
            raise ValueError(f"not JSON: more text at character {self.at}")

    def _parts(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if not self.opens(closing):
            yield
            while not self.opens(closing):
                self._take(",")
                yield
        self._take(closing)

    def _take(self, token: str) -> None:
        if not self.opens(token):
            raise ValueError(f"not JSON: expected {token!r} at character {self.at}")
        self.at += len(token)


def _end_of_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()
