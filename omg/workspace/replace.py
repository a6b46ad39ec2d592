"""Replace a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from omg.core.tool import ToolError


def replace(path: Path, data: bytes) -> None:
    """Put `data` at `path`: a reader sees the old content or the new, never a part. A symlink stays one, its target
    is replaced; mode and, where we may, owner stay; missing parents are made. Raises OSError, ToolError."""
    target = Path(os.path.realpath(path))
    before = _look(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".omg-{secrets.token_hex(8)}.tmp")
    try:
        _fill(beside, data, before)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _look(target: Path) -> os.stat_result | None:
    """What is there now; None for nothing. Raises where it must not be replaced."""
    try:
        before = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(before.st_mode):
        raise ToolError(f"cannot write {target}: it is not a regular file")
    # A rename needs no leave of the file it replaces; a read-only file says that it wants to be left alone.
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "permission denied", str(target))
    return before


def _fill(beside: Path, data: bytes, before: os.stat_result | None) -> None:
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        if before is not None:
            # Only root can give a file away; for anybody else the content matters more than the owner.
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
        file.write(data)
        file.flush()
        os.fsync(descriptor)
