"""A request that the offline API refuses, with the status, type and words that the real one answers with."""

from __future__ import annotations


class Fault(Exception):
    """Becomes `{"type": "error", "error": {"type": …, "message": …}}` (errors docs, August 2026)."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message


def invalid(message: str) -> Fault:
    """A 400."""
    return Fault(400, "invalid_request_error", message)


def missing(what: str) -> Fault:
    """A 404."""
    return Fault(404, "not_found_error", what)
