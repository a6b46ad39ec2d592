"""What the engine says about itself: what it can do, and that it is no language model."""

_ABLE = (
    "I can say where a name is defined, where it is used and what it does; how two names connect; outline and "
    "show files; list files; search for text; run `CMD`; in FILE replace `A` with `B`; and give several "
    "questions to forks."
)
_REAL = "For a real model, set ANTHROPIC_API_KEY and start again."

HELP = f"I am OMG's offline engine: a set of rules, no language model. {_ABLE} {_REAL}"
DECLINE = f"I cannot do that: I am OMG's offline engine, a set of rules and no language model. {_ABLE} {_REAL}"
RUN_WHAT = 'Put the command in backticks, as in "run `make test`", and I will run it.'
