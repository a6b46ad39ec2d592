import pytest

from omg.provider.profiles import OFFLINE, PROFILES, Choice, ProviderNotReady, choose

KEY = {"ANTHROPIC_API_KEY": "k-1"}


def at(choice: Choice) -> tuple[str, str, str | None, str | None]:
    return choice.profile.name, choice.endpoint, choice.api_key, choice.auth_token


def test_nothing_set_is_offline() -> None:
    assert at(choose(None, {})) == ("offline", OFFLINE, None, None)
    assert at(choose(None, {"ANTHROPIC_API_KEY": " ", "ANTHROPIC_BASE_URL": ""}))[0] == "offline"


def test_a_key_or_a_token_is_anthropic() -> None:
    assert at(choose(None, KEY)) == ("anthropic", "https://api.anthropic.com", "k-1", None)
    assert at(choose(None, {"ANTHROPIC_AUTH_TOKEN": "t-1\n"})) == (
        "anthropic",
        "https://api.anthropic.com",
        None,
        "t-1",
    )
    assert at(choose(None, {**KEY, "ANTHROPIC_AUTH_TOKEN": "t-1"}))[2:] == ("k-1", None)


def test_a_base_url_alone_is_that_server_without_a_key() -> None:
    choice = choose(None, {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000/"})
    assert at(choice) == ("anthropic", "http://127.0.0.1:8000", None, None)


def test_a_base_url_with_a_key_is_that_server_with_it() -> None:
    assert at(choose(None, {**KEY, "ANTHROPIC_BASE_URL": "https://gate.example/x"})) == (
        "anthropic",
        "https://gate.example/x",
        "k-1",
        None,
    )


def test_a_known_server_is_known_by_its_address() -> None:
    env = {"ANTHROPIC_AUTH_TOKEN": "t", "ANTHROPIC_BASE_URL": "https://api.deepseek.com/anthropic"}
    assert at(choose(None, env)) == ("deepseek", "https://api.deepseek.com/anthropic", None, "t")
    assert choose(None, {"ANTHROPIC_BASE_URL": "http://localhost:11434"}).profile.name == "ollama"


def test_a_name_wins_over_the_environment() -> None:
    assert at(choose("offline", KEY)) == ("offline", OFFLINE, None, None)
    assert at(choose("DeepSeek", {**KEY, "DEEPSEEK_API_KEY": "d"}))[:3] == (
        "deepseek",
        "https://api.deepseek.com/anthropic",
        "d",
    )
    assert choose(None, {**KEY, "OMG_PROVIDER": "offline"}).profile.name == "offline"
    assert choose("anthropic", {**KEY, "OMG_PROVIDER": "offline"}).profile.name == "anthropic"


@pytest.mark.parametrize(
    ("name", "env", "variable"),
    [
        ("anthropic", {}, "ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN"),
        ("anthropic", {"ANTHROPIC_BASE_URL": "http://x"}, "ANTHROPIC_API_KEY"),
        ("openrouter", KEY, "OPENROUTER_API_KEY"),
    ],
)
def test_a_named_provider_without_its_key_says_what_to_set(name: str, env: dict[str, str], variable: str) -> None:
    with pytest.raises(ProviderNotReady, match=variable):
        choose(name, env)


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(ProviderNotReady, match=r"'nope'.*anthropic, deepseek.*offline"):
        choose("nope", {})


def test_a_local_engine_needs_no_key_and_may_stand_elsewhere() -> None:
    assert at(choose("ollama", {})) == ("ollama", "http://localhost:11434", None, None)
    assert choose("llama.cpp", {"ANTHROPIC_BASE_URL": "http://box:9000"}).endpoint == "http://box:9000"
    assert choose("kimi", {"MOONSHOT_API_KEY": "m", "ANTHROPIC_BASE_URL": "http://box"}).endpoint.startswith(
        "https://api.moonshot.ai"
    )


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "http://x:99999", "http://[x", "http://a b"])
def test_a_base_url_that_is_no_address(url: str) -> None:
    with pytest.raises(ProviderNotReady, match="ANTHROPIC_BASE_URL"):
        choose(None, {"ANTHROPIC_BASE_URL": url})


@pytest.mark.parametrize("key", ["k\n2", "“k”", "a b", "k\x00"])
def test_a_key_that_can_be_none_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ProviderNotReady, match="ANTHROPIC_API_KEY") as refused:
        choose(None, {"ANTHROPIC_API_KEY": key})
    assert key not in str(refused.value)


def test_a_choice_does_not_print_its_secrets() -> None:
    assert "k-1" not in repr(choose(None, KEY))


def test_profiles_hold_together() -> None:
    for name, profile in PROFILES.items():
        assert profile.name == name
        assert profile.source
        assert bool(profile.ttls) == (profile.cache == "markers")
