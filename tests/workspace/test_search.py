import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omg.core.tool import ToolError
from omg.workspace import grep_worker, search
from omg.workspace.files import BranchFiles
from omg.workspace.search import Found

_RG = shutil.which("rg")


@pytest.fixture
def files(tmp_path: Path) -> BranchFiles:
    return BranchFiles(tmp_path, {})


async def lines(files: BranchFiles, pattern: str, context: int = 0) -> list[str]:
    return list((await files.search(pattern, files.folder, None, context)).lines)


async def test_a_line_is_matched_by_itself(files: BranchFiles) -> None:
    (files.folder / "a").write_bytes(b"one\r\ntwo\nthree")
    assert await lines(files, r"^\w+$") == ["a:1:one", "a:2:two", "a:3:three"]
    assert await lines(files, r"one\s") == []
    assert await lines(files, "^$") == []


async def test_matches_close_together_share_their_context(files: BranchFiles) -> None:
    (files.folder / "a").write_text("x\n2\nx\n4\n5\n6\nx\n")
    assert await lines(files, "x", context=1) == ["a:1:x", "a-2-2", "a:3:x", "a-4-4", "a-6-6", "a:7:x"]


async def test_what_is_binary_is_passed_over_and_utf16_is_not(files: BranchFiles) -> None:
    (files.folder / "bin").write_bytes(b"needle\0")
    (files.folder / "latin").write_bytes(b"\xe9 needle\n")
    (files.folder / "wide").write_bytes("needle\n".encode("utf-16"))
    assert await lines(files, "needle") == ["latin:1:\ufffd needle", "wide:1:needle"]


async def test_a_long_line_is_cut_around_its_match(files: BranchFiles) -> None:
    (files.folder / "a").write_text("x" * 5000 + "needle" + "x" * 5000)
    (line,) = await lines(files, "needle")
    assert line == "a:1:…" + "x" * 100 + "needle" + "x" * 294 + "…"


def test_a_file_too_long_to_hold_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"needle\r\nh\xe9y\n\nneedle\r"
    (tmp_path / "log").write_bytes(data)
    whole = grep_worker.lines_of(os.fsencode(tmp_path / "log"), [])
    monkeypatch.setattr(grep_worker, "_WHOLE", 10)
    streamed = grep_worker.lines_of(os.fsencode(tmp_path / "log"), [])
    assert streamed is not None
    assert not isinstance(streamed, list)
    assert list(streamed) == whole == ["needle", "h\ufffdy", "", "needle\r"]


async def test_the_outcome_is_bounded_and_the_rest_counted(files: BranchFiles) -> None:
    (files.folder / "a").write_text("x\n" * 200)
    (files.folder / "b").write_text("x\n" * 200)
    found = await files.search("x", files.folder, None, 0)
    assert (len(found.lines), found.matches, found.files, found.cut) == (300, 400, 2, True)
    (files.folder / "b").write_text((("x" * 399) + "\n") * 200)
    found = await files.search("x", files.folder, None, 0)
    assert found.cut
    assert 40_000 < sum(map(len, found.lines)) < 48_000


async def test_names_that_do_not_decode_are_searched_and_shown(files: BranchFiles) -> None:
    (files.folder / os.fsdecode(b"caf\xe9")).write_text("x\n")
    assert await lines(files, "x") == ["caf\ufffd:1:x"]


async def test_below_a_folder_paths_are_shown_from_the_branchs(files: BranchFiles) -> None:
    (files.folder / "src").mkdir()
    (files.folder / "src/a").write_text("x\n")
    found = await files.search("x", files.folder / "src", None, 0)
    assert list(found.lines) == ["src/a:1:x"]


@pytest.mark.parametrize("pattern", ["[", "(?P<a>x)(?P<a>y)", "a{99999999999999}", "(" * 5000])
async def test_what_is_no_pattern_is_refused_even_with_no_file(files: BranchFiles, pattern: str) -> None:
    with pytest.raises(ToolError, match="not a Python regular expression"):
        await files.search(pattern, files.folder, None, 0)


