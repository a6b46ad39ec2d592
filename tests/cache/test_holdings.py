"""What is known of the provider's cache: siblings' equal blocks are one place, and counts stand where they fell."""

from omg.cache.forecast import forecast
from omg.cache.holdings import Holdings
from omg.cache.places import backwards, places_of
from omg.core.usage import Usage
from omg.wire.request import Mark
from tests.wire.histories import HEAD, said, talk

TRUNK = talk("a question", "an answer")
ONE = said("the instruction", "task one", parent=TRUNK)
OTHER = said("the instruction", "task two", parent=TRUNK)


def marks(node, shared):
    return (Mark("1h"), Mark("1h", TRUNK, 0), Mark("5m", node, 0)) if shared else (Mark("1h"), Mark("5m", node, 1))


def learnt(holdings, node, usage, shared=True):
    holdings.sent(HEAD, marks(node, shared), 0.0)
    holdings.began(HEAD, node, marks(node, shared), usage, sent=0.0, now=1.0, account="", minimum=512)


def test_siblings_share_the_places_before_they_differ():
    assert places_of(ONE)[0] == places_of(OTHER)[0]
    assert places_of(ONE)[1] != places_of(OTHER)[1]
    assert len(set(places_of(TRUNK) + places_of(ONE))) == 3


def test_the_look_back_goes_through_every_block_to_the_head():
    assert list(backwards(Mark("5m", ONE, 1))) == [
        *reversed(places_of(ONE)),
        *places_of(TRUNK),
        *places_of(TRUNK.parent),
        b"",
    ]


def test_what_a_sibling_has_written_is_foretold_to_be_read_exactly():
    holdings = Holdings()
    learnt(holdings, ONE, Usage(plain=31, write_1h=2000, write_5m=107))
    found = forecast(holdings, HEAD, OTHER, marks(OTHER, shared=False), now=2.0, minimum=512)
    assert found.usage.read == 2107
    assert holdings.tokens(HEAD, TRUNK) == 2000


def test_a_count_in_the_middle_of_a_message_leaves_only_the_rest_of_it_to_be_estimated():
    holdings = Holdings()
    learnt(holdings, ONE, Usage(plain=31, write_1h=2000, write_5m=107))
    assert holdings.tokens(HEAD, OTHER, 0) == 2107
    assert holdings.tokens(HEAD, ONE) == 2138
    assert holdings.tokens(HEAD, OTHER) > 2107


def test_what_was_never_answered_cannot_be_read():
    holdings = Holdings()
    holdings.sent(HEAD, marks(ONE, shared=True), 0.0)
    assert forecast(holdings, HEAD, OTHER, marks(OTHER, shared=False), now=1.0, minimum=512).usage.read == 0
    holdings.withdrawn(HEAD, marks(ONE, shared=True))
    assert forecast(holdings, HEAD, OTHER, marks(OTHER, shared=False), now=1.0, minimum=512).lost is None
