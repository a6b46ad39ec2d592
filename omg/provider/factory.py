"""From a choice of provider to the provider."""

from __future__ import annotations

import time

from omg.provider.messages import MessagesProvider
from omg.provider.profiles import OFFLINE, Choice
from omg.provider.sdk import App, SdkTransport, Secret

# No socket is behind it: requests to it go to the offline app in this process.
_IN_PROCESS = "http://offline"


def build_provider(choice: Choice, *, delay: float = 0.01) -> MessagesProvider:
    """The provider that was chosen. `delay`, in seconds, is the offline provider's pause before each piece."""
    if choice.endpoint == OFFLINE:
        return MessagesProvider(SdkTransport(_IN_PROCESS, app=_offline(delay)), choice.profile, OFFLINE)
    secret = Secret(choice.api_key, choice.auth_token)
    return MessagesProvider(SdkTransport(choice.endpoint, secret), choice.profile, choice.endpoint)


def _offline(delay: float) -> App:
    from omg.provider.offline.api import OfflineApp

    return OfflineApp(time.monotonic, delay=delay)
