"""Dialogs: each asks a person for one thing, above the screen, and is dismissed with the answer, or None."""
