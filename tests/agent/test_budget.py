"""Budgets: what a request may take, what a fork is given and gives back, and how a branch stops at its limit."""

import asyncio
from dataclasses import replace

import pytest

from omg.agent.budget import Budgets, Exhausted, Held, Risky
from omg.agent.forks import ForkRefused
from omg.agent.runtime import Limits
from omg.cache.prices import price
from omg.core.events import Notice, TurnEnded
from omg.core.usage import Usage
from omg.session.commands import run_command
from omg.session.opening import open_saved
from omg.session.store import Store
from omg.session.verify import verify
from tests.agent.test_forks import ended
from tests.purses import INPUT, MODEL, OUTPUT, Session, head_of
from tests.scripted import Person, Says, failure, lines, prefix, stage, until

READ = ("glob", {"pattern": "*"})
DOLLAR = Usage(plain=150_000, output=20_000)
"""What costs a dollar with the model of `stage`."""


def test_the_prices_that_these_tests_count_with():
    listed = price(MODEL)
    assert (listed.base.plain, listed.base.output) == (INPUT, OUTPUT)


# The purses


def test_without_a_limit_nothing_is_held_back():
    session = Session()
    session.end(session.send("main", 1e6), 1e6)
    assert session.budgets.purse().limit is None
    session.send("main", 1e6)


def test_input_is_reserved_until_the_reply_begins_and_spent_from_then_on():
    session = Session()
    session.limit(1.0)
    sent = session.send("main", 100)
    assert (session.budgets.purse().spent, session.budgets.purse().reserved) == (0.0, 0.5)
    session.begin(sent)
    assert (session.budgets.purse().spent, session.budgets.purse().reserved) == (0.5, 0.0)
    session.end(sent, 10)
    assert session.budgets.purse().spent == pytest.approx(0.75)
    assert session.budgets.purse().left == pytest.approx(0.25)


def test_a_request_may_take_what_is_left_and_not_a_cent_more():
    session = Session()
    session.limit(1.0)
    session.send("main", 100)
    with pytest.raises(Exhausted, match=r"the session has spent \$0.0000 of \$1.00, and \$0.50 is reserved"):
        session.send("main", 102)
    session.send("main", 100)


def test_what_failed_before_it_began_gives_its_reservation_back():
    session = Session()
    session.limit(0.5)
    session.fail(session.send("main", 100))
    assert session.budgets.purse().left == 0.5
    session.send("main", 100)


def test_a_request_that_could_not_be_logged_holds_nothing():
    session = Session()
    session.limit(0.5)
    session.budgets.reserve("main", session.tree.next_n, Usage(plain=100_000), session.head, 0.0)
    assert session.budgets.purse().reserved == 0.0
    session.send("main", 100)


def test_a_cut_reply_costs_its_input_and_the_output_that_was_seen():
    session = Session()
    session.limit(1.0)
    sent = session.send("main", 100)
    session.begin(sent)
    session.cut(sent, 4)
    assert session.budgets.purse().spent == pytest.approx(0.5 + 0.1)


def test_a_reply_may_end_above_the_limit_and_then_nothing_more_goes():
    session = Session()
    session.limit(0.6)
    sent = session.send("main", 100)
    session.begin(sent)
    session.end(sent, 20)
    assert session.budgets.purse().left == pytest.approx(-0.4)
    with pytest.raises(Exhausted):
        session.send("main", 0)


def test_forks_without_a_limit_draw_on_their_parents():
    session = Session()
    session.limit(1.0)
    session.branch("a", "main")
    session.branch("a.a", "a")
    session.send("a.a", 150)
    with pytest.raises(Exhausted, match="the session"):
        session.send("main", 60)


def test_what_a_fork_is_given_is_kept_for_it_and_what_is_left_goes_back_when_it_ends():
    session = Session()
    session.limit(1.0)
    session.branch("a", "main", 0.75)
    with pytest.raises(Exhausted, match=r"\$0.75 is reserved"):
        session.send("main", 60)
    first = session.send("a", 100)
    session.begin(first)
    session.end(first, 0)
    with pytest.raises(Exhausted):
        session.send("main", 60)
    session.done("a")
    session.send("main", 60)
    session.send("main", 40)


def test_a_fork_spends_its_own_however_much_its_parent_has():
    session = Session()
    session.limit(10.0)
    session.branch("a", "main", 0.5)
    with pytest.raises(Exhausted, match="fork a has spent"):
        session.send("a", 101)