async def test_a_pattern_without_end_is_stopped(files: BranchFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    (files.folder / "a").write_text("a" * 60)
    monkeypatch.setattr(search, "LIMIT", 0.5)
    with pytest.raises(ToolError, match="make the pattern simpler"):
        await files.search("(a+)+$b", files.folder, None, 0)


async def test_cancelling_ends_the_search_and_its_processes(files: BranchFiles) -> None:
    (files.folder / "a").write_text("a" * 60)
    task = asyncio.create_task(files.search("(a+)+$b", files.folder, None, 0))
    while not (workers := children()):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def children() -> list[str]:
    """Workers that this process has started."""
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [pid for pid in listed if b"grep_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """Many small files, some of them odd; the names in sorted order."""
    folder = tmp_path_factory.mktemp("corpus")
    words = [
        b"alpha",
        b"beta.",
        b"a+b",
        b"Alpha\r",
        b"\xff\x80",
        b"be\0ta",
        b"\xc3\xa9t\xc3\xa9",
        b"ab{2}",
        b"",
        b"-alpha",
    ]
    for number in range(600):
        (folder / f"f{number:03}").write_bytes(
            b"\n".join(words[(number * step) % 10] for step in range(1, number % 7 + 1))
        )
    (folder / "wide").write_bytes("alpha\nbeta\n".encode("utf-16"))
    (folder / "-").write_text("alpha\n")
    (folder / "-e").write_text("beta.\n")
    return str(folder), sorted(os.listdir(folder))


def by_hand(base: str, names: list[str], pattern: str) -> list[tuple[str, int]]:
    """The same, in the plainest words."""
    found: list[tuple[str, int]] = []
    for name in names:
        data = Path(base, name).read_bytes()
        wide = name == "wide"
        if b"\0" in data and not wide:
            continue
        text = data.decode("utf-16" if wide else "utf-8", "replace")
        rows = re.split(r"\r?\n", text)
        rows = rows if rows[-1] else rows[:-1]
        found += [(name, row) for row, line in enumerate(rows, 1) if re.search(pattern, line)]
    return found


def places(found: Found) -> list[tuple[str, int]]:
    return [(found.names[index], number) for index, number, *_ in found.entries]


_PIECES = re.findall(r"\S+", r"alpha beta al be ta a b . \. + \+ * ? | ^ $ [ab] \w é - {2} (?i)")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=5).map("".join))
def test_with_rg_and_without_the_result_is_that_of_python(corpus: tuple[str, list[str]], pattern: str) -> None:
    base, names = corpus
    try:
        expected = by_hand(base, names, pattern)
    except re.error:
        return
    plain = asyncio.run(search.search(base, names, pattern, 0, rg=None))
    assert plain.matches == len(expected)
    assert places(plain)[:300] == expected[:300]
    if _RG:
        quick = asyncio.run(search.search(base, names, pattern, 0))
        assert search.outcome(quick, str) == search.outcome(plain, str)


@pytest.mark.skipif(_RG is None, reason="rg is not on PATH")
@pytest.mark.parametrize("pattern", ["alpha", "beta\\.", "a\\+b", "-alpha", "alpha|beta", "ab\\{2"])
async def test_rg_changes_nothing(corpus: tuple[str, list[str]], pattern: str) -> None:
    base, names = corpus
    with_rg, without = [await search.search(base, names, pattern, 1, rg=rg) for rg in ("rg", None)]
    assert with_rg.matches
    assert search.outcome(with_rg, str) == search.outcome(without, str)


async def test_an_rg_that_fails_is_done_without(corpus: tuple[str, list[str]], tmp_path: Path) -> None:
    base, names = corpus
    broken = tmp_path / "rg"
    broken.write_text("#!/bin/sh\nexit 2\n")
    broken.chmod(0o755)
    found = await search.search(base, names, "alpha", 0, rg=str(broken))
    assert found.matches == len(by_hand(base, names, "alpha"))
