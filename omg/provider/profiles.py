"""Who answers: a profile for each endpoint, and the choice of one from a name and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from omg.core.trouble import Trouble
from omg.core.usage import Ttl

OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is particular to an endpoint, as data."""

    name: str
    base_url: str
    key_variables: tuple[str, ...] = ()
    """The variables that may hold its key, the first found wins. None: it needs no key."""
    cache: Literal["markers", "automatic", "none"] = "automatic"
    """markers: `cache_control` decides what is cached. automatic: it caches by itself and ignores markers."""
    ttls: tuple[Ttl, ...] = ()
    """The lifetimes a marker may ask for."""
    ping_tokens: int = 1
    """`max_tokens` of the cheapest request it takes: 0, where it is known to allow that, says nothing at all."""
    diagnoses: bool = False
    """Whether it says, when it is asked, why a prompt was not read from its cache."""
    counts_tokens: bool = False
    """Whether it answers `/v1/messages/count_tokens`."""
    usage_in: Literal["message_start", "message_delta"] = "message_start"
    """Where the split into read and plain tokens is told. message_start is refined by message_delta; with
    message_delta, what message_start says is an estimate and not to be relied on."""
    default_model: str | None = None
    movable: bool = False
    """Whether ANTHROPIC_BASE_URL gives its address: Anthropic's own, and engines on a person's machine."""
    source: str = ""
    """Where the above is from, and how sure it is."""

    @property
    def needs_key(self) -> bool:
        return bool(self.key_variables)


ANTHROPIC = Profile(
    "anthropic",
    "https://api.anthropic.com",
    ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    cache="markers",
    ttls=("5m", "1h"),
    default_model="claude-opus-5-5",
    ping_tokens=0,
    counts_tokens=True,
    diagnoses=True,
    movable=True,
    source="prompt caching and streaming docs, September 2026: high",
)

ADMIN = Profile(
    "Anthropic's usage report",
    ANTHROPIC.base_url,
    ("ANTHROPIC_ADMIN_KEY",),
    movable=True,
    source="usage and cost API docs, August 2026: high",
)
"""Who tells what an organisation has used. It has keys of its own, and answers no messages."""

_OTHERS = (
    Profile(
        "deepseek",
        "https://api.deepseek.com/anthropic",
        ("DEEPSEEK_API_KEY",),
        default_model="deepseek-v4-pro",
        source="DeepSeek API docs, October 2026: high; its Anthropic-style cache fields: low",
    ),
    Profile(
        "kimi",
        "https://api.moonshot.ai/anthropic",
        ("MOONSHOT_API_KEY",),
        default_model="kimi-k3.1-pro",
        source="a comparison of endpoints and the vendor's forum, 2026: medium; markers inside messages: low",
    ),
    Profile(
        "kimi-coding",
        "https://api.kimi.com/coding",
        ("KIMI_API_KEY",),
        default_model="kimi-for-coding",
        source="measured by a client's authors, 2026: medium; the model's name: low",
    ),
    Profile(
        "zai",
        "https://api.z.ai/api/anthropic",
        ("ZAI_API_KEY",),
        default_model="glm-5.3",
        source="vendor's docs, 2026: medium; Anthropic-style cache fields not verified",
    ),
    Profile(
        "minimax",
        "https://api.minimax.io/anthropic",
        ("MINIMAX_API_KEY",),
        cache="markers",
        ttls=("5m",),
        default_model="MiniMax-M2.7",
        source="MiniMax API docs, 2026: high",
    ),
    Profile(
        "openrouter",
        "https://openrouter.ai/api",
        ("OPENROUTER_API_KEY",),
        cache="markers",
        ttls=("5m", "1h"),
        default_model="anthropic/claude-opus-5.5",
        source="OpenRouter docs, 2026: medium; usage fields of its Anthropic-style endpoint: low",
    ),
    Profile(
        "ollama",
        "http://localhost:11434",
        cache="none",
        movable=True,
        source="Ollama docs, 2026: high; it reports input and output only",
    ),
    Profile(
        "llama.cpp",
        "http://localhost:8080",
        movable=True,
        source="llama.cpp server source, 2026: high; reads are reported, writes never",
    ),
    Profile(
        "vllm",
        "http://localhost:8000",
        usage_in="message_delta",
        movable=True,
        source="vLLM source, 2026: high for the version read, which told no cached tokens at message_start",
    ),
    Profile(
        OFFLINE,
        OFFLINE,
        cache="markers",
        ttls=("5m", "1h"),
        ping_tokens=0,
        counts_tokens=True,
        diagnoses=True,
        default_model="claude-opus-5-5",
        source="the embedded provider: this program",
    ),
)

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (ANTHROPIC, *_OTHERS)}


