"""All that a loaded session says, in values that can be compared: whatever there is in it, now and later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from omg.agent.requests import Requests
from omg.session.load import Loaded
from omg.wire.chain import Node


def told(loaded: Loaded) -> dict[str, Any]:
    """A session's tree, with every message, and its damage; not how it came to be known."""
    nodes = {id: _node(node) for id, node in loaded.tree.nodes.items()}
    state = {name: plain(value) for name, value in vars(loaded.tree).items() if name != "nodes"}
    return {"nodes": nodes, "damage": loaded.damage, "torn": loaded.torn, "covered": loaded.covered, **state}


def _node(node: Node) -> tuple[Any, ...]:
    """All but its place in the log: a message that was taken back and said again stands there twice."""
    parent = node.parent.id if node.parent else None
    return parent, node.id, node.role, node.depth, node.size, node.message.body


def plain(value: Any) -> Any:
    """A value by what it is made of, in its order; a node by its id."""
    if isinstance(value, Node):
        return "node", value.id
    if isinstance(value, Requests | Mapping):
        return [(key, plain(item)) for key, item in value.items()]
    if is_dataclass(value):
        return type(value).__name__, [(field.name, plain(getattr(value, field.name))) for field in fields(value)]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    assert value is None or isinstance(value, bool | int | float | str | bytes), value
    return value
