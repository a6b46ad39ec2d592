"""The bottom line: model, context, the live ratio of the whole tree, money, forks, warmth."""

from __future__ import annotations

import time

from rich.cells import cell_len

from omg.session.glance import Status
from omg.session.telling import one_line
from omg.ui.text import cut


def bottom_line(seen: Status, width: int) -> str:
    """The bottom line in `width` cells. It is drawn when something happens, and not each second."""
    return cut(one_line(seen, time.time(), width, cell_len, steady=True), width)
