"""What is typed to find a session, as it is understood."""

from datetime import datetime

import pytest

from omg.session.query import BadQuery, Query, parse_day, parse_query

NOW = datetime(2026, 11, 20, 15, 30).timestamp()


def test_words_and_phrases_and_filters_in_any_order(tmp_path):
    found = parse_query('cache branch:main "side by side" since:2026-11-01 resume', NOW, tmp_path)
    since = datetime(2026, 11, 1).timestamp()
    assert found == Query(words=("cache", "side by side", "resume"), branch="main", since=since)


def test_a_folder_is_taken_from_here_and_is_real(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert parse_query("folder:link", NOW, tmp_path).folder == str(tmp_path.resolve() / "there")
    assert parse_query('folder:"no such folder"', NOW, tmp_path).folder == str(tmp_path.resolve() / "no such folder")


@pytest.mark.parametrize(
    ("day", "first"),
    [
        ("2026-11-20", datetime(2026, 11, 20)),
        ("today", datetime(2026, 11, 20)),
        ("yesterday", datetime(2026, 11, 19)),
        ("12h", datetime(2026, 11, 20, 3, 30)),
        ("3d", datetime(2026, 11, 17, 15, 30)),
        ("2026-11-20T08:15", datetime(2026, 11, 20, 8, 15)),
    ],
)
def test_days(day, first):
    assert parse_day(day, NOW) == first.timestamp()


def test_until_a_day_is_until_its_end():
    assert parse_day("2026-11-19", NOW, end=True) == pytest.approx(datetime(2026, 11, 20).timestamp(), abs=1)


@pytest.mark.parametrize("day", ["soon", "2026-13-01", "99999y", "0001-01-01", "3x", "-1d"])
def test_what_is_no_day_says_what_is(day, tmp_path):
    with pytest.raises(BadQuery, match="no day: say 2026"):
        parse_query(f"since:{day}", NOW, tmp_path)


@pytest.mark.parametrize("text", ["", "  ", '"', '""', 'folder:""'])
def test_nothing_asks_for_nothing(text, tmp_path):
    assert not parse_query(text, NOW, tmp_path).narrowed


def test_a_filter_without_a_value_is_a_word(tmp_path):
    assert parse_query("since: forever", NOW, tmp_path) == Query(words=("since:", "forever"))


def test_a_folder_admits_what_lies_below_it_and_no_namesake():
    query = Query(folder="/a/b")
    assert query.admits("/a/b", None, 0)
    assert query.admits("/a/b/c", None, 0)
    assert not query.admits("/a/bc", None, 0)
    assert Query(folder="/").admits("/a", None, 0)
