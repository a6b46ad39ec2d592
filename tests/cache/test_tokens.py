"""Estimates of tokens: from a rule of thumb at first, then from what the provider has counted."""

import pytest

from bench.script import code, prose
from omg.cache.forecast import forecast
from omg.cache.holdings import Holdings
from omg.cache.tokens import Estimator, features, of_reply
from omg.core.usage import Usage
from omg.wire.chain import Node
from omg.wire.request import Mark
from omg.wire.seal import seal
from tests.wire.histories import HEAD, said, talk


def text(body: str):
    return features(body.encode(), message=True, texts=1)


def test_before_anything_is_learnt_english_is_about_four_characters_a_token():
    words = prose("some", 400)
    assert Estimator().estimate(text(words)) == pytest.approx(len(words) / 4, rel=0.3)


@pytest.mark.parametrize("rate", [0.7, 1.0, 1.4])
def test_one_count_tells_how_dense_a_tokenizer_is_and_others_follow(rate):
    taught = Estimator()
    taught.learn(text(code(1, 300)), round(rate * taught.estimate(text(code(1, 300)))))
    for other in (code(2, 80), prose("other", 300)):
        assert taught.estimate(text(other)) == pytest.approx(rate * Estimator().estimate(text(other)), rel=0.2)


def test_code_and_prose_are_learnt_apart():
    taught = Estimator()
    for seed in range(6):
        for body, rate in ((code(seed, 60), 1.3), (prose(f"{seed}", 300), 1.0)):
            taught.learn(text(body), round(rate * Estimator().estimate(text(body))))
    for body, rate in ((code(9, 60), 1.3), (prose("9", 300), 1.0)):
        assert taught.estimate(text(body)) == pytest.approx(rate * Estimator().estimate(text(body)), rel=0.03)


@pytest.mark.parametrize("tokens", [0, -5])
def test_a_count_that_is_none_teaches_nothing(tokens):
    taught = Estimator()
    taught.learn(text("some words"), tokens)
    assert taught.estimate(text("some words")) == Estimator().estimate(text("some words"))


def test_an_estimate_is_never_nothing():
    assert Estimator().estimate(features(b"", message=False, calls=40)) == 1


def test_a_reply_counts_as_much_as_the_provider_has_said():
    found = Estimator().estimate(of_reply(5000, texts=1, calls=0))
    assert found == pytest.approx(5000, rel=0.01)


def test_only_what_is_put_around_a_reply_is_estimated():
    question, odd = talk("a question"), "\u20ac" * 4000
    reply = Node(question, seal("assistant", [{"type": "text", "text": odd}]))
    tip = said("go on", parent=reply)
    marks = (Mark("1h"), Mark("5m", question, 0))
    holdings = Holdings()
    holdings.began(HEAD, question, marks, Usage(write_1h=900, write_5m=20), sent=0, now=1, account="", minimum=512)
    holdings.said(reply, 7000)
    foretold = forecast(holdings, HEAD, tip, (*marks, Mark("5m", tip, 0)), now=2, minimum=512)
    assert foretold.usage.read == 920
    assert foretold.usage.write_5m == pytest.approx(7000, rel=0.01)


def test_one_usage_tells_several_counts_and_each_teaches():
    question = talk("a question")
    holdings = Holdings()
    marks = (Mark("1h"), Mark("5m", question, 0))
    holdings.began(HEAD, question, marks, Usage(write_1h=900, write_5m=20), sent=0, now=1, account="", minimum=512)
    assert holdings.tokens(HEAD, None) == 900
    assert holdings.tokens(HEAD, question) == 920
