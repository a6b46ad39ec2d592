"""Money and names, as short as a line on a screen needs them."""

from omg.core.amounts import dollars, short_model

__all__ = ["dollars", "short_model"]
