"""A dictionary of requests like any other, in which those settled long ago take little room."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omg.agent import requests
from omg.agent.journal import ReplyBegun, RequestLogged, RequestSettled
from omg.agent.pack import BadPack, pack, unpack
from omg.agent.requests import Request, Requests
from omg.core.usage import Usage


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(requests, "PACKED", 4)
    monkeypatch.setattr(requests, "LOOSE", 5)


def logged(n: int) -> RequestLogged:
    marks = ((None, -1, "1h"), ("ab", 0, "5m"))
    values = {"n": n, "branch": "main", "head": "h", "tip": f"t{n}", "marks": marks, "max_tokens": 1, "hash": "x"}
    return RequestLogged(at=n / 7, size=3, purpose="turn", predicted=Usage(1, 2), **values)


def whole(n: int) -> Request:
    begun = ReplyBegun(at=1.5, n=n, message_id=f"m{n}", usage=Usage(n), seconds=0.25)
    return Request(logged(n), begun, RequestSettled(at=2.5, n=n, how="whole", usage=Usage(n, output=None)))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=60))
def test_it_is_a_dictionary(steps):
    found, known = Requests(), {}
    for n, settled in steps:
        found[n] = known[n] = whole(n) if settled else Request(logged(n))
    assert list(found.items()) == list(known.items())
    assert list(found) == list(known)
    assert list(reversed(found)) == list(reversed(known))
    assert list(reversed(found.values())) == list(reversed(known.values()))
    assert len(found) == len(known)
    assert all(found[n] == known[n] for n in known)
    assert [n for n in range(50) if n in found] == sorted(known)
    assert found.get(99) is None
    assert found.unsettled() == [request for request in known.values() if request.settled is None]
    assert found == known


def test_those_settled_long_ago_are_packed_and_the_newest_and_the_open_are_not():
    found = Requests()
    for n in range(1, 30):
        found[n] = whole(n)
    assert len(found._loose) < 9
    held = found[29]
    held.settled = None
    assert found[29] is held
    found = Requests()
    for n in range(1, 30):
        found[n] = Request(logged(n)) if n == 2 else whole(n)
    found.loose(2).begun = whole(2).begun
    assert found[2].begun == whole(2).begun


def test_one_that_was_packed_can_be_changed_all_the_same():
    found = Requests()
    for n in range(1, 30):
        found[n] = whole(n)
    found.loose(1).settled = None
    assert found[1].settled is None
    assert list(found) == list(range(1, 30))
    del found[3]
    assert 3 not in found
    with pytest.raises(KeyError):
        found[3]


def test_what_is_packed_comes_back_as_it_was():
    value = {"a": [whole(1), None, ("x", 1.5)]}
    assert unpack(pack(value)) == value


@pytest.mark.parametrize("data", [b"", b"x", pack(whole(1))[:-3], b"cos\nsystem\n(S'true'\ntR.", b"\x80\x04N0."])
def test_bytes_that_are_not_ours_make_nothing(data):
    with pytest.raises(BadPack):
        unpack(data)


def test_those_after_a_number_come_in_order_wherever_they_are():
    found = Requests()
    for n in range(1, 30):
        found[n] = whole(n)
    for n in (0, 1, 4, 6, 20, 28, 29, 99):
        assert [request.logged.n for request in found.after(n)] == list(range(n + 1, 30))
