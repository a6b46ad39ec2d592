"""Going back to before something a person said: what they said, and what was written to files since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from omg.agent.calls import OpenCall, open_calls
from omg.agent.state import Branch, Tree
from omg.core.tool import AnyTool, Effect
from omg.wire.chain import Node


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message of the person's on main. `number` counts from the newest, which is 1."""

    number: int
    node: Node
    words: str


def spoken(tree: Tree) -> Iterator[Spoken]:
    """What the person said on main, the newest first."""
    tip = tree.branches["main"].accepted
    said = (node for node in (tip.ancestors() if tip else ()) if node.id in tree.words)
    for number, node in enumerate(said, 1):
        yield Spoken(number, node, str(node.message.content[tree.words[node.id]].get("text", "")))


@dataclass(frozen=True, slots=True)
class Written:
    """What calls behind a node have done: paths written, and commands run, each once, in their order."""

    files: tuple[str, ...]
    commands: tuple[str, ...]


def written_since(branch: Branch, node: Node | None, tools: Mapping[str, AnyTool]) -> Written:
    """What a branch has written or run since `node` (the empty history: None). Calls that failed or were refused wrote
    nothing; a command may have done something all the same."""
    found: dict[Effect, dict[str, None]] = {"write": {}, "run": {}}
    open_failed = {id for id, done in branch.results.items() if done.is_error}
    for call, failed in _calls(branch.accepted, node, open_failed):
        tool = tools.get(call.name)
        if tool is None or tool.effect not in found or (failed and tool.effect == "write"):
            continue
        subject = _subject(tool, call)
        if subject:
            found[tool.effect][subject] = None
    return Written(tuple(found["write"]), tuple(found["run"]))


def _calls(tip: Node | None, node: Node | None, failed: set[str]) -> Iterator[tuple[OpenCall, bool]]:
    """The calls behind `node`, the oldest first, and whether each failed: is among `failed`, or has such a result."""
    nodes: list[Node] = []
    for one in tip.ancestors() if tip else ():
        if one is node:
            break
        nodes.append(one)
    for one in nodes:
        results = (block for block in one.message.content if block.get("type") == "tool_result")
        failed |= {str(block.get("tool_use_id")) for block in results if block.get("is_error")}
    for one in reversed(nodes):
        for call in open_calls(one):
            yield call, call.id in failed


def _subject(tool: AnyTool, call: OpenCall) -> str:
    """The path or command of a call; empty where its input is not whole, and nothing was done."""
    try:
        return " ".join(str(tool.subject(tool.input.model_validate(call.input))).split())
    except ValueError:
        return ""
