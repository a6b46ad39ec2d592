import contextlib
import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.core.tool import ToolError
from omg.workspace.globs import compile_glob


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.py", ["a.py", ".py"], ["a/b.py", "a.pyc"]),
        ("./*.py", ["a.py"], ["a/b.py"]),
        ("**/*.py", ["a.py", "a/b.py", "a/b/c.py"], ["a/py"]),
        ("**", ["a", "a/b"], []),
        ("src/**", ["src/a", "src/a/b"], ["src", "srcs/a", "a/src/b"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["z", "az", "a/b"]),
        ("**/a/**/b/*.x", ["a/b/1.x", "q/a/a/b/b/1.x"], ["b/a/1.x"]),
        ("a?c", ["abc"], ["a/c", "ac"]),
        ("[a-c]*", ["ab"], ["d", "a/b"]),
        ("[!a]", ["b"], ["a", "/"]),
        ("[]]", ["]"], ["["]),
        ("*.{ts,tsx}", ["a.ts", "a.tsx"], ["a.t", "a.{ts,tsx}"]),
        ("{a,b{c,d}}", ["a", "bc", "bd"], ["b"]),
        ("{a}", ["{a}"], ["a"]),
        ("a[b", ["a[b"], ["ab"]),
        (r"\*", ["*"], ["a"]),
        ("a**b", ["axb", "ab"], ["a/b"]),
    ],
)
def test_what_matches(pattern: str, yes: list[str], no: list[str]) -> None:
    matches = compile_glob(pattern).fullmatch
    assert [path for path in yes + no if matches(path)] == yes


def naive(pattern: list[str], path: list[str]) -> bool:
    """The same by trying everything, name by name."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        least = 0 if pattern[1:] else 1
        return any(
            naive(pattern[1:], path[skip:]) for skip in range(least, len(path) + 1) if pattern[1:] or skip == len(path)
        )
    return bool(path) and fnmatchcase(path[0], pattern[0]) and naive(pattern[1:], path[1:])


_NAME_GLOB = st.one_of(st.just("**"), st.text("ab*?", min_size=1, max_size=6).filter(lambda name: "**" not in name))


@given(
    st.lists(_NAME_GLOB, min_size=1, max_size=5),
    st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=5),
)
def test_it_matches_what_trying_everything_would(pattern: list[str], path: list[str]) -> None:
    found = compile_glob("/".join(pattern)).fullmatch("/".join(path))
    assert bool(found) == naive(pattern, path)


def test_no_pattern_takes_for_ever() -> None:
    assert not compile_glob("*a" * 40 + "b").fullmatch("a" * 250)
    assert not compile_glob("**/a/" * 40 + "b").fullmatch("a/" * 250 + "c")


@pytest.mark.parametrize("pattern", ["[z-a]", "{a,b}" * 12])
def test_what_is_no_glob_is_refused(pattern: str) -> None:
    with pytest.raises(ToolError):
        compile_glob(pattern)


@given(st.text(max_size=20))
def test_nothing_else_is_raised(pattern: str) -> None:
    with contextlib.suppress(ToolError):
        assert isinstance(compile_glob(pattern), re.Pattern)
