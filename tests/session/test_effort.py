"""/effort: the same model tries harder, in a new epoch whose price is said first."""

import pytest

from omg.agent.permit import Answer
from omg.agent.runtime import Limits
from omg.core.trouble import Trouble
from omg.session.commands import run_command
from omg.session.verify import verify
from tests.scripted import Stage, lines, stage


class Levels(Stage):
    def _setup(self, model, effort):
        setup = super()._setup(model, effort)
        extra = (("output_config", {"effort": effort}),) if effort else ()
        return type(setup)(**{name: getattr(setup, name) for name in setup.__slots__} | {"extra": extra})


def over(tmp_path, **values):
    on = stage(tmp_path, lines(), **values)
    return Levels(**{name: getattr(on, name) for name in Stage.__dataclass_fields__})


async def test_it_is_shown_changed_and_said_what_that_costs(tmp_path):
    on = over(tmp_path)
    conversation = on.open()
    await conversation.say("hello")
    assert (await run_command(conversation, "/effort")).text.startswith("effort is left to the model; there are low, ")
    said = (await run_command(conversation, "/effort high")).text
    assert said.startswith("effort high from here on; it reads ") and "$" in said
    assert conversation.tree.branches["main"].epoch == 2
    await conversation.say("more")
    assert on.provider.sent[-1].request["output_config"] == {"effort": "high"}
    assert on.provider.sent[-1].request["model"] == on.provider.sent[0].request["model"]
    assert (await run_command(conversation, "/effort high")).text == "the effort is high already"
    assert conversation.tree.branches["main"].epoch == 2
    assert verify(conversation.tree).problem is None


async def test_a_level_that_there_is_not_is_told(tmp_path):
    conversation = over(tmp_path).open()
    with pytest.raises(Trouble, match="'hard' is no effort; there are low, medium, high, xhigh, max"):
        await run_command(conversation, "/effort hard")


class No:
    def __init__(self):
        self.asked = []

    async def ask(self, question):
        self.asked.append(question)
        return Answer("no", "")


async def test_above_the_limit_the_person_is_asked(tmp_path):
    person = No()
    on = over(tmp_path, limits=Limits(confirm_usd=0.000001), asker=person)
    conversation = on.open()
    await conversation.say("hello " * 4000)
    with pytest.raises(Trouble, match="the effort stays as it is"):
        await run_command(conversation, "/effort max")
    assert len(person.asked) == 1 and conversation.tree.branches["main"].epoch == 1
