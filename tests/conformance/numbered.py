"""The numbers of the conformance list that are tried, as the tests name them."""

from __future__ import annotations

from typing import Any

import pytest

TRIED: set[int] = set()


def case(number: int, words: str, *values: Any) -> Any:
    """One mutation as a parameter set, named by its number in the list."""
    TRIED.add(number)
    return pytest.param(*values, id=f"M{number:03d} {words}")
