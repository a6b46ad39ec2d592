"""A session as something to read: the ledger as a table and as JSON, the transcript as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from omg.agent.state import Branch, Tree
from omg.cache.ledger import Figures, Line
from omg.core.amounts import hit, money, ratio
from omg.core.usage import Usage
from omg.session import accounts
from omg.wire.chain import path


def cache_json(tree: Tree, linked: Sequence[Line] = ()) -> dict[str, object]:
    """`omg cache --output json`."""
    lines = accounts.lines(tree)
    return {
        "session": tree.session.id,
        "branches": [
            {"branch": name, "parent": branch.made.parent, **accounts.of_branch(lines, name).to_json()}
            for name, branch in tree.branches.items()
        ],
        "tree": accounts.sums([*lines, *linked]).to_json(),
        "requests": [_request(line) for line in lines],
    }


def _request(line: Line) -> dict[str, object]:
    value: dict[str, object] = {
        "n": line.n,
        "branch": line.branch,
        "at": line.at,
        "purpose": line.purpose,
        "predicted": line.predicted.to_json() if line.predicted else None,
        "usage": line.usage.to_json() if line.usage else None,
        "cause": line.cause,
        "seconds": line.seconds,
    }
    if line.output_at_most:
        value["output_bounds"] = [line.output_at_least, line.output_at_most]
    return value


def cache_table(tree: Tree, linked: Sequence[Line] = ()) -> str:
    """The ledger for people: a line a request, a line a branch, and the sum."""
    lines = accounts.lines(tree)
    rows = [("n", "branch", "purpose", "sent", "read", "write 5m", "write 1h", "plain", "output", "first", "cost")]
    rows += [_row(line) for line in lines]
    text = [_table(rows), ""]
    sums = [("branch", "requests", "read", "written", "plain", "output", "ratio", "hit", "cost", "saved")]
    sums += [_sum(name, accounts.of_branch(lines, name)) for name in tree.branches]
    sums.append(_sum("all", accounts.sums([*lines, *linked])))
    text.append(_table(sums))
    if any(line.output_at_most for line in lines):
        text.append("\n≥: a reply was cut, and its output never told; the true figure lies between this and max_tokens")
    return "\n".join(text)


def _row(line: Line) -> tuple[str, ...]:
    usage = line.usage or Usage(output=None)
    output = f"≥{line.output_at_least}" if usage.output is None and line.usage else _count(usage.output)
    first = f"{line.seconds:.1f} s" if line.seconds is not None else "-"
    sent = datetime.fromtimestamp(line.at, UTC).astimezone().strftime("%H:%M:%S")
    cost = money(line.cost_usd) if line.usage else "-"
    counts = (usage.read, usage.write_5m, usage.write_1h, usage.plain)
    return (str(line.n), line.branch, line.purpose, sent, *map(_count, counts), output, first, cost)


def _sum(name: str, figures: Figures) -> tuple[str, ...]:
    usage = figures.usage
    return (
        name,
        str(figures.requests),
        _count(usage.read),
        _count(usage.written),
        _count(usage.plain),
        _count(usage.output),
        ratio(usage),
        hit(usage),
        money(figures.cost_usd),
        money(figures.saved_usd),
    )


def _count(value: int | None) -> str:
    return "?" if value is None else str(value)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def markdown(tree: Tree) -> str:
    """The session as Markdown: main, then each fork under its task."""
    made = tree.session
    day = datetime.fromtimestamp(made.at, UTC).strftime("%Y-%m-%d")
    parts = [f"# Session {made.id}\n\n{made.folder}, {day}"]
    for branch in tree.branches.values():
        title = "main" if branch.made.parent is None else f"fork {branch.name}: {branch.made.task}"
        parts += [f"## {title}", *_transcript(branch)]
    return "\n\n".join(parts) + "\n"


def _transcript(branch: Branch) -> Iterator[str]:
    shared = branch.base.depth if branch.base and branch.made.parent else 0
    for node in path(branch.tip)[shared:]:
        for block in node.message.content:
            text = _shown(block)
            if text:
                yield f"**{node.role}**: {text}" if block.get("type") == "text" else text


def _shown(block: dict[str, object]) -> str:
    match block.get("type"):
        case "text":
            return str(block["text"])
        case "thinking":
            return f"> {block.get('thinking')}".replace("\n", "\n> ") if block.get("thinking") else ""
        case "tool_use":
            return f"`{block['name']}` {json.dumps(block['input'], ensure_ascii=False)}"
        case "tool_result":
            return f"```\n{_result_text(block.get('content'))}\n```"
        case kind:
            return f"({kind})"


def _result_text(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))  # pyright: ignore
    return str(content)


def exported(tree: Tree) -> dict[str, object]:
    """The session as JSON: its branches with their messages as they were sent, and the ledger."""
    made = tree.session
    return {
        "session": made.id,
        "folder": made.folder,
        "created": made.at,
        "parent": made.parent,
        "branches": [
            {
                "branch": branch.name,
                "parent": branch.made.parent,
                "task": branch.made.task,
                "status": branch.status,
                "messages": [json.loads(node.message.body) for node in path(branch.tip)],
            }
            for branch in tree.branches.values()
        ],
        "cache": cache_json(tree),
    }
