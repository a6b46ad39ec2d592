"""Searching a session of 100 MB and hundreds of others, once indexed; and what indexing costs, beside reading the logs.

`python -m bench.search [RECORDS [OTHERS]]` makes a session of so many records (50,000: about 100 MB) and others of 150.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.long import make
from bench.request import timed
from omg.session.index import Index
from omg.session.library import Library
from omg.session.log import read_lines
from omg.session.picker import Picker
from omg.session.query import Query

RECORDS, OTHERS, SHORT = 50_000, 300, 150
ROUNDS = 15
NEWEST = 50
QUESTIONS = {
    "the newest": Query(),
    "since a day": Query(since=1.0),
    "a word of nearly every reply": Query(("the",)),
    "a rare number": Query(("977",)),
    "two words": Query(("turn", "about")),
    "the beginning of a word, as it is typed": Query(("turn", "a")),
    "words side by side": Query(("what about",)),
    "words that stand nowhere": Query(("xylophone", "the")),
}


def main() -> None:
    records, others = (int(word) for word in [*sys.argv[1:], RECORDS, OTHERS][:2])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "sessions").mkdir()
        long = home / "sessions" / "long.jsonl"
        make(long, records, home)
        for number in range(others):
            make(home / "sessions" / f"short{number}.jsonl", SHORT, home)
        measure(home, long)


def measure(home: Path, long: Path) -> None:
    size = sum(path.stat().st_size for path in (home / "sessions").iterdir())
    print(f"{long.stat().st_size / 1e6:.0f} MB in one session, {size / 1e6:.0f} MB in all")
    with Index(home) as index:
        indexing = timed(index.update)
    reading = timed(lambda: [_read(path) for path in (home / "sessions").iterdir()])
    kept = (home / "index.sqlite").stat().st_size
    print(f"indexed in {indexing:.1f} s, {indexing / reading:.1f} times reading the lines; {kept / 1e6:.0f} MB on disk")
    with Index(home) as index:
        index.update()
        idle = [timed(index.update) for _ in range(ROUNDS)]
        with long.open("ab") as file:
            file.write(b"\n")
        grown = timed(index.update)
        print(
            f"nothing new: {1000 * statistics.median(idle):.1f} ms; a line more in the long one: {1000 * grown:.1f} ms"
        )
        for name, query in QUESTIONS.items():
            found = index.find(query, NEWEST)
            times = [_asked(index, query) for _ in range(ROUNDS)]
            wall, busy = (1000 * statistics.median(column) for column in zip(*times, strict=True))
            told = f"{len(found)} sessions, {sum(len(one.hits) for one in found)} places"
            print(f"{name:42} {wall:6.1f} ms, {busy:6.1f} ms of a processor   {told}")
    picker = Picker(Library(home), home, time.time)
    first = timed(lambda: picker.search("turn about"))
    keys = [1000 * timed(lambda key=key: picker.search(f"turn {key}")) for key in "abcdefghijkl"]
    print(f"a picker's first rows {1000 * first:.1f} ms, a key more {statistics.median(keys):.1f} ms")


def _asked(index: Index, query: Query) -> tuple[float, float]:
    """Seconds that a question takes: on the clock, which others who work on the machine make longer, and of a
    processor."""
    begun = time.process_time()
    wall = timed(lambda: index.find(query, NEWEST))
    return wall, time.process_time() - begun


def _read(path: Path) -> None:
    for _ in read_lines(path):
        pass


if __name__ == "__main__":
    main()
