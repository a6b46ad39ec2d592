"""What a person says at once: their words, and what goes with them: long text they pasted, and images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

ImageType = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
"""What the Messages API takes (vision docs)."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """Text that is a block of its own before the words."""

    text: str

    @property
    def label(self) -> str:
        count = self.text.count("\n") + 1
        return f"pasted {count} lines" if count > 1 else f"pasted {len(self.text)} characters"


@dataclass(frozen=True, slots=True)
class Image:
    """An image as it will be sent: `data` is the file's bytes, `width` and `height` are in pixels."""

    name: str
    type: ImageType
    data: bytes
    width: int
    height: int

    @property
    def label(self) -> str:
        return f"{self.name} {self.width}×{self.height}"


Attachment = Pasted | Image


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words and their attachments; one of both may be empty."""

    words: str
    attachments: tuple[Attachment, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words.strip() or self.attachments)


def together(parts: Iterable[Spoken], between: str = "\n\n") -> Spoken:
    """Several things said as one."""
    kept = [part for part in parts if part]
    words = between.join(part.words for part in kept if part.words.strip())
    return Spoken(words, tuple(attachment for part in kept for attachment in part.attachments))
