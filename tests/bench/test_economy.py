"""Economy holds: cost against a client that wastes nothing, foresight request by request, and published figures."""

import pytest

from bench.clock import run
from bench.economy import FLOOR, measure, perform
from bench.ideal import ideal
from bench.published import (
    COMIS_CALLS,
    COMIS_HIT,
    COMIS_RATIO,
    COMIS_SAVED,
    COMIS_TOKENS,
    O18_SHARED,
    O18_WORKERS,
    RESUME_PREFIX,
    rebuilt,
    shared_part,
    token_equivalents,
)
from bench.stage import Stage, fill, say
from bench.workloads import WORKLOADS
from omg.session import accounts


@pytest.fixture(scope="module", params=WORKLOADS, ids=lambda name: name.replace(" ", "_"))
def measured(request, tmp_path_factory):
    return request.param, perform(WORKLOADS[request.param], tmp_path_factory.mktemp("economy"))


def test_a_client_that_wastes_nothing_would_hardly_pay_less(measured):
    assert measured[1].efficiency >= FLOOR


def test_what_is_read_was_foretold_exactly_and_nothing_is_blamed(measured):
    _, done = measured
    assert [(one.request.logged.branch, one.foretold.read, one.billed.read) for one in done.surprises] == []
    assert [one.cause for one in done.seen if one.cause] == []


def test_the_books_hold_what_the_provider_billed(measured):
    _, done = measured
    assert [one.request.settled.usage for one in done.seen] == [one.billed for one in done.seen]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return rebuilt(tmp_path_factory.mktemp("published"))


def test_what_published_workloads_read_was_foretold_exactly(published):
    news = [(one.foretold.read, one.billed.read) for done in published for one in done.surprises]
    assert news == []


def test_comis_is_beaten_with_its_own_calls_and_prompt_tokens(published):
    pipeline, _, _ = published
    assert len(pipeline.seen) == COMIS_CALLS
    assert pipeline.usage.input == pytest.approx(COMIS_TOKENS, rel=0.01)
    assert pipeline.usage.ratio > COMIS_RATIO
    assert pipeline.usage.hit > COMIS_HIT
    assert pipeline.saved > COMIS_SAVED
    assert len({one.request.logged.branch for one in pipeline.seen}) == 8


def test_twenty_workers_pay_for_one_write_and_nineteen_reads(published):
    _, pool, _ = published
    tokens, bills = shared_part(pool.seen)
    assert len(bills) == O18_WORKERS
    assert tokens == pytest.approx(O18_SHARED, rel=0.03)
    assert token_equivalents(bills) == pytest.approx(tokens * 1.25 + (O18_WORKERS - 1) * tokens * 0.1)


def test_a_resume_reads_all_but_the_new_tokens(published):
    _, _, resumed = published
    before, last = resumed.seen[-2].billed, resumed.seen[-1].billed
    assert before.input == pytest.approx(RESUME_PREFIX, rel=0.03)
    assert last.read == before.input


async def waste(stage: Stage) -> None:
    """A turn whose prefix the provider has thrown away before the next."""
    conversation = stage.open()
    await say(conversation, "look at 3 files, 1 at once")
    stage.server.cache.evict()
    await say(conversation, "and now?")
    await conversation.close()


def test_the_bench_sees_waste_where_there_is_some(tmp_path):
    done = perform(waste, tmp_path)
    assert done.efficiency < 0.9
    assert [one.cause for one in done.surprises] == ["evicted by the provider"]


def test_the_ideal_client_reads_only_what_was_sent_before(tmp_path):
    stage = Stage(tmp_path / "home", fill(tmp_path / "work"))
    run(WORKLOADS["6 reads, 4 forks of 3 reads, join"](stage))
    first, second, *_ = ideal(stage.server.sent)
    assert first.read == 0
    assert second.read == first.input
    assert [usage.input for usage in ideal(stage.server.sent, begun=True)] == [
        one.usage.input for one in stage.server.sent
    ]
    assert measure(stage).usage == accounts.sums(accounts.lines(stage.opened[0].tree)).usage
