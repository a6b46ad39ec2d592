"""The person's own editor: the screen is lent to it, and what they wrote comes back."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from omg.core.trouble import Trouble


class NoEditor(Trouble):
    """No editor could be used: what to set."""


def editor_command(env: Mapping[str, str]) -> list[str]:
    """The person's editor, from VISUAL or EDITOR. Raises NoEditor."""
    named = env.get("VISUAL") or env.get("EDITOR")
    if not named:
        raise NoEditor("no editor is set: export EDITOR=vim, or what you like to write with")
    command = shlex.split(named)
    if not command or shutil.which(command[0]) is None:
        raise NoEditor(f"there is no {command[0] if command else named}: VISUAL or EDITOR names it")
    return command


async def edited_outside(app: App[Any], text: str, env: Mapping[str, str]) -> str:
    """`text` as the person left it. Agents work on meanwhile; nothing is drawn. Raises NoEditor, OSError."""
    command = editor_command(env)
    with tempfile.TemporaryDirectory(prefix="omg-") as folder:
        path = Path(folder) / "prompt.md"
        path.write_text(text, "utf-8", "surrogateescape")
        try:
            with app.batch_update(), app.suspend():
                status = await _run([*command, str(path)])
        except SuspendNotSupported as error:
            raise NoEditor("the screen cannot be lent to an editor here") from error
        if isinstance(status, OSError):
            raise NoEditor(f"{command[0]} did not start: {status.strerror}")
        if status:
            raise NoEditor(f"{command[0]} ended with status {status}: the text is as it was")
        return path.read_text("utf-8", "replace").removesuffix("\n")


async def _run(command: list[str]) -> int | OSError:
    """The status; an error is returned, not raised, for the screen has to come back first."""
    try:
        process = await asyncio.create_subprocess_exec(*command, env=dict(os.environ))
        return await process.wait()
    except OSError as error:
        return error
