"""What is new is foretold within a few per cent, whatever the tokenizer, and what is read exactly."""

import pytest

from bench.foresight import foreseen, off
from bench.tokenizers import TOKENIZERS


@pytest.mark.parametrize("name", TOKENIZERS)
def test_what_is_read_is_foretold_exactly_and_what_is_new_within_three_per_cent(name, tmp_path):
    found = off(foreseen(name, tmp_path))
    assert found.surprises == 0
    assert found.together <= 0.03
    assert found.median <= 0.01
    assert found.worst <= 0.15, "the first results of a session with a tokenizer that is unlike what it begins with"
