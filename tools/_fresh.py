"""Whether a branch may change a file: only what it has seen, and as it saw it."""

from __future__ import annotations

from pathlib import Path

from omg.core.tool import Files, ToolError


def refuse_stale(files: Files, path: Path, data: bytes) -> None:
    """Raise ToolError unless the branch has seen `data`, the content of `path`."""
    changed = files.changed_since_seen(path, data)
    if changed is None:
        raise ToolError(f"you have not read {files.shown(path)}: read it first")
    if changed:
        raise ToolError(f"{files.shown(path)} has changed since you read it: read it again")