class ProviderNotReady(Trouble):
    """A provider that cannot be used as things are. `str(error)` is one line: what is missing and what to set."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who will answer. `endpoint` is a base URL or "offline"; the secrets are kept out of what is printed."""

    profile: Profile
    endpoint: str
    why: str
    """Why this one, in one line."""
    api_key: str | None = field(default=None, repr=False)
    auth_token: str | None = field(default=None, repr=False)


def choose(name: str | None, env: Mapping[str, str]) -> Choice:
    """The provider called `name` (or by OMG_PROVIDER), or what `env` implies; raises ProviderNotReady.

    None named: with an Anthropic key or token, Anthropic, at ANTHROPIC_BASE_URL where that is set; with
    ANTHROPIC_BASE_URL alone, that server without a key; otherwise the offline provider.
    """
    wanted = (name or "").strip() or _value(env, "OMG_PROVIDER")
    if wanted is not None:
        return _named(wanted, env)
    base_url = _base_url(env)
    if _secret(ANTHROPIC, env) is not None:
        variable = _secret(ANTHROPIC, env)
        return _with_key(profile_at(base_url), base_url or ANTHROPIC.base_url, env, f"{variable} is set")
    if base_url is not None:
        return Choice(profile_at(base_url), base_url, "ANTHROPIC_BASE_URL is set, without a key")
    return Choice(PROFILES[OFFLINE], OFFLINE, "no provider named, no key and no base URL set")


def choose_admin(env: Mapping[str, str]) -> Choice:
    """Where to ask for usage: at ANTHROPIC_BASE_URL where that is set. Raises ProviderNotReady without an admin key."""
    if _secret(ADMIN, env) is None:
        raise ProviderNotReady(
            "the usage report needs an admin key: set ANTHROPIC_ADMIN_KEY (sk-ant-admin…, from the Console's settings;"
            " individual accounts have none), or export the usage from the Console and name the file with --file"
        )
    return _with_key(ADMIN, _base_url(env) or ADMIN.base_url, env, "ANTHROPIC_ADMIN_KEY is set", ADMIN)


def _named(name: str, env: Mapping[str, str]) -> Choice:
    profile = PROFILES.get(name.lower())
    if profile is None:
        raise ProviderNotReady(f"no provider is called {name!r}: choose one of {', '.join(PROFILES)}")
    endpoint = (_base_url(env) if profile.movable else None) or profile.base_url
    if not profile.needs_key:
        return Choice(profile, endpoint, f"{profile.name} is named")
    if _secret(profile, env) is None:
        raise ProviderNotReady(f"{profile.name} needs a key: set {' or '.join(profile.key_variables)}")
    return _with_key(profile, endpoint, env, f"{profile.name} is named", profile)


def _with_key(profile: Profile, endpoint: str, env: Mapping[str, str], why: str, holder: Profile = ANTHROPIC) -> Choice:
    variable = _secret(holder, env)
    secret = _checked(variable, env[variable]) if variable is not None else None
    if variable == "ANTHROPIC_AUTH_TOKEN":
        return Choice(profile, endpoint, why, auth_token=secret)
    return Choice(profile, endpoint, why, api_key=secret)


def _secret(profile: Profile, env: Mapping[str, str]) -> str | None:
    """The name of the variable that holds the key; an empty one does not count."""
    return next((variable for variable in profile.key_variables if _value(env, variable)), None)


def _checked(variable: str, secret: str) -> str:
    secret = secret.strip()
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ProviderNotReady(
            f"{variable} holds characters that no key has: set it again, without quotes or line ends"
        )
    return secret


def _base_url(env: Mapping[str, str]) -> str | None:
    value = _value(env, "ANTHROPIC_BASE_URL")
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket left open
        valid = False
    if not valid or not value.isascii() or any(c.isspace() for c in value):
        raise ProviderNotReady(f"ANTHROPIC_BASE_URL is no address: {value[:80]!r}; one looks like https://host:port")
    return value.rstrip("/")


def _value(env: Mapping[str, str], variable: str) -> str | None:
    return env.get(variable, "").strip() or None


def profile_at(base_url: str | None) -> Profile:
    """The profile whose server `base_url` is; Anthropic's rules for servers nobody has described."""
    if base_url is None:
        return ANTHROPIC
    host = urlsplit(base_url).netloc
    hosts = {urlsplit(profile.base_url).netloc: profile for profile in PROFILES.values()}
    found = hosts.get(host, ANTHROPIC)
    # Ports 8080 and 8000 on this machine are anybody's: they say nothing about who listens.
    return ANTHROPIC if found.name in ("llama.cpp", "vllm") else found
