"""The catalog: tools and prompts as they lie on disk, and the head that is made of them."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import cast

from omg.core.tool import AnyTool, Tool
from omg.core.trouble import Trouble
from omg.wire.head import Head, Headers, render_head
from omg.wire.seal import Json

_PRIVATE = "omg_tools_builtin"
"""The module name that tools are loaded under: never `tools`, which may be somebody else's package."""


class CatalogError(Trouble):
    """A tool or prompt that cannot be loaded: which file, and why."""


def resources() -> Path:
    """The folder that holds `tools/`, `prompts/` and COMPACT.md: a checkout's root, or a wheel's `_bundled`."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent
    if (checkout / "tools").is_dir() and (checkout / "pyproject.toml").is_file():
        return checkout
    return package / "_bundled"


@dataclass(frozen=True)
class Catalog:
    """All that a model reads of OMG: the tools by name, and the prompts by the name of their file."""

    tools: Mapping[str, AnyTool]
    prompts: Mapping[str, str]
    compact: str = ""
    """COMPACT.md: what a summary is to keep."""

    @cached_property
    def schemas(self) -> tuple[Mapping[str, Json], ...]:
        """The tools as they go on the wire, in the order of their names."""
        return tuple(_schema(self.tools[name]) for name in sorted(self.tools))

    def head(
        self, endpoint: str, *, model: str, headers: Headers = (), extra: Mapping[str, Json] | None = None
    ) -> Head:
        """The head for a model at an endpoint: the same bytes for every session, folder and day."""
        return render_head(
            endpoint, model=model, tools=self.schemas, system=[self.prompts["system"]], headers=headers, extra=extra
        )

    def refreshed(self, head: Head) -> Head:
        """`head` with the tools and the system prompt as they are now, all else as it was."""
        fields = cast(dict[str, Json], json.loads(head.body + b"}"))
        extra = {name: value for name, value in fields.items() if name not in ("model", "tools", "system")}
        return self.head(head.endpoint, model=head.model, headers=head.headers, extra=extra)

    def say(self, prompt: str, **facts: str) -> str:
        """The prompt of that name, with each `{fact}` filled in."""
        text = self.prompts[prompt]
        return text.format(**facts) if facts else text


def load_catalog(folder: Path | None = None) -> Catalog:
    """Load `tools/*.py` and `prompts/*.md` below `folder` (OMG's own). Raises CatalogError."""
    base = folder or resources()
    tools = {tool.name: tool for tool in _load_tools(base / "tools")}
    prompts = {path.stem: path.read_text("utf-8").strip() for path in sorted((base / "prompts").glob("*.md"))}
    if not tools or "system" not in prompts:
        raise CatalogError(f"no tools or no system prompt below {base}: OMG is not installed whole; install it again")
    brief = base / "COMPACT.md"
    return Catalog(tools, prompts, brief.read_text("utf-8").strip() if brief.is_file() else "")


def _load_tools(folder: Path) -> Iterator[AnyTool]:
    package = ModuleType(_PRIVATE)
    package.__path__ = [str(folder)]
    sys.modules[_PRIVATE] = package
    for path in sorted(folder.glob("[!_]*.py")):
        tool = getattr(_load(path), "tool", None)
        if not isinstance(tool, Tool):
            raise CatalogError(f"{path} defines no `tool`")
        yield cast(AnyTool, tool)


def _load(path: Path) -> ModuleType:
    name = f"{_PRIVATE}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CatalogError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _schema(tool: AnyTool) -> Mapping[str, Json]:
    schema = _untitled(tool.input.model_json_schema())
    return {"name": tool.name, "description": tool.description, "input_schema": schema}


def _untitled(value: object) -> Json:
    """A JSON schema without the titles that pydantic derives from names: they tell the model nothing."""
    if isinstance(value, dict):
        fields = cast(dict[str, object], value)
        return {key: _untitled(item) for key, item in fields.items() if not (key == "title" and isinstance(item, str))}
    if isinstance(value, list):
        return [_untitled(item) for item in cast(list[object], value)]
    return cast(Json, value)
