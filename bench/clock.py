"""Time that passes only when everybody waits: an event loop whose clock jumps to whatever is due next."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

START = 1_795_248_000.0
"""When time begins: 2026-11-21, 08:00 UTC."""

ValueT = TypeVar("ValueT")
Given = ParamSpec("Given")


class _Selector(selectors.DefaultSelector):
    """Never waits for time to pass: it lets it have passed."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout if timeout is None else 0)
        if not ready and timeout is not None and timeout > 0:
            self.passed += timeout
        return ready


class _AtOnce(ThreadPoolExecutor):
    """Runs what it is given at once, in the caller's thread: no time can pass meanwhile."""

    def submit(self, fn: Callable[Given, ValueT], /, *args: Given.args, **kwargs: Given.kwargs) -> Future[ValueT]:
        done: Future[ValueT] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the future is awaited
            done.set_exception(error)
        return done


class Loop(asyncio.SelectorEventLoop):
    """`asyncio.sleep` and every time limit work as ever, and take no time."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)
        self.set_default_executor(_AtOnce())

    def time(self) -> float:
        return self._jumping.passed  # small, so that the loop's resolution of a nanosecond is not lost in it


def now() -> float:
    """Seconds, UTC epoch, by the running loop."""
    return START + asyncio.get_running_loop().time()


def run(work: Coroutine[Any, Any, ValueT]) -> ValueT:
    """Run `work` to its end, in a time of its own."""
    loop = Loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()
