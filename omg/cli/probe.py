"""`omg doctor --probe`: ask the real provider about its cache, say what it answers and what that cost."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from omg.cache.prices import PriceList, Prices
from omg.cache.rules import Finding, RuleOverrides
from omg.cli.configure import model_setup
from omg.cli.plan import Plan, make_plan, rules_for
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.provider.factory import build_provider
from omg.provider.models import claude_names
from omg.provider.probe.ask import Target
from omg.provider.probe.bench import Answer
from omg.provider.probe.purse import Purse
from omg.provider.probe.questions import Chosen, LeftOut
from omg.provider.probe.run import LIMIT, Answered, Clock, Event, Waiting, probe
from omg.provider.profiles import OFFLINE
from omg.session.findings import FindingsError, findings_path, load_findings, save_findings


def run_probe(args: argparse.Namespace, env: Mapping[str, str], clock: Clock | None = None) -> int:
    """Probe the model that would be used; the exit status. Raises Trouble, with what it has cost by then."""
    plan = make_plan(args, env)
    target = _target(plan)
    known = load_findings(plan.home, target.endpoint, target.model)
    purse = Purse(min(LIMIT, plan.settings.budget.session_usd or LIMIT))
    save_findings(plan.home, target.endpoint, target.model, RuleOverrides())  # can it be kept? before it is paid for
    teller = _Teller(plan, target, purse, as_text=args.output == "text", clock=clock or Clock())
    try:
        asyncio.run(_probe(plan, teller, known, args.wait))
    except KeyboardInterrupt:
        sys.stderr.write(f"omg: interrupted; the probe has cost {purse}\n")
        raise
    except FindingsError as error:
        raise Trouble(f"{error}; the probe has cost {purse}") from error
    teller.end()
    return 0


async def _probe(plan: Plan, teller: _Teller, known: RuleOverrides, wait: bool) -> None:
    provider = build_provider(plan.choice)
    nonce, clock = secrets.token_hex(6), teller.clock
    try:
        await probe(
            provider, teller.target, teller.purse, teller.tell, nonce=nonce, known=known, wait=wait, clock=clock
        )
    finally:
        await provider.close()


def _target(plan: Plan) -> Target:
    """Whom to ask. Raises Trouble where there is nothing to ask about, or no price to promise a limit by."""
    choice, model = plan.choice, plan.model or plan.default_model
    if choice.profile.cache != "markers":
        raise Trouble(f"{choice.profile.name} caches by itself or not at all: there are no marker rules to probe")
    prices = plan.settings.price_list.price(model, choice.endpoint)
    if prices is None:
        raise Trouble(f"no price is known for {model} at {choice.endpoint}, so no limit could be kept: name another")
    setup = model_setup(choice, model, None, rules_for(plan, model)[0])
    return Target(choice.endpoint, model, prices, choice.profile.ttls, setup.headers)


@dataclass
class _Teller:
    """Prints each answer as it comes, and keeps it at once, so that nothing paid for is lost."""

    plan: Plan
    target: Target
    purse: Purse
    as_text: bool
    clock: Clock
    answers: list[Answer] = field(default_factory=list[Answer])
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])

    def tell(self, event: Event) -> None:
        """One event of the probe."""
        match event:
            case Chosen():
                self._begin(event)
            case Waiting(question, seconds):
                if seconds >= 60:
                    _note(f"waiting {seconds / 60:.0f} minutes, to see: {question.name}")
            case Answered(question, answers):
                self._keep(answers)
                for answer in answers:
                    self._say(f"  {question.name}: {answer.said}")
            case LeftOut():
                self.left_out.append(event)

    def end(self) -> None:
        """What was not asked, what it cost, and where the answers are."""
        for out in self.left_out:
            self._say(f"  not asked: {out.question.name}: {out.why}")
        if any("$" in out.why for out in self.left_out) and (
            name := _cheapest(self.target, self.plan.settings.price_list)
        ):
            self._say(f"  `--model {name}` is cheaper to ask, but answers for itself only: rules are a model's own")
        verb = "would have cost" if self.target.endpoint == OFFLINE else "cost"
        self._say(f"it {verb} {self.purse}; what was found is in {findings_path(self.plan.home)}")
        if not self.as_text:
            sys.stdout.write(json.dumps(self._json(), ensure_ascii=False) + "\n")

    def _begin(self, chosen: Chosen) -> None:
        self.left_out.extend(chosen.left_out)
        at = "the offline provider, which charges nothing" if self.target.endpoint == OFFLINE else self.target.endpoint
        limit = f"about ${chosen.expected:.3f}, and never more than ${self.purse.limit:.6f}".rstrip("0")
        self._say(f"asking {self.target.model} at {at}: {limit}")

    def _keep(self, answers: tuple[Answer, ...]) -> None:
        self.answers.extend(answers)
        at = datetime.fromtimestamp(self.clock.now(), UTC).isoformat(timespec="seconds")
        found = {
            answer.field: Finding(answer.value, at, answer.sure, answer.said)
            for answer in answers
            if answer.value is not None and answer.sure is not None
        }
        if found:
            # The fields of an answer and of RuleOverrides are one list; the types of their values follow from it.
            overrides = RuleOverrides(**found)  # pyright: ignore[reportArgumentType]
            save_findings(self.plan.home, self.target.endpoint, self.target.model, overrides)

    def _json(self) -> dict[str, object]:
        return {
            "endpoint": self.target.endpoint,
            "model": self.target.model,
            "answers": [asdict(answer) for answer in self.answers],
            "left_out": [{"question": out.question.name, "why": out.why} for out in self.left_out],
            "requests": self.purse.requests,
            "cost_usd": self.purse.at_most,
            "unsettled_usd": self.purse.unsettled,
        }

    def _say(self, line: str) -> None:
        if self.as_text:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


def _note(line: str) -> None:
    sys.stderr.write(f"omg: {line}\n")
    sys.stderr.flush()


def _cheapest(target: Target, prices: PriceList) -> str | None:
    """The Claude model that is cheapest to write to there; None where it is the one that was asked."""
    priced = {name: found for name in claude_names() if (found := prices.price(name, target.endpoint))}
    best = min(priced, key=lambda name: _per_token(priced[name]), default=None)
    return best if best and _per_token(priced[best]) < _per_token(target.prices) else None


def _per_token(prices: Prices) -> float:
    return prices.cost(Usage(write_5m=1)) or 0.0
