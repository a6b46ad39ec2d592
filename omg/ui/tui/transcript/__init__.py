"""A conversation as something to read: what was said and done on one branch, live, of any length."""

from omg.ui.tui.transcript.view import Transcript

__all__ = ["Transcript"]
