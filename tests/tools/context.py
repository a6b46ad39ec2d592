"""A context over real files and a real shell, for tests of tools, and the tools themselves."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from omg.core.tool import Result, ToolError
from omg.workspace.files import BranchFiles
from omg.workspace.shell import BranchShell

_TOOLS = Path(__file__).parents[2] / "tools"
_PACKAGE = "omg_tools_under_test"


def tool_module(name: str) -> ModuleType:
    """The module `tools/NAME.py`, loaded by path as OMG does it."""
    if _PACKAGE not in sys.modules:
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(_TOOLS)]
        sys.modules[_PACKAGE] = package
    return importlib.import_module(f"{_PACKAGE}.{name}")


class FakeContext:
    """Real files and shell below `folder`; forks are recorded and answered at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = BranchFiles(folder, {})
        self.shell = BranchShell(folder, folder.parent / f"{folder.name}-kept")
        self.streamed: list[str] = []
        self.tasks: list[str] = []

    def output(self, text: str) -> None:
        self.streamed.append(text)

    async def fork(self, tasks: Sequence[str]) -> str:
        self.tasks += tasks
        return "\n".join(f"report on {task}" for task in tasks)

    async def call(self, name: str, **given: Any) -> Result:
        """Call a tool with an input as a model sends it."""
        tool = tool_module(name).tool
        return await tool.run(tool.input.model_validate(given), self)

    async def refusal(self, name: str, **given: Any) -> str:
        """The words in which a tool says no."""
        try:
            result = await self.call(name, **given)
        except ToolError as error:
            return str(error)
        raise AssertionError(f"{name} did it: {result.text}")

    async def write(self, path: str, content: str | bytes) -> Path:
        """A file that the branch has read."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        await asyncio.to_thread(target.write_bytes, data)
        self.files.see(target, data)
        return target
