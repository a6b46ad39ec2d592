"""What a person has set of the prices is what everything counts with: budgets, quotes, the ledger, linked sessions."""

import json
from dataclasses import replace

import pytest

from omg.agent.budget import Exhausted
from omg.agent.spending import quotes
from omg.cache.prices import PriceList, SetPrices
from omg.cli.run import run
from omg.session.opening import open_fork, open_new
from omg.session.outcome import result
from omg.session.store import Store
from tests.scripted import Says, stage

MODEL = "claude-opus-5-5"
OWN = PriceList({MODEL: SetPrices(1000, 1000, 1000, 1000, 1000)})
"""A thousand dollars for a million tokens of anything."""


def priced(on, **config):
    return replace(on.config(), prices=OWN, **config)


async def test_ledger_figures_quotes_and_reports_count_with_it(tmp_path):
    on = stage(tmp_path, lambda request: Says("yes"))
    conversation = on._staged(open_new(priced(on)))
    outcome = await conversation.say("a question")
    usage = conversation.figures().usage
    dollars = (usage.input + usage.output) / 1000
    assert conversation.figures().cost_usd == pytest.approx(dollars)
    assert conversation.purses()[0].spent == pytest.approx(dollars)
    assert result(conversation, outcome)["cost_usd"] == pytest.approx(dollars)
    here = quotes(conversation.agent.runtime, conversation.agent.live("main"), 1)[0]
    assert here.usd_cold == pytest.approx(here.cold.input / 1000)


async def test_a_budget_holds_by_it(tmp_path):
    on = stage(tmp_path, lambda request: Says("yes"))
    conversation = on._staged(open_new(priced(on, budget=0.5)))
    outcome = await conversation.say("a question")
    assert outcome.stop == "budget"
    with pytest.raises(Exhausted):
        conversation.agent.runtime.budgets.set_aside("main", 1.0)


async def test_linked_sessions_count_with_it_too(tmp_path):
    on = stage(tmp_path, lambda request: Says("yes"))
    source = on._staged(open_new(priced(on)))
    outcome = await source.say("a question")
    fork = open_fork(priced(on), Store(on.home).path(source.id), None)
    await fork.agent.forks.wait(fork.agent.fork(["a task"]))
    both = source.figures().cost_usd + fork.figures().cost_usd
    assert result(source, outcome)["tree"]["cost_usd"] == pytest.approx(both, abs=1e-5)


def test_the_ledger_of_a_saved_session_is_printed_with_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OMG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMG_PROVIDER", "offline")
    monkeypatch.chdir(tmp_path)
    assert run(["-p", "hello"]) == 0
    rates = "\n".join(f"{name} = 1000" for name in ("input", "read", "write_5m", "write_1h", "output"))
    (tmp_path / "home" / "settings.toml").write_text(f"[prices.'{MODEL}']\n{rates}")
    capsys.readouterr()
    assert run(["cache", "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["tree"]
    assert told["cost_usd"] == pytest.approx(sum(told["usage"].values()) / 1000)
