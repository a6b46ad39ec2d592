"""What files held before they were written over: each content once, under its hash, until a session is deleted."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


class Kept:
    """Contents in a folder, which is made with the first. Its files are their owner's alone, as a session's log is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, data: bytes) -> str:
        """Keep a content; its SHA-256, by which it is found again. Raises OSError."""
        hash = hashlib.sha256(data).hexdigest()
        place = self.folder / hash
        if place.exists():
            return hash
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.folder / f"{secrets.token_hex(8)}.tmp"
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
            beside.replace(place)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        return hash

    def find(self, hash: str) -> bytes | None:
        """The content of that hash; None where it is not here, or is not what it was any more."""
        try:
            data = (self.folder / hash).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == hash else None
