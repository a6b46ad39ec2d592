"""Attachments as blocks of a message, and back: what was taken back is handed to the person as they had it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from omg.core.images import measured
from omg.core.spoken import Attachment, Image, Pasted, Spoken
from omg.wire.seal import Block, Message


def blocks_of(attachments: Sequence[Attachment]) -> Iterator[Block]:
    """The blocks that attachments are sent as, in their order. Blank text is left out: the API refuses it."""
    for attachment in attachments:
        if isinstance(attachment, Image):
            data = b64encode(attachment.data).decode("ascii")
            yield {"type": "image", "source": {"type": "base64", "media_type": attachment.type, "data": data}}
        elif attachment.text.strip():
            yield {"type": "text", "text": attachment.text}


def said_in(message: Message, words: int | None, attached: int) -> Spoken:
    """What a person said in a message: the words in block `words`, and the `attached` blocks before it."""
    content = message.content
    end = len(content) if words is None else words
    text = "" if words is None else str(content[words]["text"])
    return Spoken(text, tuple(_attachments(content[end - attached : end])))


def _attachments(blocks: Sequence[Mapping[str, object]]) -> Iterator[Attachment]:
    """What was attached, from its sealed blocks. An image's name is not in them."""
    for block in blocks:
        if block.get("type") == "text":
            yield Pasted(str(block["text"]))
        elif block.get("type") == "image":
            source = cast(dict[str, object], block["source"])
            data = b64decode(str(source["data"]))
            found = measured(data)
            if found is not None:
                yield Image("image", found.type, data, found.width, found.height)
