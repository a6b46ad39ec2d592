"""A home and a project on disk, and the plans that a command line makes over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from omg.cli.arguments import parse
from omg.cli.plan import Plan, make_plan
from omg.cli.settings import Read, read_settings, trust


@dataclass(frozen=True)
class Place:
    """`home` is OMG's, `project` the person's folder."""

    home: Path
    project: Path

    def own(self, text: str) -> None:
        """The person's settings."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "settings.toml").write_text(text, "utf-8")

    def theirs(self, text: str, *, trusted: bool = False) -> None:
        """The project's settings."""
        (self.project / ".omg").mkdir(parents=True, exist_ok=True)
        (self.project / ".omg" / "settings.toml").write_text(text, "utf-8")
        if trusted:
            trust(self.home, self.project)

    def read(self, folder: Path | None = None, env: Mapping[str, str] | None = None) -> Read:
        return read_settings(self.home, folder or self.project, env or {})

    def plan(self, *words: str, env: Mapping[str, str] | None = None) -> Plan:
        args = parse(["--cwd", str(self.project), *words])
        return make_plan(args, {"OMG_HOME": str(self.home), **(env or {})})


def place(tmp_path: Path) -> Place:
    found = Place(tmp_path / "home", tmp_path / "project")
    found.project.mkdir()
    return found
