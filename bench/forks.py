"""A thousand forks of a 200k-token history: the chain, and one batched log write. Prints time and memory."""

from __future__ import annotations

import statistics
import tempfile
import time
import tracemalloc
from pathlib import Path

from omg.agent.compose import first_of_fork
from omg.agent.facts import Telling
from omg.agent.journal import BranchMade, HeadMade, NodeSealed, Record
from omg.agent.state import Tree
from omg.core.catalog import load_catalog
from omg.session.log import Log
from omg.wire.chain import Node
from omg.wire.seal import seal

FORKS = 1000
HISTORY_BYTES = 800_000
"""About 200k tokens."""
MESSAGES = 400


def history() -> Node:
    """A history of 200k tokens, sealed."""
    node: Node | None = None
    for count in range(MESSAGES):
        text = f"{count} " + "words of a history " * (HISTORY_BYTES // MESSAGES // 19)
        node = Node(node, seal("assistant" if count % 2 else "user", [{"type": "text", "text": text}]))
    assert node is not None
    return node


def run(folder: Path, count: int) -> tuple[float, int]:
    """Seconds and bytes that making `FORKS` forks takes."""
    catalog = load_catalog()
    head = catalog.head("offline", model="claude-opus-5-5")
    base, tree = history(), Tree()
    tree.nodes = {node.id: node for node in base.ancestors()}
    for record in (HeadMade(at=0, head=head), BranchMade(at=0, name="main", head=head.id, node=base.id)):
        tree.apply(record)
    with Log(folder / f"bench{count}.jsonl") as log:
        log.write(HeadMade(at=0, head=head))
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        make(catalog, tree, base, head.id, log)
        held = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        for name in [name for name in tree.branches if name != "main"]:
            del tree.branches[name]
        start = time.perf_counter()
        make(catalog, tree, base, head.id, log)
        return time.perf_counter() - start, held


def make(catalog, tree, base, head_id, log) -> None:
    """What `/fork` does before anything is sent, a thousand times in one go."""
    records: list[Record] = []
    for count in range(FORKS):
        draft = first_of_fork(base, catalog, f"task {count}", Telling())
        node = Node(base, draft.seal())
        name = f"f{count}"
        records += [
            BranchMade(at=0, name=name, head=head_id, node=base.id, parent="main", task=f"task {count}", depth=1),
            NodeSealed(at=0, branch=name, node=node, words=draft.words),
        ]
    log.write(*records)
    for record in records:
        tree.apply(record)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = [run(Path(folder), count) for count in range(7)]
    seconds = statistics.median(run[0] for run in runs)
    print(f"{FORKS} forks of {HISTORY_BYTES // 1000} kB: {1000 * seconds:.0f} ms, {runs[0][1] / 1e6:.1f} MB in all")


if __name__ == "__main__":
    main()
