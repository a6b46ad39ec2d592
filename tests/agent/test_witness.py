"""The provider is asked why something was not read, and is a second witness to the cause that we name."""

import json
from dataclasses import dataclass, field, replace

import pytest

from omg.cache.cause import Cause, kind_of
from omg.cache.witness import Witness
from omg.core.events import CacheMissed, Notice
from omg.provider.reported import diagnosed
from omg.session.commands import run_command
from omg.session.reports import cache_json
from omg.session.verify import verify
from omg.wire.seal import parse
from tests.conformance.whole import OTHER, SETUP, Whole


@pytest.fixture
def whole(tmp_path):
    return Whole(tmp_path / "home", tmp_path / "work", setup=replace(SETUP, diagnoses=True))


def named(whole):
    """What each request has named, in order; "-" where it has not asked."""
    asked = [sent.json.get("diagnostics", "-") for sent in whole.sent]
    return [one if one == "-" else one["previous_message_id"] for one in asked]


def ids(conversation, branch="main"):
    requests = conversation.tree.requests.values()
    return [request.begun.message_id for request in requests if request.logged.branch == branch]


def said(conversation):
    return [line["witness"] for line in cache_json(conversation.tree)["requests"]]


async def test_each_request_names_the_message_before_it_and_a_forks_first_its_parents(whole):
    conversation = whole.open()
    await whole.say(conversation, "show story.txt", "what now?")
    await whole.fork(conversation, "show story.txt, part 1")
    main, fork = ids(conversation), ids(conversation, "a")
    assert named(whole) == [None, *main[:-1], main[-1], *fork[:-1]]
    assert whole.sent[0].body.endswith(b'"stream":true,"diagnostics":{"previous_message_id":null}}')


async def test_it_is_rendered_again_from_the_log(whole):
    conversation = whole.open()
    await whole.say(conversation, "show story.txt", "what now?")
    await conversation.close()
    again = whole.again()
    assert verify(again.tree).problem is None
    await whole.say(again, "and now?")
    assert named(whole)[-1] == ids(again)[-2]
    assert verify(again.tree).problem is None


async def test_where_nothing_goes_wrong_nobody_says_anything(whole):
    conversation = whole.open()
    await whole.say(conversation, "show story.txt", "parts 3")
    await whole.fork(conversation, "show story.txt, part 1", "show story.txt, part 2")
    await whole.say(conversation, "what did they find?")
    assert [event for event in whole.events if isinstance(event, CacheMissed | Notice)] == []
    assert said(conversation) == [None, *[{"reason": None, "tokens": None, "agrees": True}] * (len(whole.sent) - 1)]


async def test_both_name_a_change_that_the_person_asked_for(whole):
    conversation = whole.open()
    await whole.say(conversation, "show story.txt")
    conversation.set_model(OTHER)
    await whole.say(conversation, "what now?")
    (missed,) = [event for event in whole.events if isinstance(event, CacheMissed)]
    assert missed.cause.startswith("model or parameter change") and missed.provider is None
    assert said(conversation)[-1]["reason"] == "model_changed" and said(conversation)[-1]["agrees"]


async def test_of_a_lapse_the_provider_says_that_the_prompt_is_the_same(whole):
    conversation = whole.open()
    await whole.say(conversation, "show story.txt")
    whole.clock.at += 4000
    await whole.say(conversation, "what now?")
    table = (await run_command(conversation, "/cache")).text
    assert "missed: ttl lapse" in table
    assert "the provider says: the prompt begins as the one before" in table


async def test_where_it_says_otherwise_that_is_shown(whole):
    whole.setup = replace(whole.setup, extra=())
    conversation = whole.open()
    await whole.say(conversation, "show story.txt")
    system = b'"system":[{"type":"text","text":"'
    whole.gateway.rewrite = lambda body: body.replace(system, system + b"Hi. ", 1)
    await whole.say(conversation, "what now?")
    missed = next(event for event in whole.events if isinstance(event, CacheMissed))
    assert missed.cause == "evicted by the provider"
    assert missed.provider.startswith("the system prompt has changed, ")
    assert not said(conversation)[-1]["agrees"]
    table = (await run_command(conversation, "/cache")).text
    assert "missed: evicted by the provider; but the provider says: the system prompt has changed" in table
    await conversation.close()
    assert not said(whole.again())[-1]["agrees"]


