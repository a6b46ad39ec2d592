"""Run a command in its own process group, and leave nothing of it behind that was not meant to stay."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from omg.core.tool import Context, ShellOutcome, ToolError
from omg.workspace.capture import MOST, Capture
from omg.workspace.oswords import words

_QUIET = {
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "NO_COLOR": "1",
    "TERM": "dumb",
}
"""What keeps programs from waiting for a person, or drawing for one."""
_GRACE = 2.0
"""Seconds between asking a group to end and ending it."""
_DRAIN = 0.5
"""Seconds that output may still come after bash itself has ended: what it left running may hold the pipe for ever."""


class BranchShell:
    """Commands in one branch's folder: implements `omg.core.tool.Shell`. Long output is kept in `kept`."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self._folder, self._kept = folder, kept

    async def run(self, command: str, timeout: float, context: Context) -> ShellOutcome:
        """Run with `bash -c`. A status below 0 is the signal that ended bash. Raises ToolError when it cannot start."""
        capture = Capture(self._kept, context.output)
        reader, writer = os.pipe()
        try:
            try:
                process = await self._start(command, writer)
            finally:
                os.close(writer)
            with _Pump(reader, capture, process.pid) as pump:
                status = await _finish(process, pump, timeout)
            text, full = capture.finish()
        finally:
            os.close(reader)
            capture.discard()
        return ShellOutcome(status, text + pump.note, full)

    async def _start(self, command: str, writer: int) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *("bash", "-c", "--", command),
                cwd=self._folder,
                env=os.environ | _QUIET,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                start_new_session=True,
            )
        except OSError as error:
            missing = "" if self._folder.is_dir() else f": {self._folder} is gone"
            raise ToolError(f"cannot start bash{missing or ': ' + words(error)}") from error
        except ValueError as error:  # a NUL, or text that does not encode
            raise ToolError("the command holds characters that no command can have") from error


class _Pump:
    """Carries bytes from the pipe to the capture while the event loop runs, and says when the pipe has ended."""

    def __init__(self, reader: int, capture: Capture, group: int) -> None:
        self.ended = asyncio.Event()
        self.note = ""
        self._reader, self._capture, self._group = reader, capture, group
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> _Pump:
        os.set_blocking(self._reader, False)
        self._loop.add_reader(self._reader, self._ready)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.remove_reader(self._reader)

    def _ready(self) -> None:
        try:
            data = os.read(self._reader, 65536)
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(self._reader)
            self.ended.set()
            return
        self._capture.feed(data)
        if self._capture.total > MOST and not self.note:
            self.note = f"\n[ended: it wrote more than {MOST} bytes; send output to a file]"
            signal_group(self._group, signal.SIGKILL)

    async def drain(self, seconds: float) -> bool:
        """Wait for the pipe's end, so long at most; whether it came."""
        try:
            async with asyncio.timeout(seconds):
                return await self.ended.wait()
        except TimeoutError:
            return False


async def _finish(process: asyncio.subprocess.Process, pump: _Pump, limit: float) -> int | None:
    """Wait for bash, or end its group at the time limit (None) and on cancellation."""
    try:
        async with asyncio.timeout(limit):
            await process.wait()
    except TimeoutError:
        await _end(process, pump)
        return None
    except asyncio.CancelledError:
        await _end(process, pump)
        raise
    if not await pump.drain(_DRAIN):
        pump.note = pump.note or "\n[something it started still runs; what it writes from now on is not seen]"
    return process.returncode


async def _end(process: asyncio.subprocess.Process, pump: _Pump) -> None:
    """Ask the group to end, then end it: at once when we are ourselves asked a second time."""
    signal_group(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
            await pump.ended.wait()
    except TimeoutError:
        pass  # that is what SIGKILL is for
    finally:
        signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        await _gone(process.pid)


async def _gone(group: int) -> None:
    """Wait until a killed group has no process left; not for long, as a zombie may find nobody to bury it."""
    for _ in range(20):
        if not signal_group(group, 0):
            return
        await asyncio.sleep(0.01)


def signal_group(group: int, number: int) -> bool:
    """Send a signal to every process of a group; whether there was one to send it to."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        return False
    return True
