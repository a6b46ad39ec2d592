"""Days of one session: what is decided by arithmetic beats forgetting nothing by far."""

from bench.days import OURS, PLAIN, perform


def test_forgetting_on_purpose_costs_a_fraction():
    ours, plain = perform(OURS, turns=60), perform(PLAIN, turns=60)
    assert ours.usd <= 0.6 * plain.usd
