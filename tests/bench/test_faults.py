"""The true cause of a miss is named, on a server whose rules are not those of the forecast."""

from bench.faults import main


def test_the_true_cause_is_named_in_99_of_100_random_faults(capsys):
    assert main(150) >= 0.99, capsys.readouterr().out
