"""Days of one session: what is decided by arithmetic beats forgetting nothing by far, and a fixed policy as well."""

from bench.days import OURS, PLAIN, Policy, perform

BEST = Policy("fixed", "1h", 0.3, "both")


def test_forgetting_on_purpose_costs_a_fraction():
    ours, plain = perform(OURS, turns=40), perform(PLAIN, turns=40)
    assert ours.usd <= 0.6 * plain.usd
    assert ours.usd <= 1.05 * perform(BEST, turns=40).usd
