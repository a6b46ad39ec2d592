"""N cold siblings pay for one write of the prefix they share."""

from __future__ import annotations

from pathlib import Path

import pytest

from omg.agent.runtime import Limits, ModelSetup, Rules
from omg.cache.plan import Ttls
from omg.core.catalog import load_catalog
from omg.provider.factory import build_provider
from omg.provider.profiles import choose
from omg.session import accounts
from omg.session.config import Config
from omg.session.opening import open_new, open_saved
from omg.session.store import Store
from omg.session.verify import verify

SETUP = ModelSetup("claude-opus-5-5", 32_000, 200_000, 512, Ttls("1h", "5m"))


def config(home: Path, folder: Path, width: int) -> Config:
    """A configuration whose offline provider has never seen anything: everything is cold."""
    return Config(
        home=home,
        folder=folder,
        catalog=load_catalog(),
        provider=build_provider(choose("offline", {}), delay=0),
        provider_name="offline",
        default_model=SETUP.model,
        setup_for=lambda model, effort: SETUP,
        rules=Rules("ask"),
        limits=Limits(width=width),
    )


@pytest.mark.parametrize("siblings", [2, 8, 32])
@pytest.mark.parametrize("cold", ["the tail", "everything"])
async def test_cold_siblings_pay_for_one_write(tmp_path, siblings, cold):
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    (folder / "story.txt").write_text("\n".join(f"line {n} of a long story" for n in range(1500)))
    conversation = open_new(config(home, folder, siblings))
    assert (await conversation.say("show story.txt")).stop == "end_turn"
    if cold == "everything":
        await conversation.close()
        conversation = open_saved(config(home, folder, siblings), Store(home).find("last", folder))
    before = len(conversation.tree.requests)

    children = conversation.agent.fork([f"show story.txt, part {n}" for n in range(siblings)])
    await conversation.agent.forks.wait(children)

    firsts = {}
    for line in accounts.lines(conversation.tree)[before:]:
        firsts.setdefault(line.branch, line)
    leader, *followers = sorted(firsts.values(), key=lambda line: line.usage.read)
    assert len(followers) == siblings - 1
    for follower in followers:
        assert follower.usage.written == task_tokens(conversation, follower.branch)
        assert follower.usage.read == leader.usage.input - task_tokens(conversation, leader.branch)
    if cold == "everything":
        assert leader.usage.read == 0
    assert verify(conversation.tree).problem is None
    await conversation.close()


def task_tokens(conversation, name: str) -> int:
    """Tokens of a fork's task, which no sibling has, as the offline provider counts them: a quarter of its bytes."""
    branch = conversation.tree.branches[name]
    first = branch.tip.at_depth((branch.base.depth if branch.base else 0) + 1)
    task = first.message.places[-1]
    return -(-(task.end - task.start) // 4)
