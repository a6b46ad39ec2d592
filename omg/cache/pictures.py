"""How many images a history holds: the first one changes the provider's key for all of its messages."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from omg.wire.chain import Node

IMAGE = b'"type":"image"'
"""What a body holds where it has an image block: inside a text, the quotes are escaped."""

_known: WeakKeyDictionary[Node, int] = WeakKeyDictionary()


def images_in(tip: Node | None) -> int:
    """Images in the messages up to `tip`. Each message is looked at once."""
    new: list[Node] = []
    count = 0
    for node in tip.ancestors() if tip else ():
        if node in _known:
            count = _known[node]
            break
        new.append(node)
    for node in reversed(new):
        count += node.message.body.count(IMAGE)
        _known[node] = count
    return count
