"""The margin of the screen: what forks do, what the cache does, and the line that says both in short."""
