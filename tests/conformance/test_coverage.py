"""Every number of the list, 1 to 114, is either tried here or excused in a few words."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

from tests.conformance.numbered import TRIED

EXCUSED = {
    96: "no request is known to be its branch's last: a question aside may call tools, and then reads its own tail",
}


def test_every_number_is_tried_or_excused():
    tried: set[int] = set()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name.startswith("test_"):
            importlib.import_module(f"tests.conformance.{path.stem}")
            tried |= numbers(path)
    tried |= TRIED
    assert sorted(set(range(1, 115)) - tried - set(EXCUSED)) == []
    assert sorted((tried & set(EXCUSED)) | (tried - set(range(1, 115)))) == []


def numbers(path: Path) -> set[int]:
    """The numbers in the names of a file's tests."""
    names = [node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if hasattr(node, "name")]
    return {
        int(found) for name in names if name and name.startswith("test_") for found in re.findall(r"_m(\d{3})", name)
    }
