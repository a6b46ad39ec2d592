"""A file's bytes as text that a model can read and change, and back again without losing a byte."""

from __future__ import annotations

import codecs
import mimetypes
import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from omg.core.tool import ToolError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Text:
    """`raw` is the file decoded, line ends as they are; bytes that are not UTF-8 are kept as lone surrogates."""

    raw: str
    encoding: str = "utf-8"
    bom: bytes = b""

    @cached_property
    def body(self) -> str:
        """The text with every line end a `\\n`: what a model sees and sends."""
        return plain(self.raw)

    @property
    def newline(self) -> str:
        """The line end that most lines have."""
        crlf = self.raw.count("\r\n")
        return "\r\n" if crlf * 2 > self.raw.count("\n") else "\n"

    @cached_property
    def _crlf(self) -> list[int]:
        """Where in `body` the line ends are that are `\\r\\n` in `raw`."""
        places: list[int] = []
        at = self.raw.find("\r\n")
        while at >= 0:
            places.append(at - len(places))
            at = self.raw.find("\r\n", at + 2)
        return places

    def raw_at(self, at: int) -> int:
        """The place in `raw` of a place in `body`."""
        return at + bisect_left(self._crlf, at)

    def encode(self, raw: str) -> bytes:
        """`raw` as bytes, with this file's encoding and byte order mark."""
        errors = "surrogateescape" if self.encoding == "utf-8" else "surrogatepass"
        return self.bom + raw.encode(self.encoding, errors)


def plain(text: str) -> str:
    """`text` with `\\n` for every `\\r\\n`."""
    return text.replace("\r\n", "\n")


def decode(data: bytes, shown: str) -> Text:
    """The text in `data`: UTF-8, or UTF-16 with a byte order mark. Raises ToolError when it is binary."""
    bom, encoding = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), (b"", "utf-8"))
    if encoding != "utf-8":
        try:
            return Text(data[len(bom) :].decode(encoding, "surrogatepass"), encoding, bom)
        except UnicodeDecodeError as error:
            raise _binary(data, shown) from error
    if b"\0" in data:
        raise _binary(data, shown)
    return Text(data[len(bom) :].decode("utf-8", "surrogateescape"), encoding, bom)


def readable(text: str) -> str:
    """`text` with `\ufffd` for each byte that is not text."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def lines_of(text: str) -> list[str]:
    """The lines of `text`, each with its `\n`; nothing else ends a line."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def refuse_broken(text: str, name: str) -> None:
    """Raise ToolError when the input `name` holds a lone surrogate, which no file can."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ToolError(
            f"{name} holds half a surrogate pair at character {error.start}: send whole characters"
        ) from error


def _binary(data: bytes, shown: str) -> ToolError:
    kind = mimetypes.guess_type(shown)[0] or "no known kind"
    return ToolError(f"{shown} is binary ({kind}, {len(data)} bytes), not text: look at it with a command in the shell")
