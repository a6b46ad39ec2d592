"""A change of head, named by what differs: what a person asks for, or another head."""

import pytest

from omg.cache.change import change, differences
from omg.wire.head import Head, render_head

FIELDS = {"endpoint": "https://one.test", "model": "m", "tools": [{"name": "t"}], "system": ["You are."]}


def head(**changes) -> Head:
    fields = {**FIELDS, **changes}
    return render_head(fields.pop("endpoint"), **fields)


@pytest.mark.parametrize(
    ("changes", "kind", "detail"),
    [
        ({"model": "other"}, "model_change", "m before, other now"),
        ({"extra": {"output_config": {"effort": "high"}}}, "model_change", "output_config changed"),
        ({"model": "other", "extra": {"thinking": {}}}, "model_change", "m before, other now"),
        ({"endpoint": "https://two.test"}, "another_head", "endpoint changed"),
        ({"headers": (("anthropic-beta", "x"),)}, "another_head", "headers changed"),
        ({"tools": []}, "another_head", "tools changed"),
        ({"tools": [], "model": "other"}, "another_head", "model, tools changed"),
    ],
)
def test_a_change_is_named(changes, kind, detail):
    cause = change(head(), head(**changes), 500)
    assert (cause.kind, cause.detail, cause.tokens) == (kind, detail, 500)


def test_the_order_of_keys_is_a_difference_and_the_order_of_headers_is_none():
    one, other = head(tools=[{"a": 1, "b": 2}]), head(tools=[{"b": 2, "a": 1}])
    assert differences(one, other) == ("tools",)
    pair = ("anthropic-version", "1"), ("anthropic-beta", "x")
    assert differences(head(headers=pair), head(headers=pair[::-1])) == ()
    assert head(headers=pair).id == head(headers=pair[::-1]).id
