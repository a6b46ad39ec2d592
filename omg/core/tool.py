"""What a tool is, and the Context through which it reaches files, shell and forks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict, model_validator

Effect = Literal["read", "write", "run", "fork"]
"""What a call does to the world, which decides who must agree: read nothing changes, write changes files,
run starts a command, fork starts branches."""


class Input(BaseModel):
    """A tool's input. Unknown fields are refused, so that a misspelt one is told and not ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: object) -> object:
        """A field that is null was meant to be left out: models send that for what they do not want to set."""
        if not isinstance(given, dict):
            return given
        fields = cast(dict[str, object], given)
        return {name: value for name, value in fields.items() if value is not None}


InputT = TypeVar("InputT", bound=Input)


@dataclass(frozen=True, slots=True)
class Show:
    """A block for display only: `kind` says how to draw `text`. Never sent to the model."""

    kind: Literal["text", "diff", "code"]
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a call came to: `text` for the model, `line` (short, no newline) and `shows` for people."""

    text: str
    line: str = ""
    shows: tuple[Show, ...] = ()
    is_error: bool = False


class ToolError(Exception):
    """A call that cannot be done, in words that help the model go on. Becomes an `is_error` result."""


class NoSuchFile(ToolError):
    """There is nothing at that path, which a tool that creates files must tell from other trouble."""


@dataclass(frozen=True, slots=True)
class ShellOutcome:
    """How a command ended. `status` is None when it was killed for its time limit."""

    status: int | None
    output: str
    """stdout and stderr as they came, decoded with replacement; its middle cut when it was too long."""
    full_output: Path | None
    """Where all of it is kept, when `output` was cut."""


class Files(Protocol):
    """Files as a branch sees them. Every path a tool gets goes through `resolve` once."""

    def resolve(self, path: str) -> Path:
        """Absolute path of `path`, taken from the branch's folder; `~` is expanded. Raises ToolError."""
        ...

    def shown(self, path: Path) -> str:
        """`path` as people and the model read it: relative to the branch's folder where inside it."""
        ...

    def read(self, path: Path) -> bytes:
        """All bytes of a regular file. Raises ToolError in words: missing (NoSuchFile), a folder, no permission,
        a pipe or device, too large, a loop of symlinks."""
        ...

    def write(self, path: Path, data: bytes) -> None:
        """Replace or create atomically; mode and symlinks kept; parents made. Raises ToolError.
        What was written counts as seen."""
        ...

    def see(self, path: Path, data: bytes) -> None:
        """Remember that this branch has seen `path` with this content."""
        ...

    def changed_since_seen(self, path: Path, data: bytes) -> bool | None:
        """Whether `data` differs from what this branch last saw at `path`; None when it never saw it."""
        ...

    def listing(self, under: Path, pattern: str | None = None) -> Sequence[Path]:
        """Files below `under` that .gitignore does not hide, in sorted order of their shown path; `pattern`
        is a glob (`**` crosses folders) on the path relative to `under`."""
        ...

    async def search(self, pattern: str, under: Path, glob: str | None, context: int) -> SearchOutcome:
        """Lines matching a Python `re` in `listing(under, glob)`. Raises ToolError on a bad pattern."""
        ...


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """Lines found: `path:line:text` (`path-line-text` for context), sorted by path and line."""

    lines: Sequence[str]
    matches: int
    files: int
    cut: bool
    """Whether there was more than `lines` holds."""


class Shell(Protocol):
    """Commands, run in the branch's folder."""

    async def run(self, command: str, timeout: float, context: Context) -> ShellOutcome:
        """Run with `bash -c` in its own process group, streaming to `context.output`; the whole group is
        killed at the time limit and on cancellation. No terminal, standard input empty."""
        ...


class Context(Protocol):
    """What a running call may reach. Each branch has its own."""

    @property
    def files(self) -> Files: ...
    @property
    def shell(self) -> Shell: ...

    def output(self, text: str) -> None:
        """Stream `text` to whoever watches; the model does not see it."""
        ...

    async def fork(self, tasks: Sequence[str]) -> str:
        """Fork once per task, wait, and return the reports as one text in task order. Raises ToolError
        where depth or authority forbid it."""
        ...


class Tool(Generic[InputT]):
    """One tool: its words for the model and its work. Subclasses set the class variables and `run`."""

    name: ClassVar[str]
    description: ClassVar[str]
    """What the model reads. Every byte of it is in every request: say what is needed, once."""
    effect: ClassVar[Effect]
    input: type[InputT]

    def subject(self, given: InputT) -> str:
        """What a rule `name(glob)` is matched against: a path as given, or a command."""
        raise TypeError(f"{self.name} says no subject")

    def preview(self, given: InputT, context: Context) -> Show | None:
        """What a person is shown before agreeing: the exact command or diff. None: the input as it is."""
        return None

    async def run(self, given: InputT, context: Context) -> Result:
        """Do it. Raises ToolError in words for the model; anything else is a bug and is reported as one."""
        raise TypeError(f"{self.name} does nothing")


AnyTool = Tool[Any]
