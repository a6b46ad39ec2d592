"""Rows add up, whatever is put where, and finding one is the inverse of where it begins."""

from hypothesis import given
from hypothesis import strategies as some

from omg.ui.tui.transcript.rows import Rows

HEIGHTS = some.lists(some.integers(1, 9), min_size=1, max_size=30)


@given(HEIGHTS, HEIGHTS, some.data())
def test_rows_add_up(first, earlier, data):
    rows, plain = Rows(), []
    for height in first:
        rows.append(height)
        plain.append(height)
    assert rows.total == sum(plain)
    rows.prepend(earlier)
    plain[:0] = earlier
    for _ in range(5):
        place, height = data.draw(some.integers(0, len(plain) - 1)), data.draw(some.integers(1, 9))
        assert rows.set(place, height) == height - plain[place]
        plain[place] = height
        assert rows.total == sum(plain)
    for place in range(len(plain)):
        assert rows.start(place) == sum(plain[:place])
        assert rows.find(rows.start(place)) == place
        assert rows.find(rows.start(place) + plain[place] - 1) == place


def test_without_items_there_is_nothing_to_find():
    assert (Rows().total, Rows().find(0)) == (0, -1)
