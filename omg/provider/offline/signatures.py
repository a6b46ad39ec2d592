"""Sign thinking over all that stands before it, and refuse it where that has changed.

As preserved thinking is described (Opus 5.5 and Fable 5.1, September 2026): a block is bound to model, system, tools
and messages before it; markers, effort, tool choice and max_tokens are not part of that. No secret is involved: this
shows a client its mistakes, it proves nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json

from omg.provider.offline.fault import invalid
from omg.provider.offline.shape import Fields, blocks, messages


def sign(request: Fields, thinking: str) -> str:
    """The signature of thinking that follows the whole of `request`."""
    prefix = _Prefix(request)
    for message in messages(request):
        prefix.begin(message)
        for block in blocks(message.get("content")):
            prefix.add(block)
    prefix.begin({"role": "assistant"})
    return prefix.signature(thinking)


def check_signatures(request: Fields) -> None:
    """Raises Fault for the first thinking block that does not belong where it stands."""
    prefix = _Prefix(request)
    for place, message in enumerate(messages(request)):
        prefix.begin(message)
        for at, block in enumerate(blocks(message.get("content"))):
            if _is_foreign(block, prefix):
                raise invalid(
                    f"messages.{place}.content.{at}: Invalid signature in thinking block. "
                    "The block is bound to a different conversation"
                )
            prefix.add(block)


def _is_foreign(block: Fields, prefix: _Prefix) -> bool:
    return block.get("type") == "thinking" and block["signature"] != prefix.signature(str(block["thinking"]))


class _Prefix:
    """What has gone before, as a running hash."""

    def __init__(self, request: Fields) -> None:
        self._digest = hashlib.sha256(str(request.get("model")).encode("utf-8", "surrogatepass"))
        for name in ("tools", "system"):
            self._digest.update(b"\n" + name.encode())
            for block in blocks(request.get(name)):
                self.add(block)

    def begin(self, message: Fields) -> None:
        self._digest.update(f"\n{message.get('role')}".encode())

    def add(self, block: Fields) -> None:
        kept = {name: value for name, value in block.items() if name != "cache_control"}
        self._digest.update(json.dumps(kept).encode())

    def signature(self, thinking: str) -> str:
        bound = self._digest.copy()
        bound.update(b"\nthinking" + thinking.encode("utf-8", "surrogatepass"))
        return base64.b64encode(bound.digest()).decode()
