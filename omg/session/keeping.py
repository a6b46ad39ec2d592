"""An open log and its tree: it keeps a checkpoint beside the log, so that the next resume is short."""

from __future__ import annotations

from dataclasses import dataclass

from omg.agent.journal import Journal, JournalError, Record
from omg.agent.state import Tree
from omg.session.checkpoint import Checkpoint, save
from omg.session.load import Loaded
from omg.session.log import Damage, Log

WORTH = 1_000_000
"""Bytes of a log below which replaying it takes no time that anybody notices."""
EVERY = 8_000_000
"""Bytes that are written between two checkpoints, at most: what a resume replays after this process was killed."""


@dataclass(slots=True)
class Keeping(Journal):
    """Writes to `log`, whose records `tree` has taken into account whenever the next ones are written."""

    log: Log
    tree: Tree
    damage: tuple[Damage, ...] = ()
    """Records of the log that could not be read."""
    known: int = 0
    """Bytes of the log that there is a checkpoint for already."""
    apart: bool = False
    """Whether the tree may tell of what could not be written: then it is nothing to resume from."""

    @classmethod
    def of(cls, log: Log, loaded: Loaded) -> Keeping:
        """For a log that was loaded, and whose torn end has been set aside."""
        log.covered = loaded.covered
        damage = tuple(damage for damage in loaded.damage if damage is not loaded.torn)
        return cls(log, loaded.tree, damage, loaded.covered.size - loaded.replayed)

    def write(self, *records: Record) -> None:
        self.checkpoint(EVERY)
        try:
            self.log.write(*records)
        except JournalError:
            self.apart = True
            raise

    def sync(self) -> None:
        self.log.sync()

    def close(self) -> None:
        self.checkpoint(1)
        self.log.close()

    def checkpoint(self, least: int) -> None:
        """Make a checkpoint where the last one is `least` bytes of the log behind, and it is worth it."""
        covered = self.log.covered
        if self.apart or covered is None or covered.size < WORTH or covered.size - self.known < least:
            return
        save(self.log.path, Checkpoint(self.tree, covered, self.damage), self.log.bodies)
        self.known = covered.size  # also where it was not possible: not again at every record
