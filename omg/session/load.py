"""Read a session back: its records, replayed one by one, and what of them could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omg.agent.state import Tree
from omg.core.trouble import Trouble
from omg.session import checkpoint
from omg.session.bodies import Bodies
from omg.session.checkpoint import Checkpoint
from omg.session.codec import BODY_END, FORMAT, BadRecord, decode, sealed_in
from omg.session.log import Covered, Damage, Line, checked, raw_lines


class NoSession(Trouble):
    """No session can be read where one was named. One line, with what to do."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A session as its log tells it."""

    tree: Tree
    damage: tuple[Damage, ...]
    torn: Damage | None
    """The end of the log, when it stops in the middle of a line."""
    covered: Covered
    """All of the log but a torn end."""
    replayed: int
    """Bytes of it that were replayed; the rest was known from a checkpoint."""


def load(path: Path, bodies: Bodies | None = None, *, whole: bool = False) -> Loaded:
    """The session in the log at `path`: from the checkpoint beside it and the records that came after, or (`whole`, or
    where the checkpoint is not for the log as it is now) from all records. Damaged ones are passed over and reported.

    Every byte is held against a checksum either way, and every message against its node's id when it is used. What was
    said is in memory only while it is used: `bodies` (the log's own where it is open) reads it again. Raises NoSession.
    """
    try:
        bodies = bodies or Bodies(path)
        reader = _Reader(bodies, None if whole else checkpoint.read(path, bodies))
        before = reader.covered
        for number, offset, raw in raw_lines(path, before.lines + 1, before.size):
            reader.take(checked(number, offset, raw), raw)
    except OSError as error:
        raise NoSession(f"cannot read the session {path.stem}: {error.strerror}") from error
    torn = reader.end()
    tree = reader.tree
    if tree.made is None:
        raise NoSession(f"{path} is not a session: its first record cannot be read")
    if tree.made.format > FORMAT:
        raise NoSession(f"session {path.stem} was written by a newer OMG ({tree.made.omg}): update OMG to open it")
    return Loaded(tree, tuple(reader.damage), torn, reader.covered, reader.covered.size - before.size)


class _Reader:
    """Replays lines. Those that were written together are taken together, so that a torn end is a whole one."""

    def __init__(self, bodies: Bodies, begun: Checkpoint | None) -> None:
        begun = begun or Checkpoint(Tree(), Covered())
        self.tree, self.covered = begun.tree, begun.covered
        self.damage = list(begun.damage)
        self._bodies = bodies
        self._together: list[Line] = []
        self._read = begun.covered
        self._torn: Damage | None = None

    def take(self, line: Line | Damage, raw: bytes) -> None:
        if isinstance(line, Line):
            self._together.append(line)
            self._read = self._read.and_then(raw)
            if line.more == 0:
                self._replay()
        elif line.why.startswith("torn"):
            self._torn = line
        else:
            self._read = self._read.and_then(raw)
            self._replay()
            self.damage.append(line)

    def end(self) -> Damage | None:
        """Where the torn end begins, when there is one: at the first line of what was being written."""
        if self._together:
            first = self._together[0]
            self._torn = Damage(first.number, first.offset, "torn: not all that was written with it is there")
        self.damage += [self._torn] if self._torn else []
        return self._torn

    def _replay(self) -> None:
        for line in self._together:
            problem = self._apply(line)
            if problem:
                self.damage.append(Damage(line.number, line.offset, problem))
        self._together.clear()
        self.covered = self._read

    def _apply(self, line: Line) -> str | None:
        """Take one line into account; what is wrong with it, where something is."""
        try:
            record = decode(line.data, self.tree)
            if record is None:
                return None
            node = sealed_in(record)
            if node is not None:
                node.keep(self._bodies, line.end - BODY_END - node.length)
            self.tree.apply(record)
        except BadRecord as error:
            return str(error)
        except (KeyError, ValueError, TypeError) as error:
            return f"names what cannot be read: {error}"
        return None
