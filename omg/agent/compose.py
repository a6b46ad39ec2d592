"""What goes into a branch's next user message: results, facts, reports, notes and words, as blocks of one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from omg.agent.attach import blocks_of
from omg.agent.calls import OpenCall, open_calls
from omg.agent.facts import Telling
from omg.agent.state import Branch, Tree
from omg.cache.plan import Spot, last_spot
from omg.core.catalog import Catalog
from omg.core.spoken import Attachment
from omg.wire.chain import Node
from omg.wire.seal import Block, Json, Message, seal


@dataclass(frozen=True, slots=True)
class Draft:
    """A user message about to be sealed, and what goes on record with it."""

    blocks: tuple[Block, ...]
    joins: tuple[str, ...] = ()
    told: dict[str, str] = field(default_factory=dict[str, str])
    words: int | None = None
    attached: int = 0
    """Blocks of attachments, right before the words; last where there are no words."""

    def seal(self) -> Message:
        return seal("user", self.blocks)


def text_block(text: str) -> Block:
    return {"type": "text", "text": text}


def result_block(id: str, text: str, is_error: bool) -> Block:
    """A tool result. Its text is never empty, nor white space alone: the API refuses both."""
    content: Json = [{"type": "text", "text": text if text.strip() else "(nothing)"}]
    block: dict[str, Json] = {"type": "tool_result", "tool_use_id": id, "content": content}
    return {**block, "is_error": True} if is_error else block


def next_message(
    tree: Tree,
    branch: Branch,
    catalog: Catalog,
    *,
    words: Sequence[str] = (),
    facts: Telling = Telling(),
    only: str | None = None,
    notes: Sequence[str] = (),
    attachments: Sequence[Attachment] = (),
) -> Draft | None:
    """The next user message of `branch`; None when there is nothing to say.

    `words` are the person's, the newest last; `facts` what the model should know and has not been told; `only`
    joins the report of one child and leaves the others pending; `attachments` go right before the words.
    """
    blocks = [_result(branch, call, catalog) for call in open_calls(branch.tip)]
    blocks += [text_block(text) for text in facts.blocks]
    joins = tuple(child for child in _in_order(tree, branch) if only in (None, child))
    blocks += [text_block(report(tree.branches[child], catalog)) for child in joins]
    if branch.cut:
        blocks.append(text_block(catalog.say("cut")))
    if branch.was_fork:
        blocks.append(text_block(catalog.say("promoted")))
    blocks += [text_block(note) for note in notes]
    attached = list(blocks_of(attachments))
    blocks += attached
    spoken = "\n".join(word for word in words if word.strip())
    blocks += [text_block(spoken)] if spoken else []
    if not blocks:
        return None
    words_at = len(blocks) - 1 if spoken else None
    return Draft(tuple(blocks), joins, dict(facts.told), words_at, len(attached))


def _result(branch: Branch, call: OpenCall, catalog: Catalog) -> Block:
    done = branch.results.get(call.id)
    if done is None:
        return result_block(call.id, catalog.say("interrupted"), True)
    return result_block(call.id, done.text, done.is_error)


def _in_order(tree: Tree, branch: Branch) -> list[str]:
    """Pending reports in the order in which their tasks were given."""
    order = list(tree.branches)
    return sorted(branch.pending, key=order.index)


def first_of_fork(
    tip: Node | None, catalog: Catalog, task: str, facts: Telling, prompt: str = "fork", own: Sequence[str] = ()
) -> Draft:
    """A fork's first message: the same constant results and instruction in every sibling, its own words last, and
    behind them what else it alone is told."""
    waiting = catalog.say("open_call")
    blocks = [result_block(call.id, waiting, False) for call in open_calls(tip)]
    blocks += [text_block(text) for text in facts.blocks]
    blocks += [text_block(catalog.say(prompt)), text_block(task)]
    words = len(blocks) - 1
    blocks += [text_block(text) for text in own]
    return Draft(tuple(blocks), (), dict(facts.told), words)


def placeholder(tip: Node, catalog: Catalog) -> Message | None:
    """The shortest user message that may stand behind `tip` where a request is not to be answered; None where none
    is needed, since a user has said the last."""
    if tip.message.role == "user":
        return None
    waiting = catalog.say("open_call")
    results = [result_block(call.id, waiting, False) for call in open_calls(tip)]
    return seal("user", results or [text_block(".")])


def instruction_spot(first: Node) -> Spot | None:
    """The instruction in a fork's first message: the last block that its siblings have as well."""
    for index, block in enumerate(first.message.content):
        text = block.get("text")
        if isinstance(text, str) and text.startswith("<fork"):
            return Spot(first, index)
    return None


def _anchored(tree: Tree, branch: Branch) -> Spot | None:
    tip = branch.tip
    anchors = [node for node in reversed(tree.anchors.values()) if tip is not None and tip.extends(node)]
    return last_spot(anchors[0]) if anchors else None


REPORT_LIMIT = 16_000
"""Characters of a report that reach the parent: the end of it, where conclusions stand, is kept."""


def report(child: Branch, catalog: Catalog) -> str:
    """A child's outcome as its parent reads it."""
    text = child.report.strip() or "(no words)"
    if len(text) > REPORT_LIMIT:
        text = f"[{len(text) - REPORT_LIMIT} characters cut]\n{text[-REPORT_LIMIT:]}"
    if child.error:
        text += f"\n[{child.error}]"
    task = " ".join((child.made.task or "").split()).replace('"', "'")
    return catalog.say("report", name=child.name, status=child.status or "done", task=task, text=text)


def last_reply(branch: Branch) -> str:
    """The text of the newest message that the branch itself has said; empty where it has said none."""
    for node in branch.tip.ancestors() if branch.tip else ():
        if node is branch.base and branch.epoch == 1:  # after a compaction, what was carried over is its own
            break
        if node.role == "assistant":
            text = "".join(str(block["text"]) for block in node.message.content if block.get("type") == "text")
            if text:
                return text
    return ""


def shared_spot(tree: Tree, branch: Branch) -> Spot | None:
    """The block that others share with a branch, to be kept marked.

    For a fork, the last that it has in common with its parent or its siblings: what stands before the instruction
    and the task in its first message, else its parent's last block. For main, the newest anchor of its history.
    """
    if branch.made.parent is None:
        return _anchored(tree, branch)
    if branch.tip is None or branch.epoch > 1:
        return None
    first = branch.tip.at_depth(branch.base.depth + 1 if branch.base else 1)
    return last_spot(branch.base) if first is None else fork_point(first, tree.words.get(first.id), branch.base)


def fork_point(first: Node, words: int | None, base: Node | None) -> Spot | None:
    """What stands before the instruction and the task (block `words`) in a fork's first message, else the end of its
    parent's history; None where there is neither."""
    return last_spot(base) if words is None or words < 2 else Spot(first, words - 2)
