"""Read a session back: its records, replayed one by one, and what of them could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omg.agent.state import Tree
from omg.core.trouble import Trouble
from omg.session.codec import FORMAT, BadRecord, decode
from omg.session.log import Damage, read_lines


class NoSession(Trouble):
    """No session can be read where one was named. One line, with what to do."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A session as its log tells it."""

    tree: Tree
    damage: tuple[Damage, ...]
    torn: Damage | None
    """The end of the log, when it stops in the middle of a line."""


def load(path: Path) -> Loaded:
    """Replay the log at `path`. Damaged records are passed over and reported. Raises NoSession."""
    tree, damage = Tree(), list[Damage]()
    torn: Damage | None = None
    try:
        for line in read_lines(path):
            if isinstance(line, Damage):
                damage.append(line)
                torn = line if line.why.startswith("torn") else None
                continue
            problem = _apply(tree, line.data)
            if problem:
                damage.append(Damage(line.number, line.offset, problem))
    except OSError as error:
        raise NoSession(f"cannot read the session {path.stem}: {error.strerror}") from error
    if tree.made is None:
        raise NoSession(f"{path} is not a session: its first record cannot be read")
    if tree.made.format > FORMAT:
        raise NoSession(f"session {path.stem} was written by a newer OMG ({tree.made.omg}): update OMG to open it")
    return Loaded(tree, tuple(damage), torn)


def _apply(tree: Tree, data: bytes) -> str | None:
    """Take one line into account; what is wrong with it, where something is."""
    try:
        record = decode(data, tree)
        if record is not None:
            tree.apply(record)
    except BadRecord as error:
        return str(error)
    except (KeyError, ValueError, TypeError) as error:
        return f"names what cannot be read: {error}"
    return None
