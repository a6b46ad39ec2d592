"""Conversations over the bench's server: real agent, real tools, real log; only the provider and the time are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.clock import now
from bench.script import FILES, code
from bench.server import Server
from omg.agent.live import Live
from omg.agent.runtime import Limits, ModelSetup, Rules
from omg.cache.plan import Ttls
from omg.core.catalog import Catalog, load_catalog
from omg.core.usage import Ttl
from omg.session.config import Config
from omg.session.conversation import Conversation
from omg.session.opening import open_new, open_saved
from omg.session.store import Store

OPUS = ModelSetup("claude-opus-5-5", 32_000, 200_000, 512, Ttls("1h", "5m"))


def fill(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """A folder with source files of 20 to 90 lines, and `files` beside them."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for seed in range(FILES):
        (folder / f"src/m{seed:02}.py").write_text(code(seed, 20 + seed * 37 % 70))
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    return folder


@dataclass
class Stage:
    """One provider account and one person's home; opens sessions in any folder."""

    home: Path
    folder: Path
    server: Server = field(default_factory=Server)
    setup: ModelSetup = OPUS
    catalog: Catalog = field(default_factory=load_catalog)
    limits: Limits = field(default_factory=Limits)
    typed: bool = False
    """Whether a person types, and may let a while pass between turns."""
    ttl: Ttl | None = None
    """The ttl of messages that the person has set."""
    opened: list[Conversation] = field(default_factory=list[Conversation])

    def open(self, folder: Path | None = None) -> Conversation:
        """A new session."""
        return self._timed(open_new(self._config(folder or self.folder)))

    def again(self, folder: Path | None = None) -> Conversation:
        """The newest session of a folder, read from its log as another process would."""
        where = folder or self.folder
        return self._timed(open_saved(self._config(where), Store(self.home).find("last", where)))

    def _timed(self, conversation: Conversation) -> Conversation:
        conversation.agent.runtime.clock = now
        self.opened.append(conversation)
        return conversation

    def _config(self, folder: Path) -> Config:
        return Config(
            home=self.home,
            folder=folder,
            catalog=self.catalog,
            provider=self.server,
            provider_name="bench",
            default_model=self.setup.model,
            setup_for=lambda model, effort: replace(self.setup, model=model),
            rules=Rules("ask"),
            limits=self.limits,
            typed=self.typed,
            ttl=self.ttl,
        )


async def say(conversation: Conversation, words: str) -> None:
    """One turn of main. Raises RuntimeError where it does not end well."""
    outcome = await conversation.say(words)
    if outcome.stop != "end_turn":
        raise RuntimeError(f"{words!r} ended with {outcome.stop}: {outcome.error}")


async def fork(conversation: Conversation, tasks: list[str], parent: str = "main") -> list[Live]:
    """Fork once for each task, and wait for all. Raises RuntimeError where one fails."""
    children = conversation.agent.fork(tasks, parent=parent)
    await finish(conversation, children)
    return children


async def finish(conversation: Conversation, children: list[Live]) -> None:
    """Wait for forks at work. Raises RuntimeError where one fails."""
    await conversation.agent.forks.wait(children)
    for child in children:
        if child.branch.status != "done":
            raise RuntimeError(f"fork {child.name}: {child.branch.status}, {child.branch.error}")
