"""The sums that grow are the ledger's own, to the last bit, after every step."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from omg.agent import bill
from omg.agent.journal import RequestSettled
from omg.agent.tally import Tally
from omg.core.usage import Usage
from omg.session import accounts
from tests.purses import Session, head_of


def same(tally: Tally) -> None:
    lines = accounts.lines(tally.tree)
    assert tally.figures() == accounts.sums(lines)
    for name in tally.tree.branches:
        assert tally.figures(name) == accounts.of_branch(lines, name)
    assert tally.newest(5) == lines[-5:]
    assert tally.newest(3, "a") == [line for line in lines if line.branch == "a"][-3:]
    assert list(tally.missed()) == [line for line in lines if line.cause]
    assert [request.logged.n for request in tally.open()] == [
        n for n, request in tally.tree.requests.items() if request.settled is None
    ]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_after_every_step_it_is_the_ledger(seed, priced):
    dice, session = Random(seed), Session(head=head_of() if priced else head_of("a-model-nobody-knows"))
    session.branch("a", "main")
    session.branch("b", "a")
    tally, looks = Tally(session.tree), dice.random()
    for _ in range(30):
        flying = [sent for sent in session.sent if sent.under_way]
        if not flying or dice.random() < 0.4:
            session.send(dice.choice(["main", "a", "b"]), dice.random() * 100)
        else:
            go_on(session, dice, dice.choice(flying))
        if dice.random() < looks:
            same(tally)
    same(tally)
    same(Tally(session.tree))


def go_on(session: Session, dice: Random, sent) -> None:
    if sent.state == "sent":
        session.begin(sent) if dice.random() < 0.7 else session.fail(sent)
    elif dice.random() < 0.2:
        session.cut(sent, dice.random() * 3)
    elif dice.random() < 0.2:
        usage = Usage(read=dice.randrange(9000), write_5m=dice.randrange(9000), output=dice.randrange(900))
        session.tree.apply(RequestSettled(at=1.0, n=sent.n, how="whole", usage=usage, cause="evicted", lost=70))
        sent.state = "whole"
    else:
        session.end(sent, dice.random() * 9)


def test_a_look_costs_what_is_new_and_what_is_under_way(monkeypatch):
    session, counted = Session(), []
    for _ in range(50):
        sent = session.send("main", 1)
        session.begin(sent)
        session.end(sent, 1)
    tally, line = Tally(session.tree), bill.line
    tally.figures()
    session.begin(session.send("main", 1))
    monkeypatch.setattr(bill, "line", lambda tree, request: counted.append(request.logged.n) or line(tree, request))
    tally.figures()
    tally.figures()
    assert counted == [51]
