import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.context import tool_module

_LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "c\n"]), max_size=25).map("".join)


@settings(max_examples=25)
@given(before=_LINES, after=_LINES, end=st.sampled_from(["", "x"]))
def test_patch_makes_the_one_of_the_other(
    before: str, after: str, end: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    after += end
    change = tool_module("_diff").diff(before, after, "f")
    assert bool(change.show.text) == (before != after)
    if change.show.text:
        assert _patched(tmp_path_factory.mktemp("patch"), before, change.show.text) == after


def _patched(folder: Path, before: str, hunks: str) -> str:
    (folder / "f").write_text(before)
    patch = f"--- a/f\n+++ b/f\n{hunks}"
    subprocess.run(["git", "apply", "--unidiff-zero", "-"], input=patch, text=True, cwd=folder, check=True)
    return (folder / "f").read_text()


def test_a_change_far_down_has_its_line_numbers() -> None:
    before = "".join(f"{n}\n" for n in range(1, 10_001))
    change = tool_module("_diff").diff(before, before.replace("9000\n", "nine\n"), "f")
    assert change.show.text.startswith("@@ -8997,7 +8997,7 @@\n 8997\n")
    assert change.sum == "+1 −1"


def test_two_files_with_nothing_in_common_are_not_matched_up() -> None:
    before, after = ("".join(f"{word}{n}\n" for n in range(20_000)) for word in "ab")
    assert tool_module("_diff").diff(before, after, "f").sum == "+20000 −20000"