@dataclass
class Strict:
    """A server that takes no field it does not know."""

    inner: object
    words: str = "diagnostics: Extra inputs are not permitted"
    seen: list = field(default_factory=list)

    def handle(self, method, path, headers, body):
        request = json.loads(body)
        self.seen.append("diagnostics" in request)
        if not self.seen[-1]:
            return self.inner.handle(method, path, headers, body)

        async def refusal():
            error = {"type": "invalid_request_error", "message": self.words}
            yield json.dumps({"type": "error", "error": error}).encode()

        return 400, {"content-type": "application/json"}, refusal()


@pytest.mark.parametrize("words", ["diagnostics: Extra inputs are not permitted", "bad request"])
async def test_a_server_that_refuses_the_question_is_not_asked_again_and_that_is_told_once(whole, words):
    whole.gateway.app = strict = Strict(whole.gateway.app, words)
    conversation = whole.open()
    await whole.say(conversation, "show story.txt", "what now?")
    assert strict.seen == [True] + [False] * (len(strict.seen) - 1)
    notices = [event.text for event in whole.events if isinstance(event, Notice)]
    assert notices == [f"the provider is not asked about its cache any more: {words}"]
    assert verify(conversation.tree).problem is None


async def test_a_refusal_of_something_else_is_not_put_down_to_it(whole):
    app = whole.gateway.app

    class Refuses:
        def handle(self, method, path, headers, body):
            _, back, _ = app.handle(method, "/nowhere", headers, body)

            async def refusal():
                yield b'{"type":"error","error":{"type":"invalid_request_error","message":"no credit"}}'

            return 400, back, refusal()

    conversation = whole.open()
    whole.gateway.app = Refuses()
    assert (await conversation.say("hello")).error == "no credit"
    whole.gateway.app = app
    await whole.say(conversation, "show story.txt")
    assert "-" not in named(whole)[-2:]
    assert [event.text for event in whole.events if isinstance(event, Notice)] == []


async def test_where_the_profile_does_not_know_it_nobody_asks(whole):
    whole.setup = SETUP
    conversation = whole.open()
    await whole.say(conversation, "show story.txt")
    assert set(named(whole)) == {"-"}
    assert set(said(conversation)) == {None}


@pytest.mark.parametrize(
    ("told", "reason", "tokens"),
    [
        ("null", None, None),
        ("[]", None, None),
        ('{"cache_miss_reason":null}', "pending", None),
        ('{"cache_miss_reason":{"type":"tools_changed","cache_missed_input_tokens":4200}}', "tools_changed", 4200),
        ('{"cache_miss_reason":{"type":"unavailable"}}', "unavailable", None),
        ('{"cache_miss_reason":{"type":7,"cache_missed_input_tokens":-1}}', "pending", None),
    ],
)
def test_what_the_provider_says_is_read_as_far_as_it_can_be(told, reason, tokens):
    assert diagnosed(parse(told)) == (reason, tokens)


@pytest.mark.parametrize(
    ("reason", "kind", "otherwise"),
    [
        (None, "evicted", False),
        (None, "ttl_lapse", False),
        (None, None, False),
        (None, "another_head", True),
        (None, "model_change", True),
        ("messages_changed", "evicted", True),
        ("tools_changed", "unexplained", True),
        ("system_changed", None, True),
        ("system_changed", "another_head", False),
        ("model_changed", "model_change", False),
        ("pending", "model_change", False),
        ("previous_message_not_found", "evicted", False),
        ("unavailable", "evicted", False),
        ("something_new", "evicted", False),
    ],
)
def test_when_the_two_contradict_each_other(reason, kind, otherwise):
    assert Witness(reason).contradicts(kind) is otherwise


def test_a_cause_is_known_again_by_its_words():
    assert kind_of(str(Cause("ttl_lapse", 5, "5m, 400 s since it was last used"))) == "ttl_lapse"
    assert kind_of(str(Cause("another_account", 5))) == "another_account"
    assert kind_of(str(Cause("another_head", 5, "tools changed"))) == "another_head"
    assert kind_of(None) is kind_of("a cause of later times") is None
