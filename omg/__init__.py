"""OMG: a terminal coding agent built around fork()."""

__version__ = "0.1.0"
