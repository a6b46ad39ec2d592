import asyncio
import hashlib
import os
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from omg.core.tool import Context, ShellOutcome, ToolError
from omg.workspace import capture, shell
from omg.workspace.shell import BranchShell


class Watching:
    """Somebody who watches the output."""

    def __init__(self) -> None:
        self.text = ""

    def output(self, text: str) -> None:
        self.text += text

    async def fork(self, tasks: Sequence[str]) -> str:
        raise AssertionError("a shell does not fork")


class Bash:
    """A shell in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.kept = folder / "kept"
        self.watching = Watching()
        self._shell = BranchShell(self.folder, self.kept)

    async def __call__(self, command: str, timeout: float = 20) -> ShellOutcome:
        return await self._shell.run(command, timeout, cast(Context, self.watching))

    async def pid(self, name: str = "pid") -> int:
        """The process that a command has written down; waits for it."""
        while not (self.folder / name).exists() or not (text := (self.folder / name).read_text()).endswith("\n"):
            await asyncio.sleep(0.01)
        return int(text)


@pytest.fixture
def bash(tmp_path: Path) -> Bash:
    return Bash(tmp_path)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_output_errors_and_status(bash: Bash) -> None:
    assert await bash("echo a; echo b >&2; exit 3") == ShellOutcome(3, "a\nb\n", None)
    assert bash.watching.text == "a\nb\n"


async def test_it_is_bash_in_the_branchs_folder_with_no_input_and_no_pager(bash: Bash) -> None:
    outcome = await bash('[[ -t 0 ]] || cat; pwd -P; echo "$PAGER $TERM $GIT_TERMINAL_PROMPT $NO_COLOR"')
    assert outcome.output == f"{os.path.realpath(bash.folder)}\ncat dumb 0 1\n"


async def test_a_command_that_begins_like_an_option(bash: Bash) -> None:
    assert (await bash("-x")).status == 127


async def test_bash_ended_by_a_signal(bash: Bash) -> None:
    assert (await bash("kill -SEGV $$")).status == -11


async def test_output_that_is_not_text_is_replaced(bash: Bash) -> None:
    assert (await bash(r"printf 'a\xff\0b'")).output == "a\ufffd\ufffdb"


async def test_a_character_that_comes_in_two_pieces_is_one(bash: Bash) -> None:
    assert (await bash(r"printf '\xc3'; sleep 0.05; printf '\xa9'")).output == "é"
    assert bash.watching.text == "é"


async def test_at_the_time_limit_grandchildren_end_too(bash: Bash) -> None:
    run = asyncio.create_task(bash("(sleep 100 & echo $! > pid; wait) & echo begun; wait", timeout=1))
    pid = await bash.pid()
    assert await run == ShellOutcome(None, "begun\n", None)
    assert not lives(pid)


async def test_what_ignores_the_request_to_end_is_ended(bash: Bash, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "_GRACE", 0.2)
    run = asyncio.create_task(bash("trap '' TERM; echo $$ > pid; while :; do sleep 1; done", timeout=0.5))
    pid = await bash.pid()
    assert (await run).status is None
    assert not lives(pid)


async def test_there_is_time_to_clean_up(bash: Bash) -> None:
    await bash("trap 'sleep 0.1; echo done > cleaned; exit' TERM; sleep 100 & wait", timeout=0.5)
    assert (bash.folder / "cleaned").exists()


async def test_a_cancelled_command_leaves_no_process(bash: Bash) -> None:
    run = asyncio.create_task(bash("sleep 100 & echo $! > pid; wait"))
    pid = await bash.pid()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not lives(pid)


async def test_cancelling_twice_does_not_wait(bash: Bash, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "_GRACE", 1000)
    run = asyncio.create_task(bash("trap '' TERM; echo $$ > pid; while :; do sleep 1; done"))
    pid = await bash.pid()
    run.cancel()
    await asyncio.sleep(0.05)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not lives(pid)


async def test_what_runs_on_in_the_background_is_not_waited_for(bash: Bash) -> None:
    outcome = await bash("sleep 100 & echo $! > pid; echo here")
    pid = await bash.pid()
    assert outcome.status == 0
    assert outcome.output == "here\n\n[something it started still runs; what it writes from now on is not seen]"
    assert lives(pid)
    os.kill(pid, 9)


async def test_long_output_is_cut_in_the_middle_and_kept_whole(bash: Bash) -> None:
    outcome = await bash("seq 1 20000")
    whole = "".join(f"{n}\n" for n in range(1, 20_001))
    assert outcome.full_output is not None
    assert outcome.full_output.read_text() == whole
    assert bash.watching.text == whole
    head, _, tail = outcome.output.partition("\n[… ")
    said, _, tail = tail.partition("]\n")
    first, last = head.count("\n") + 1, tail.count("\n")
    assert whole.startswith(head + "\n")
    assert whole.endswith("\n" + tail)
    assert said == f"{20_000 - first - last} lines cut; all of it in {outcome.full_output}"
    assert len(outcome.output) < 31_000


async def test_the_kept_file_is_named_by_what_is_in_it(bash: Bash) -> None:
    one, other = (
        await bash("seq 1 20000"),
        await bash("echo; seq 1 20000"),
    )
    again = await bash("for n in {1..20000}; do echo $n; done")
    assert one == again
    assert one.full_output != other.full_output
    name = hashlib.sha256("".join(f"{n}\n" for n in range(1, 20_001)).encode()).hexdigest()[:16]
    assert sorted(os.listdir(bash.kept)) == sorted([f"{name}.txt", cast(Path, other.full_output).name])


async def test_one_long_line_is_cut_too(bash: Bash) -> None:
    outcome = await bash("head -c 100000 /dev/zero | tr '\\0' x")
    assert "[… 70000 bytes cut; all of it in " in outcome.output
    assert len(outcome.output) < 31_000


async def test_a_cancelled_command_leaves_no_kept_file(bash: Bash) -> None:
    run = asyncio.create_task(bash("seq 1 20000; echo $$ > pid; sleep 100"))
    await bash.pid()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not bash.kept.exists() or os.listdir(bash.kept) == []


async def test_where_output_cannot_be_kept_the_outcome_is_still_told(bash: Bash) -> None:
    bash.kept.write_text("in the way")
    outcome = await bash("seq 1 20000")
    assert outcome.status == 0
    assert outcome.full_output is None
    assert "lines cut; they could not be kept: a part of its path is a file" in outcome.output


async def test_a_disk_that_fills_up_leaves_nothing_behind(bash: Bash) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limit[1]))
    try:
        outcome = await bash("seq 1 50000")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert outcome.status == 0
    assert outcome.full_output is None
    assert "they could not be kept: file too large" in outcome.output
    assert os.listdir(bash.kept) == []


async def test_a_flood_is_ended(bash: Bash, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "MOST", 1_000_000)
    outcome = await bash("yes")
    assert outcome.status == -9
    assert outcome.output.endswith("[ended: it wrote more than 1000000 bytes; send output to a file]")


async def test_exactly_what_fits_is_not_cut(bash: Bash) -> None:
    outcome = await bash(f"head -c {capture.SHOWN} /dev/zero | tr '\\0' x")
    assert outcome == ShellOutcome(0, "x" * capture.SHOWN, None)


@pytest.mark.parametrize(
    ("command", "why"),
    [("a\0b", "characters"), ("echo \ud800", "characters"), ("x" * 3_000_000, "it is too long")],
)
async def test_what_cannot_start_is_said(bash: Bash, command: str, why: str) -> None:
    with pytest.raises(ToolError, match=why):
        await bash(command)


async def test_a_folder_that_is_gone_is_named(bash: Bash) -> None:
    bash.folder.rmdir()
    with pytest.raises(ToolError, match=f"{bash.folder} is gone"):
        await bash("true")


async def test_no_descriptor_is_left_open(bash: Bash) -> None:
    await bash("true")
    before = len(os.listdir("/proc/self/fd"))
    for command in ("true", "seq 1 20000", "exit 1"):
        await bash(command)
    with pytest.raises(ToolError):
        await bash("\0")
    assert len(os.listdir("/proc/self/fd")) == before
