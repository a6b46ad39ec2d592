"""Before images go out: whether they fit beside those that are there, and what the first one costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from omg.agent.live import Live
from omg.agent.runtime import Runtime
from omg.agent.spending import agreed, of_first_image
from omg.cache.pictures import images_in
from omg.core.amounts import money, tokens
from omg.core.spoken import Attachment, Image
from omg.session.images import fits_beside


async def admitted(
    runtime: Runtime, live: Live, attachments: Sequence[Attachment], tell: Callable[[str], None]
) -> bool:
    """Whether they may go out on `live`. The price of a first image is told in any case, and asked for above the limit
    that goes unasked."""
    others = images_in(live.branch.tip)
    for image in (one for one in attachments if isinstance(one, Image)):
        wrong = fits_beside(image, others)
        if wrong is not None:
            tell(wrong)
            return False
    found = of_first_image(runtime, live, attachments)
    if found is None:
        return True
    count, usd = found
    tell(f"the first image is a new key for all messages: {tokens(count)} tokens are written anew, {money(usd)}")
    return await agreed(runtime, live.name, f"image: {tokens(count)} tokens to write anew", usd)
