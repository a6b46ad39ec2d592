"""Characters that no screen shows as they are: they move the cursor, hide text, or turn its direction round."""

from __future__ import annotations

import re

# Also what turns the direction of writing around: with it, a command can read as another one. Halves of surrogate pairs
# can be neither shown nor stored.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def exact(text: str) -> str:
    """`text` with everything hidden made visible, as its escape."""
    return HIDDEN.sub(lambda found: found[0].encode("unicode_escape", "replace").decode(), text)
