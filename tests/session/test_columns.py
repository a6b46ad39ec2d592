"""Tables: all of it, or what a screen has room for."""

from omg.session.columns import Table, laid_out

ROWS = [("name", "read", "cost"), ("a", "12", "$0.50"), ("longer", "3", "$12.00")]


def test_columns_are_aligned_at_the_right():
    assert Table(ROWS).text() == "  name  read    cost\n     a    12   $0.50\nlonger     3  $12.00"


def test_what_matters_least_goes_first_and_only_what_may_go():
    table = Table(ROWS, ("read", "name"))
    assert table.text(20) == table.text()
    assert table.text(19) == "  name    cost\n     a   $0.50\nlonger  $12.00"
    assert table.text(13) == table.text(1) == "  cost\n $0.50\n$12.00"


def test_lines_stand_between_tables():
    assert laid_out(["sums", Table(ROWS[:1], ("read",)), "", "end"], 10) == "sums\nname  cost\n\nend"
