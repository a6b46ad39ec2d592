"""What files held before they were written over."""

import hashlib

from omg.core.tool import ToolError
from omg.workspace.files import BranchFiles
from omg.workspace.kept import Kept


def test_a_content_is_kept_once_and_found_by_its_hash_until_it_is_another(tmp_path):
    kept = Kept(tmp_path / "deep" / "kept")
    hash = kept.keep(b"\x00 old")
    assert hash == kept.keep(b"\x00 old") == hashlib.sha256(b"\x00 old").hexdigest()
    assert [file.name for file in kept.folder.iterdir()] == [hash]
    assert kept.find(hash) == b"\x00 old" and kept.find("0" * 64) is None
    (kept.folder / hash).write_bytes(b"torn")
    assert kept.find(hash) is None


def test_what_is_written_over_is_told_by_the_first_write_of_each_file(tmp_path):
    kept, files = Kept(tmp_path / "kept"), BranchFiles(tmp_path, {})
    (tmp_path / "a").write_text("1")
    (tmp_path / "link").symlink_to("a")
    call = files.keeping(kept)
    call.write(tmp_path / "link", b"2")
    call.write(tmp_path / "a", b"3")
    call.write(tmp_path / "b", b"new")
    assert call.replaced == {str(tmp_path / "a"): kept.keep(b"1"), str(tmp_path / "b"): None}
    assert files.replaced == {} and files.seen == call.seen
    assert kept.find(kept.keep(b"2")) == b"2"


def test_what_could_not_be_written_is_not_told(tmp_path):
    call = BranchFiles(tmp_path, {}).keeping(Kept(tmp_path / "kept"))
    (tmp_path / "folder").mkdir()
    for name in ("folder", "folder/\0"):
        try:
            call.write(tmp_path / name, b"x")
        except (ToolError, ValueError):
            continue
    assert call.replaced == {}