def test_a_fork_of_a_fork_draws_on_both():
    session = Session()
    session.branch("a", "main", 1.0)
    session.branch("a.a", "a", 0.4)
    with pytest.raises(Exhausted, match=r"fork a\.a"):
        session.send("a.a", 81)
    session.send("a.a", 80)
    with pytest.raises(Exhausted, match="fork a has"):
        session.send("a", 121)
    session.send("a", 120)


def test_a_fork_that_overspent_takes_from_its_parent_not_from_its_siblings_first():
    session = Session()
    session.limit(1.0)
    session.branch("a", "main", 0.4)
    session.branch("b", "main", 0.6)
    over = session.send("a", 80)
    session.begin(over)
    session.end(over, 8)
    with pytest.raises(Exhausted, match="the session"):
        session.send("b", 120)
    session.send("b", 80)


def test_no_more_can_be_set_aside_than_is_left():
    session = Session()
    session.limit(1.0)
    session.budgets.set_aside("main", 1.0)
    session.branch("a", "main", 0.5)
    with pytest.raises(Exhausted):
        session.budgets.set_aside("main", 0.6)
    with pytest.raises(Exhausted):
        session.budgets.raised("a", 1.1)
    session.budgets.raised("a", 1.0)


def test_a_lower_limit_holds_at_once():
    session = Session()
    session.limit(2.0)
    session.end(session.send("main", 200), 0)
    session.limit(0.5)
    assert session.budgets.purse().left == pytest.approx(-0.5)
    with pytest.raises(Exhausted):
        session.send("main", 1)
    session.limit(0.0)
    session.send("main", 1)


def test_what_was_spent_is_read_off_the_record():
    session = Session()
    session.limit(1.0)
    session.end(session.send("main", 100), 10)
    again = Budgets(session.tree)
    assert again.purse() == session.budgets.purse()


def test_a_model_without_a_price_is_let_go_and_that_is_said_once():
    session = Session(head=head_of("somebody-else-1"))
    assert session.budgets.reserve("main", 1, Usage(plain=1000), session.head, 0.0) is None
    session.limit(0.01)
    said = [session.budgets.reserve("main", 1, Usage(plain=10**9), session.head, 0.0) for _ in range(2)]
    assert said[0] is not None and "somebody-else-1" in said[0]
    assert said[1] is None
    session.end(session.send("main", 1000), 1)
    assert session.budgets.purse().unpriced


# Through the agent


async def test_at_the_limit_words_come_back_and_the_history_stays_whole(tmp_path):
    on = stage(tmp_path, lines(first=[Says("hello", usage=DOLLAR)]), limits=Limits(budget_usd=1.0))
    conversation = on.open()
    assert (await conversation.say("first")).stop == "end_turn"
    tip = conversation.tree.branches["main"].tip
    outcome = await conversation.say("second")
    assert outcome.stop == "budget"
    assert "has spent $1.00 of $1.00" in outcome.error
    assert on.seen(TurnEnded)[-1].draft == "second"
    assert conversation.tree.branches["main"].tip is tip
    assert len(on.provider.sent) == 1
    await run_command(conversation, "/budget 5")
    assert (await conversation.say("second")).stop == "end_turn"
    assert verify(conversation.tree).problem is None


async def test_tools_that_ran_are_not_lost_when_the_money_is(tmp_path):
    on = stage(tmp_path, lines(first=[Says(calls=(READ,), usage=DOLLAR)]), limits=Limits(budget_usd=1.0))
    conversation = on.open()
    assert (await conversation.say("first")).stop == "budget"
    conversation.agent.set_budget(4.0)
    assert (await conversation.say("go on")).stop == "end_turn"
    newest = on.provider.sent[-1].newest
    assert [block["type"] for block in newest] == ["tool_result", "text"]
    assert not newest[0].get("is_error")


async def test_a_fork_at_its_limit_reports_what_it_has_found_and_stops(tmp_path):
    found = Says("it is in harbour.py:7", calls=(READ,), usage=DOLLAR)
    on = stage(tmp_path, lines(task_one=[found, found]))
    conversation = on.open()
    await conversation.say("first")
    (branch,) = await ended(conversation, conversation.agent.fork(["task_one"], budget=1.0))
    assert (branch.status, branch.report) == ("stopped", "it is in harbour.py:7")
    assert branch.error.startswith("budget: fork a has spent $1.00 of $1.00")
    assert len(on.provider.sent) == 2
    await conversation.say("and?")
    assert "it is in harbour.py:7\n[budget: " in on.provider.sent[-1].texts[-2]
    assert on.provider.illegal == []


