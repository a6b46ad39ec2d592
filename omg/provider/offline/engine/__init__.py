"""The engine: rules that stand in place of a model, doing useful work with the tools a request offers."""

from omg.provider.offline.engine.reply import Reply, TextBlock, ToolCall
from omg.provider.offline.engine.respond import respond

__all__ = ["Reply", "TextBlock", "ToolCall", "respond"]
