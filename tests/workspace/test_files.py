import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from omg.core.tool import NoSuchFile, ToolError
from omg.workspace.files import BranchFiles

_AS_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")


@pytest.fixture
def files(tmp_path: Path) -> BranchFiles:
    return BranchFiles(tmp_path, {})


def test_paths_start_in_the_branchs_folder(files: BranchFiles) -> None:
    assert files.resolve("a/./b") == files.folder / "a/b"
    assert files.resolve("/etc/hosts") == Path("/etc/hosts")
    assert files.resolve("~/x") == Path.home() / "x"
    assert files.resolve("~nobody-of-that-name/x") == files.folder / "~nobody-of-that-name/x"


def test_behind_a_symlink_dot_dot_is_where_the_system_goes(files: BranchFiles) -> None:
    (files.folder / "far/deep").mkdir(parents=True)
    (files.folder / "near").symlink_to("far/deep")
    assert files.resolve("near/../x") == files.folder / "far/x"


@pytest.mark.parametrize("path", ["", "a\0b", "a\ud800"])
def test_what_is_no_path_is_refused(files: BranchFiles, path: str) -> None:
    with pytest.raises(ToolError):
        files.resolve(path)


def test_paths_are_shown_from_the_folder_and_in_one_line(files: BranchFiles) -> None:
    assert files.shown(files.folder / "a/b") == "a/b"
    assert files.shown(Path("/etc/hosts")) == "/etc/hosts"
    assert files.shown(files.folder / "a\nb\udcff") == "a\ufffdb\ufffd"


def test_what_cannot_be_read_is_said_in_words(files: BranchFiles) -> None:
    (files.folder / "loop").symlink_to("loop")
    os.mkfifo(files.folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(files.folder / "s"))
    (files.folder / "file").touch()
    said = {
        "loop": "cannot read loop: its symlinks form a loop",
        "pipe": "pipe is a pipe, not a regular file",
        "s": "s is a socket, not a regular file",
        "/dev/zero": "/dev/zero is a device, not a regular file",
        "file/x": "cannot read file/x: a part of its path is a file, not a folder",
        "x" * 300: f"cannot read {'x' * 300}: the name is too long",
    }
    for path, words in said.items():
        with pytest.raises(ToolError) as refused:
            files.read(files.resolve(path))
        assert str(refused.value) == words


def test_missing_is_told_from_other_trouble(files: BranchFiles) -> None:
    with pytest.raises(NoSuchFile):
        files.read(files.folder / "nothing")


def test_a_huge_file_is_refused_before_it_is_read(files: BranchFiles) -> None:
    with (files.folder / "huge").open("wb") as huge:
        huge.truncate(10**12)
    with pytest.raises(ToolError, match=r"huge is too large \(1000000000000 bytes\): use grep"):
        files.read(files.folder / "huge")


@_AS_ROOT
def test_permission_denied_is_said(files: BranchFiles) -> None:
    target = files.folder / "a"
    target.write_text("x")
    target.chmod(0)
    with pytest.raises(ToolError, match="cannot read a: permission denied"):
        files.read(target)
    with pytest.raises(ToolError, match="cannot write a: permission denied"):
        files.write(target, b"y")


def test_writing_makes_parents_and_leaves_no_other_file(files: BranchFiles) -> None:
    files.write(files.folder / "a/b/c", b"x")
    assert (files.folder / "a/b/c").read_bytes() == b"x"
    assert os.listdir(files.folder / "a/b") == ["c"]


def test_a_new_file_has_the_usual_mode(files: BranchFiles) -> None:
    mask = os.umask(0o027)
    try:
        files.write(files.folder / "a", b"")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((files.folder / "a").stat().st_mode) == 0o640


def test_replacing_keeps_mode_and_symlink(files: BranchFiles) -> None:
    target = files.folder / "real"
    target.write_text("old")
    target.chmod(0o751)
    (files.folder / "link").symlink_to("real")
    files.write(files.folder / "link", b"new")
    assert (files.folder / "link").is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o751


def test_a_dangling_symlink_gets_its_target(files: BranchFiles) -> None:
    (files.folder / "link").symlink_to("there/real")
    files.write(files.folder / "link", b"new")
    assert (files.folder / "there/real").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["loop", "pipe", "folder"])
def test_what_cannot_be_written_stays(files: BranchFiles, name: str) -> None:
    (files.folder / "loop").symlink_to("loop")
    os.mkfifo(files.folder / "pipe")
    (files.folder / "folder").mkdir()
    before = sorted(os.listdir(files.folder))
    with pytest.raises(ToolError, match=f"cannot write .*{name}"):
        files.write(files.folder / name, b"x")
    assert sorted(os.listdir(files.folder)) == before


def test_a_full_disk_leaves_the_old_content_and_no_rest(files: BranchFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = files.folder / "a"
    target.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ToolError, match="cannot write a: the disk is full"):
        files.write(target, b"new")
    assert (target.read_text(), os.listdir(files.folder)) == ("old", ["a"])


def test_a_file_is_seen_by_whatever_name(files: BranchFiles) -> None:
    (files.folder / "link").symlink_to("real")
    assert files.changed_since_seen(files.folder / "real", b"x") is None
    files.write(files.folder / "real", b"x")
    assert files.changed_since_seen(files.folder / "link", b"x") is False
    assert files.changed_since_seen(files.folder / "link", b"y") is True


def test_a_fork_inherits_what_was_seen_and_goes_its_own_way(files: BranchFiles) -> None:
    files.see(files.folder / "a", b"x")
    child = files.clone()
    child.see(files.folder / "b", b"y")
    assert child.changed_since_seen(files.folder / "a", b"x") is False
    assert files.changed_since_seen(files.folder / "b", b"y") is None
