"""Sixty turns, folded again and again while forks run: no fork shares a byte less, and hardly a cent is wasted."""

from bench.folds import perform


def test_compaction_disturbs_no_fork(tmp_path):
    found = perform(tmp_path)
    assert found.compactions >= 6
    assert found.crossings >= 6
    assert found.short == ()
    assert found.refused == 0
    assert found.prefix_read >= 0.99
    assert found.measured.efficiency >= 0.99
    assert found.measured.surprises == []