async def test_a_fork_hears_what_it_has_behind_what_its_siblings_share(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    await ended(conversation, conversation.agent.fork(["task_one", "task_two"], budget=0.5))
    one, two = on.provider.sent[1:]
    assert [block["text"] for block in one.newest[1:]] == ["task_one", one.newest[2]["text"]]
    assert "may cost $0.25" in one.newest[2]["text"]
    at = next(at for at, (a, b) in enumerate(zip(prefix(one.body), prefix(two.body), strict=True)) if a != b)
    assert prefix(one.body)[:at].endswith(b'"text":"task_')
    marks = [place for place, block in enumerate(one.newest) if "cache_control" in block]
    assert marks == [0, 2]
    assert verify(conversation.tree).problem is None


async def test_a_fork_without_a_limit_of_its_own_hears_nothing_of_money(tmp_path):
    on = stage(tmp_path, lines(), limits=Limits(budget_usd=5.0))
    conversation = on.open()
    await ended(conversation, conversation.agent.fork(["task_one"]))
    assert on.provider.sent[0].newest[-1]["text"] == "task_one"


async def test_before_its_last_request_a_fork_is_told_to_report(tmp_path):
    read = Says(calls=(READ,), usage=DOLLAR)
    last = Says("all I found", usage=DOLLAR)
    on = stage(tmp_path, lines(task_one=[read, read, last]), setup={"window": 1_000_000})
    conversation = on.open()
    await conversation.say("first")
    (branch,) = await ended(conversation, conversation.agent.fork(["task_one"], budget=3.5))
    assert (branch.status, branch.report) == ("done", "all I found")
    _, second, third = on.provider.sent[1:]
    assert [block["type"] for block in second.newest] == ["tool_result"]
    assert "one more message" in third.newest[-1]["text"]


async def test_a_fork_is_refused_more_than_there_is(tmp_path):
    on = stage(tmp_path, lines(), limits=Limits(budget_usd=1.0))
    conversation = on.open()
    with pytest.raises(ForkRefused, match="budget"):
        conversation.agent.fork(["task_one"], budget=1.5)
    assert conversation.agent.running() == []


# What the provider may have dropped


def test_the_most_that_input_can_cost_is_reserved_not_what_is_foretold():
    session = Session()
    session.limit(1.0)
    sent = session.send("main", 100, foretold=10)
    assert session.budgets.purse().reserved == 0.5
    session.begin(sent, part=0.1)
    assert (session.budgets.purse().spent, session.budgets.purse().reserved) == (pytest.approx(0.05), 0.0)


def test_what_fits_when_others_have_begun_is_held_and_what_never_fits_is_refused():
    session = Session()
    session.limit(0.9)
    session.send("main", 150, foretold=10)
    with pytest.raises(Held, match=r"up to \$0.50"):
        session.send("main", 100, foretold=10)
    with pytest.raises(Exhausted, match=r"the next request would cost \$0.95") as refused:
        session.send("main", 199, foretold=190)
    assert not isinstance(refused.value, Held | Risky)


def test_what_fits_only_as_foretold_is_a_persons_to_risk_for_that_purse_alone():
    session = Session()
    session.branch("a", "main", 0.4)
    session.branch("b", "main", 0.4)
    with pytest.raises(Risky, match=r"fork a has spent .* \$0.0500, or \$0.50 if the provider has dropped") as risky:
        session.send("a", 100, foretold=10)
    assert (risky.value.holder, risky.value.room) == ("a", 0.4)
    session.budgets.risk("a")
    session.send("a", 100, foretold=10)
    assert session.budgets.purse("a").left == pytest.approx(0.35)
    with pytest.raises(Risky):
        session.send("b", 100, foretold=10)


LONG = {"minimum": 512, "window": 1_000_000}


def half_a_dollar(sent) -> Says:
    """Then four cents each time, which may be half a dollar again."""
    first = len(sent.texts) == 1
    return Says("ok", usage=Usage(write_5m=100_000) if first else Usage(read=100_000, write_5m=100))


async def test_near_its_limit_a_budget_lets_nothing_go_that_could_pass_it(tmp_path):
    on = stage(tmp_path, half_a_dollar, limits=Limits(budget_usd=0.8), setup=LONG)
    conversation = on.open()
    assert (await conversation.say("first")).stop == "end_turn"
    outcome = await conversation.say("again")
    assert outcome.stop == "budget" and "if the provider has dropped what it holds" in outcome.error
    assert len(on.provider.sent) == 1


@pytest.mark.parametrize(("answer", "sent"), [("once", 3), ("no", 1)])
async def test_a_person_is_asked_once_and_may_risk_it(tmp_path, answer, sent):
    person = Person()
    on = stage(tmp_path, half_a_dollar, limits=Limits(budget_usd=0.8), setup=LONG, asker=person)
    conversation = on.open()
    await conversation.say("first")
    turn = asyncio.create_task(conversation.say("first again"))
    await until(lambda: person.questions)
    assert person.questions[0].cost.usd > person.questions[0].cost.limit
    person.answers(0, answer)
    stop = (await turn).stop
    assert (stop == "end_turn") == (answer != "no")
    if answer != "no":
        assert (await conversation.say("first once more")).stop == "end_turn"
    assert (len(person.questions), len(on.provider.sent)) == (1, sent)


async def test_forks_that_do_not_fit_at_once_go_one_behind_the_other(tmp_path):
    on = stage(tmp_path, half_a_dollar, limits=Limits(budget_usd=2.0), setup=LONG)
    conversation = on.open()
    await conversation.say("first")
    children = await ended(conversation, conversation.agent.fork([f"task {n}" for n in range(8)]))
    assert [branch.status for branch in children] == ["done"] * 8
    assert conversation.purses()[0].spent < 1.0


async def test_a_retry_is_reserved_anew(tmp_path):
    lost = Says(refused=failure("overloaded", retryable=True))
    on = stage(tmp_path, lines(first=[lost, Says("there")]), limits=Limits(budget_usd=0.2))
    conversation = on.open()
    assert (await conversation.say("first")).stop == "end_turn"
    assert len(on.provider.sent) == 2
    assert conversation.purses()[0].reserved == 0.0


async def test_a_resume_keeps_what_was_set_and_a_flag_replaces_it(tmp_path):
    on = stage(tmp_path, lines(first=[Says("hello", usage=DOLLAR)]), limits=Limits(budget_usd=3.0))
    conversation = on.open()
    await conversation.say("first")
    conversation.agent.set_budget(7.0)
    await conversation.close()
    again = on.again()
    assert again.purses()[0].limit == 7.0
    assert again.purses()[0].spent == pytest.approx(1.0)
    await again.close()
    flagged = open_saved(replace(on.config(), budget=1.0), Store(on.home).find("last", on.folder))
    assert (await flagged.say("more")).stop == "budget"
    await flagged.close()
    later = on.again()
    later.agent.set_budget(0.0)
    await later.close()
    last = on.again()
    assert last.purses()[0].limit is None
    await last.close()


async def test_an_unknown_price_is_told_with_the_first_request_that_no_budget_holds(tmp_path):
    on = stage(tmp_path, lines(), limits=Limits(budget_usd=1.0))
    conversation = on.open(model="somebody-else-1")
    await conversation.say("first")
    await conversation.say("second")
    said = [notice.text for notice in on.seen(Notice) if "price" in notice.text]
    assert len(said) == 1


# As a person sets them


async def test_the_budget_command_sets_and_shows_every_purse(tmp_path):
    gate = "hold", {"name": "gate"}
    on = stage(tmp_path, lines(first=[Says("hi", usage=DOLLAR)], task_one=[Says(calls=(gate,))]))
    conversation = on.open()
    await conversation.say("first")
    assert (await run_command(conversation, "/budget")).text == "session: $1.00 spent; no limit"
    assert (await run_command(conversation, "/budget $4.5")).text == "session: $1.00 spent, $3.50 left of $4.50"
    await run_command(conversation, "/fork --budget 2 task_one")
    await until(lambda: on.hold.begun)
    shown = (await run_command(conversation, "/budget a 1.5")).text.splitlines()
    assert [line.partition(":")[0] for line in shown] == ["session", "a"]
    assert shown[1].endswith("of $1.50")
    on.hold.gate("gate").set()
    await conversation.agent.stop("a")
    assert (await run_command(conversation, "/budget 0.50")).text.splitlines()[0].endswith("over of $0.50")


@pytest.mark.parametrize("words", ["-1", "lots", "nan", "inf", "z 1", "main lots", "1 2 3"])
async def test_what_is_no_amount_is_told(tmp_path, words):
    conversation = stage(tmp_path, lines()).open()
    with pytest.raises(Exception, match=r"no amount|no fork"):
        await run_command(conversation, f"/budget {words}")
    assert conversation.purses()[0].limit is None
