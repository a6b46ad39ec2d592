"""How long what nobody waits for holds back, so that what somebody waits for comes first."""

BREATH = 0.2
"""Seconds between a session's opening and work that nobody waits for yet: what was typed before is answered first."""
