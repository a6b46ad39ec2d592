"""The words everyone above the wire shares: usage, events, tools, the catalog."""
