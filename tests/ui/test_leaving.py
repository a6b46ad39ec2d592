"""Leaving a session that takes a while to be closed."""

import asyncio

import pytest

from omg.ui import leaving


async def test_what_takes_longer_than_a_moment_is_told_and_waited_for(monkeypatch, capsys):
    monkeypatch.setattr(leaving, "_MOMENT", 0.01)
    closed = asyncio.Event()

    async def slow():
        await asyncio.sleep(0.1)
        closed.set()

    await leaving.patiently(slow())
    assert closed.is_set() and "ctrl+c leaves without it" in capsys.readouterr().err


async def test_what_is_quick_is_not_told_and_what_fails_is_raised(capsys):
    async def quick():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await leaving.patiently(quick())
    assert capsys.readouterr().err == ""


async def test_who_does_not_wait_cancels_what_is_still_written():
    cancelled = asyncio.Event()

    async def endless():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    leaves = asyncio.create_task(leaving.patiently(endless()))
    await asyncio.sleep(0.01)
    leaves.cancel()
    await asyncio.gather(leaves, return_exceptions=True)
    await asyncio.wait_for(cancelled.wait(), 5)
