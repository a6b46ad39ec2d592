"""A plain word search: the telling words of a question, and the places that have most of them."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from omg.provider.offline.engine.languages import definition_pattern
from omg.provider.offline.engine.places import Place, Search, listing, read_search
from omg.provider.offline.engine.work import Ask, Work, failure

_WORDS = 6
_BEST = 8
_STOP_WORDS = """a about above across after again all also am an and any anything are around as at be because been
    before being below between both but by can cannot code could did do does doing done down during each else every
    explain file files find for from function get gets give go goes had happen happens has have having he her here
    him his how i if in into is it its itself just kind know let like list look looks made make makes many may me
    might more most much must my need needs no nor not now of off on once one only or other our out over own
    please project really same say search see she should show so some something such take tell than that the their
    them then there these they thing things this those through to too under until up us use used uses using very
    want was way we well were what when where which while who whom whose why will with without work works would
    yes you your"""
_STOP = frozenset(_STOP_WORDS.split())
_WORD = re.compile(r"[^\W\d_][\w]{2,}")
_ENDING = re.compile(r"(?:ations?|ings?|ions?|ed|es|ers?|s)$")


def telling_words(text: str) -> tuple[str, ...]:
    """The stems of the words worth searching for, at most six, the longest first, each once."""
    words = [word.lower() for word in _WORD.findall(text)]
    stems = dict.fromkeys(_stem(word) for word in words if word not in _STOP)
    return tuple(sorted(stems, key=lambda stem: -len(stem))[:_WORDS])


def _stem(word: str) -> str:
    stem = _ENDING.sub("", word)
    return stem if len(stem) >= 4 else word


def search_words(words: Sequence[str]) -> Work:
    """Search for all words at once and show the best places."""
    outcomes = yield tuple(Ask("grep", {"pattern": f"(?i){re.escape(word)}"}) for word in words)
    failed = [outcome for outcome in outcomes if outcome.failed]
    if len(failed) == len(outcomes):
        return failure("grep", failed[0])
    found = {word: read_search(outcome) for word, outcome in zip(words, outcomes, strict=True)}
    listed = ", ".join(f"`{word}`" for word in words)
    places = _best(found)
    if not places:
        return f"None of {listed} occurs in the files that were searched. {_HONEST}"
    cut = " A search was cut short." if any(search.cut for search in found.values()) else ""
    return f"The best places for {listed}:\n\n{listing(places, _BEST)}\n\n{_HONEST}{cut}"


_HONEST = "This is a word search by OMG's offline engine, which is no language model: it matches words, not meaning."


def _best(found: Mapping[str, Search]) -> list[Place]:
    """Places by the weight of the words on their line, then of the words in their file; rare words weigh more."""
    weight = {word: 1 / math.log(3 + len(search.places)) for word, search in found.items()}
    on_line: defaultdict[Place, set[str]] = defaultdict(set)
    in_file: defaultdict[str, set[str]] = defaultdict(set)
    for word, search in found.items():
        for place in search.places:
            on_line[place].add(word)
            in_file[place.path].add(word)

    def score(place: Place) -> float:
        here = sum(weight[word] for word in sorted(on_line[place]))
        around = sum(weight[word] for word in sorted(in_file[place.path]))
        return 2 * here + around + (0.3 if _defines(place, on_line[place]) else 0)

    ranked = sorted(on_line, key=lambda place: (-score(place), place.path, place.line))
    return _spread(ranked)


def _defines(place: Place, words: set[str]) -> bool:
    named = {name for name in re.findall(r"\w+", place.text) if any(word in name.lower() for word in words)}
    return any(re.search(definition_pattern(name), place.text) for name in sorted(named)[:4])


def _spread(ranked: Sequence[Place]) -> list[Place]:
    """At most three places of one file, so that one long file does not hide the others."""
    taken: Counter[str] = Counter()
    kept: list[Place] = []
    for place in ranked:
        taken[place.path] += 1
        if taken[place.path] <= 3:
            kept.append(place)
    return kept[:_BEST]
