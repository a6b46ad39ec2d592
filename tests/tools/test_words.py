import ast
import json
import sys
from pathlib import Path

import pytest

from omg.core.tool import Tool
from tests.tools.context import tool_module

_FOLDER = Path(__file__).parents[2] / "tools"
_NAMES = ["edit", "fork", "glob", "grep", "read", "shell", "write"]

_INPUTS = {
    "edit": {"path", "old", "new", "all"},
    "fork": {"tasks", "write"},
    "glob": {"pattern", "path"},
    "grep": {"pattern", "path", "glob", "context"},
    "read": {"path", "offset", "limit"},
    "shell": {"command", "timeout", "background"},
    "write": {"path", "content"},
}


@pytest.mark.parametrize("name", _NAMES)
def test_each_file_is_one_tool_with_the_public_names(name: str) -> None:
    tool = tool_module(name).tool
    assert isinstance(tool, Tool)
    assert tool.name == name
    assert set(tool.input.model_fields) == _INPUTS[name]


@pytest.mark.parametrize("path", sorted(_FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_a_tool_reaches_the_world_through_its_context_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        modules = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            modules.append(node.module or "")
        for module in modules:
            allowed = module in ("omg.core.tool", "pydantic") or module.split(".")[0] in sys.stdlib_module_names
            assert allowed, f"{path.name} imports {module}"


def test_the_words_of_all_tools_are_few() -> None:
    size = sum(
        len(json.dumps([name, tool.description, tool.input.model_json_schema()]))
        for name, tool in ((name, tool_module(name).tool) for name in _NAMES)
    )
    assert size <= 4_000
