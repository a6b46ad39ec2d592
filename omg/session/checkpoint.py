"""A checkpoint: what a log's records add up to, kept beside it, so that a resume replays only what came after.

It is derived, and good only for the very bytes it was made from and the very code that made it: its first line names
the size and CRC-32 of the log's beginning, a hash of the code, and the CRC-32 of what follows. Where any of these is
not as it was, the log is replayed from its first record. Messages are not in it, but where each stands in the log.
"""

from __future__ import annotations

import gc
import hashlib
import io
import json
import pickle
import sys
import zlib
from array import array
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import omg
from omg.agent.pack import Packer, Unpacker
from omg.agent.state import Tree
from omg.session.bodies import Bodies
from omg.session.log import Covered, Damage
from omg.wire.chain import Node
from omg.wire.seal import Role

_FLOORS = ("wire", "core", "cache", "agent", "session")
"""Where the code is that decides what a log's records add up to."""
_PIECE = 1 << 20
_ID = 64
"""Characters of a node's id."""
_ROLES: tuple[Role, Role] = ("user", "assistant")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree, how much of its log it tells, and what of that could not be read."""

    tree: Tree
    covered: Covered
    damage: tuple[Damage, ...] = ()


def path_of(log_path: Path) -> Path:
    """Where a log's checkpoint is."""
    return log_path.with_suffix(".checkpoint")


def save(log_path: Path, point: Checkpoint, bodies: Bodies) -> bool:
    """Put a checkpoint in the place of the one before, at once or not at all; whether that was possible.

    Where not (a full disk, a message that stands in another log, something in the tree that is no data), the next
    resume only takes longer.
    """
    new = log_path.with_suffix(".checkpoint-new")
    try:
        payload = _packed(point, bodies)
        first = {"shape": _shape(), "payload": zlib.crc32(payload), **asdict(point.covered)}
        new.touch(mode=0o600)
        new.write_bytes(json.dumps(first).encode() + b"\n" + payload)
        new.replace(path_of(log_path))
    except (OSError, LookupError, TypeError, pickle.PicklingError):
        return False
    return True


def read(log_path: Path, bodies: Bodies) -> Checkpoint | None:
    """The checkpoint of a log, if there is one for its beginning as it is now. Reads all of that beginning once."""
    try:
        with path_of(log_path).open("rb") as file:
            first, payload = json.loads(file.readline()), file.read()
        covered = Covered(first["size"], first["lines"], first["crc"])
        if first["shape"] != _shape() or first["payload"] != zlib.crc32(payload):
            return None
        if _crc(log_path, covered.size) != covered.crc:
            return None
        with _no_collections():
            return _unpacked(payload, covered, bodies)
    except (OSError, ValueError, LookupError, TypeError, EOFError, pickle.UnpicklingError):
        return None


def _crc(path: Path, size: int) -> int | None:
    """The CRC-32 of the first `size` bytes of a file; None where it has fewer."""
    found, piece = 0, bytearray(_PIECE)
    with path.open("rb", buffering=0) as file:
        while size > 0:
            count = file.readinto(memoryview(piece)[: min(size, _PIECE)])
            if not count:
                return None
            found, size = zlib.crc32(memoryview(piece)[:count], found), size - count
    return found


@cache
def _shape() -> str:
    """A hash of the code that a checkpoint is good for."""
    digest, house = hashlib.sha256(sys.version.encode()), Path(str(omg.__file__)).parent
    for file in (file for floor in _FLOORS for file in sorted((house / floor).glob("*.py"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()


@contextmanager
def _no_collections() -> Generator[None]:
    """Many objects are about to be made, none of them garbage."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _NodePacker(Packer):
    """Writes nodes, and their ids, as their places in a table."""

    def __init__(self, file: io.BytesIO, places: dict[str, int]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._places = places

    def persistent_id(self, obj: Any) -> int | None:
        """See `pickle.Pickler`. Raises LookupError for a node that is not in the table."""
        if isinstance(obj, Node):
            return self._places[obj.id]
        place = self._places.get(obj) if isinstance(obj, str) and len(obj) == _ID else None
        return None if place is None else ~place


class _NodeUnpacker(Unpacker):
    """Reads what `_NodePacker` writes."""

    nodes: Sequence[Node]

    def persistent_load(self, pid: Any) -> Node | str:
        """See `pickle.Unpickler`."""
        place: int = pid
        return self.nodes[place] if place >= 0 else self.nodes[~place].id


def _packed(point: Checkpoint, bodies: Bodies) -> bytes:
    """Raises LookupError for a node whose message `bodies` does not keep."""
    nodes = point.tree.nodes
    places = {id: place for place, id in enumerate(nodes)}
    if any(node.keeper is not bodies for node in nodes.values()):
        raise LookupError("a message that is not in this log")
    table = (
        bytes.fromhex("".join(nodes)),
        array("i", [places[node.parent.id] if node.parent else -1 for node in nodes.values()]).tobytes(),
        bytes(node.role == "assistant" for node in nodes.values()),
        array("q", [node.length for node in nodes.values()]).tobytes(),
        array("q", [node.at for node in nodes.values()]).tobytes(),
    )
    file = io.BytesIO()
    Packer(file, pickle.HIGHEST_PROTOCOL).dump(table)
    left_out = {"nodes", *Tree.UNRECORDED}
    rest = {name: value for name, value in vars(point.tree).items() if name not in left_out}
    _NodePacker(file, places).dump((rest, point.damage))
    return file.getvalue()


def _unpacked(payload: bytes, covered: Covered, bodies: Bodies) -> Checkpoint:
    """Raises BadPack, ValueError, LookupError and TypeError for what `_packed` does not write."""
    file = io.BytesIO(payload)
    table, reader = Unpacker(file).load(), _NodeUnpacker(file)
    reader.nodes = list(_nodes(table, bodies))
    rest, damage = reader.load()
    tree = Tree()
    vars(tree).update(rest, nodes={node.id: node for node in reader.nodes})
    return Checkpoint(tree, covered, damage)


def _nodes(table: tuple[bytes, bytes, bytes, bytes, bytes], bodies: Bodies) -> Iterator[Node]:
    ids, replies = table[0].hex(), table[2]
    parents, lengths, places = array("i", table[1]), array("q", table[3]), array("q", table[4])
    made: list[Node] = []
    for at, parent in enumerate(parents):
        role, before = _ROLES[replies[at]], made[parent] if parent >= 0 else None
        node = Node.kept(before, ids[_ID * at : _ID * at + _ID], role, lengths[at], bodies, places[at])
        made.append(node)
        yield node
