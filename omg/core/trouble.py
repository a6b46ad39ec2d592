"""Trouble: what can be expected to go wrong, told in one line that says what to do."""

from __future__ import annotations


class Trouble(Exception):
    """The root of the errors that a person is told in one line. `str(error)` is that line."""
