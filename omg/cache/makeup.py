"""What sealed messages are made of, as an estimate of their tokens needs it: looked at once, and remembered."""

from __future__ import annotations

from collections import Counter
from weakref import WeakKeyDictionary

from omg.cache.tokens import Features, features, of_head, of_reply
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.seal import Place

_known: WeakKeyDictionary[Node, Features] = WeakKeyDictionary()
_heads: dict[str, Features] = {}


def whole(node: Node, said: int | None) -> Features:
    """A whole message. `said`: the tokens of a reply, where the provider has told them."""
    if said is not None:
        kinds = _kinds(node.message.places)
        return of_reply(float(said), texts=len(node.message.places) - kinds["tool_use"], calls=kinds["tool_use"])
    found = _known.get(node)
    if found is None:
        found = _known[node] = _made_of(node.message.body, node.message.places, message=True)
    return found


def upto(node: Node, block: int, said: int | None) -> Features:
    """A message up to the end of one of its blocks."""
    places = node.message.places
    index = block % len(places)
    if index == len(places) - 1:
        return whole(node, said)
    return _made_of(node.message.body[: places[index].end], places[: index + 1], message=True)


def between(node: Node, first: int, last: int) -> Features | None:
    """A message's blocks behind `first`, up to the end of `last`; None where there are none."""
    places = node.message.places
    last %= len(places)
    if last <= first:
        return None
    return _made_of(node.message.body[places[first].end : places[last].end], places[first + 1 : last + 1])


def front(head: Head) -> Features:
    """A head."""
    if head.id not in _heads:
        _heads[head.id] = of_head(head.body)
    return _heads[head.id]


def _made_of(body: bytes, places: tuple[Place, ...], *, message: bool = False) -> Features:
    kinds = _kinds(places)
    calls, results = kinds["tool_use"], kinds["tool_result"]
    return features(body, message=message, texts=len(places) - calls - results, calls=calls, results=results)


def _kinds(places: tuple[Place, ...]) -> Counter[str]:
    return Counter(place.kind for place in places)
