"""After a process died: bring its tree to a state that can go on, and say what was lost."""

from __future__ import annotations

from collections.abc import Iterator

from omg.agent.agent import Agent
from omg.agent.compose import last_reply, open_calls
from omg.agent.exchange import take_back
from omg.agent.journal import BranchEnded, RequestSettled


def recover(agent: Agent) -> list[str]:
    """Settle what was under way, stop what was running, take back what was never accepted: for the person, in words.

    What the person said and was taken back is main's `draft` then.
    """
    return [*_requests(agent), *_calls(agent), *_forks(agent), *_unaccepted(agent)]


def _calls(agent: Agent) -> Iterator[str]:
    for branch in agent.runtime.tree.branches.values():
        if branch.past and branch.tip is branch.base:  # main went on from there: its calls are over since long
            continue
        for call in open_calls(branch.tip):
            if call.id not in branch.results:
                yield f"{branch.name}: `{call.name}` was running when OMG ended; what it did until then is unknown"


def _requests(agent: Agent) -> Iterator[str]:
    runtime = agent.runtime
    for request in runtime.tree.requests.unsettled():
        how = "cut" if request.begun else "interrupted"
        usage = request.begun.usage.unsettled() if request.begun else None
        runtime.record(RequestSettled(at=runtime.clock(), n=request.logged.n, how=how, usage=usage))
        if request.begun and not request.logged.silent:
            yield f"{request.logged.branch}: the reply that was streaming when OMG ended is lost"


def _forks(agent: Agent) -> Iterator[str]:
    runtime = agent.runtime
    for branch in list(runtime.tree.branches.values()):
        if branch.status == "running":
            ended = BranchEnded(
                at=runtime.clock(),
                branch=branch.name,
                status="stopped",
                text=last_reply(branch),
                error="OMG ended while it worked",
            )
            runtime.record(ended)
            if branch.made.purpose == "compaction":
                yield "the history was being folded when OMG ended; it is as it was before"
                continue
            yield f"fork {branch.name} was stopped when OMG ended; it reports what it had, and can be woken"


def _unaccepted(agent: Agent) -> Iterator[str]:
    for name, branch in agent.runtime.tree.branches.items():
        if branch.unaccepted:
            live = agent.live(name)
            take_back(agent.runtime, live)
            if branch.made.parent is not None:
                live.draft = None  # a fork's task: it is on record, and told again when the fork is woken
            elif live.draft:
                yield "your last words were not answered: here they are again"
