"""The line REPL. What is imported here is light: the prompt must be on screen before anything heavy is loaded."""

from omg.ui.repl.screen import run

__all__ = ["run"]
