"""The picker: what is typed, the rows, and the choice."""

from pathlib import Path

import pytest

from omg.core.trouble import Trouble
from omg.session.picker import Picker
from omg.session.query import BadQuery
from omg.session.summary import Found, Hit, Summary


def session(id: str, title: str, updated: float, hits=(), **values) -> Found:
    return Found(Summary(id, Path(f"{id}.jsonl"), "/w/omg", title, 0.0, updated, **values), tuple(hits))


class Some:
    """Finds the sessions whose titles hold the words."""

    def __init__(self, *sessions: Found) -> None:
        self.sessions = sessions

    def find(self, query, limit=50):
        return [one for one in self.sessions if all(word in one.summary.title for word in query.words)]

    def preview(self, id):
        return f"the end of {id}"


SESSIONS = Some(
    session("aaa111", "the cache is cold", 9_000.0, turns=2, forks=3, cost_usd=1.5, branch="main"),
    session("bbb222", "the cache is warm", 5_000.0, [Hit("a", "n1", "report", "so the cache", ((7, 12),))], turns=1),
    session("abc333", "", 100.0),
)


def picker(current=None) -> Picker:
    return Picker(SESSIONS, Path("/w"), lambda: 9_060.0, current)


def test_a_row_says_what_when_where_and_how_much():
    first, second, third = picker().search("")
    assert (first.number, first.id, first.title) == (1, "aaa111", "the cache is cold")
    assert first.about == "1 min ago · /w/omg · main · 2 turns · 3 forks · $1.50"
    assert second.about == "1 h ago · /w/omg · 1 turn"
    assert third.title == "(no words yet)"


def test_a_hit_on_a_fork_names_it_and_its_marks_stay_on_the_words():
    row = picker().search("warm")[0]
    assert row.hit == "a: so the cache"
    assert [row.hit[start:end] for start, end in row.marks] == ["cache"]


def test_the_session_one_is_in_is_no_choice():
    assert [row.id for row in picker("aaa111").search("")] == ["bbb222", "abc333"]


def test_a_number_an_id_or_words_choose():
    rows = picker()
    rows.search("")
    assert rows.choose("2") == "bbb222"
    assert rows.choose(" aaa ") == "aaa111"
    assert rows.choose("cold") == "aaa111"


def test_words_with_several_sessions_leave_them_as_rows():
    rows = picker()
    with pytest.raises(Trouble, match="2 sessions match: say a number"):
        rows.choose("cache")
    assert rows.choose("2") == "bbb222"


def test_words_without_a_session_say_so():
    with pytest.raises(Trouble, match="no session matches 'pony'"):
        picker().choose("pony")


def test_a_bad_query_keeps_the_rows():
    rows = picker()
    before = rows.search("")
    with pytest.raises(BadQuery):
        rows.search("since:someday")
    assert rows.rows == before


def test_the_preview_is_the_sources():
    rows = picker()
    assert rows.preview(rows.search("warm")[0]) == "the end of bbb222"
