"""Talking to a model: the protocol, the SDK, profiles, and the offline provider."""
