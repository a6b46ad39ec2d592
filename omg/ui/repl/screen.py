"""The start of the REPL."""

from __future__ import annotations

from omg.ui.screen import Screen


def run(screen: Screen) -> int:
    """Talk until the person leaves; the exit status. Raises Trouble where no session can be opened."""
    import asyncio
    import os

    if os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        from omg.ui.repl.plain import talk_plainly as talk
    else:
        from omg.ui.repl.app import talk
    return asyncio.run(talk(screen))
