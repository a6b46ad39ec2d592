import pytest

from omg.core.usage import Usage
from tests.provider.streams import ended, start, stop, text


async def test_the_split_of_the_start_stays_when_the_end_tells_totals_only() -> None:
    final = '{"input_tokens":3,"cache_creation_input_tokens":30,"cache_read_input_tokens":400,"output_tokens":9}'
    end = await ended(start(), *text(0, "x"), *stop(usage=final))
    assert end.usage == Usage(3, 400, 10, 20, 9)


async def test_what_the_server_added_at_the_end_was_written_for_5m() -> None:
    final = '{"input_tokens":5,"cache_creation_input_tokens":37,"cache_read_input_tokens":800,"output_tokens":9}'
    assert (await ended(start(), *stop(usage=final))).usage == Usage(5, 800, 17, 20, 9)


async def test_null_and_absent_leave_what_was_told() -> None:
    final = '{"input_tokens":null,"cache_read_input_tokens":null,"output_tokens":9}'
    assert (await ended(start(), *stop(usage=final))).usage == Usage(3, 400, 10, 20, 9)


async def test_an_end_that_says_zero_for_all_input_knows_nothing_of_it() -> None:
    final = '{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9}'
    assert (await ended(start(), *stop(usage=final))).usage == Usage(3, 400, 10, 20, 9)


async def test_several_ends_are_cumulative_and_never_added() -> None:
    first, last = stop(usage='{"output_tokens":5}'), stop(usage='{"output_tokens":9}')
    assert (await ended(start(), first[0], *last)).usage.output == 9


async def test_a_write_without_a_split_counts_as_5m() -> None:
    told = '{"input_tokens":1,"cache_creation_input_tokens":30,"output_tokens":1}'
    assert (await ended(start(told), *stop())).usage == Usage(1, 0, 30, 0, 42)


async def test_a_split_without_a_total() -> None:
    told = '{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":5}}'
    assert (await ended(start(told), *stop())).usage == Usage(1, 0, 4, 5, 42)


async def test_iterations_are_what_is_billed() -> None:
    final = (
        '{"input_tokens":0,"output_tokens":7,"iterations":['
        '{"type":"compaction","input_tokens":100,"cache_read_input_tokens":50,"output_tokens":30},'
        '{"type":"message","input_tokens":2,"cache_creation":{"ephemeral_1h_input_tokens":8},"output_tokens":7}]}'
    )
    assert (await ended(start(), *stop(usage=final))).usage == Usage(102, 50, 0, 8, 37)


async def test_where_only_the_end_tells_it_replaces_the_estimate() -> None:
    estimate = '{"input_tokens":500,"output_tokens":0}'
    final = '{"input_tokens":20,"cache_read_input_tokens":480,"output_tokens":9}'
    frames = [start(estimate), *stop(usage=final)]
    assert (await ended(*frames, usage_in="message_delta")).usage == Usage(20, 480, 0, 0, 9)
    guessed = start('{"input_tokens":200,"cache_read_input_tokens":300,"output_tokens":0}')
    wrote = stop(usage='{"input_tokens":20,"cache_creation_input_tokens":480,"output_tokens":9}')
    assert (await ended(guessed, *wrote, usage_in="message_delta")).usage == Usage(20, 0, 480, 0, 9)
    silent = [start(estimate), *stop(usage='{"output_tokens":9}')]
    assert (await ended(*silent, usage_in="message_delta")).usage == Usage(500, output=9)


@pytest.mark.parametrize(
    "garbage",
    [
        "null",
        "7",
        "[]",
        "{}",
        '{"input_tokens":-5,"output_tokens":"many"}',
        '{"input_tokens":true,"cache_creation":[1],"iterations":{"a":1}}',
        '{"input_tokens":1e400,"cache_read_input_tokens":0.5}',
        '{"input_tokens":' + "9" * 5000 + "}",
    ],
)
async def test_garbage_counts_as_not_told(garbage: str) -> None:
    assert (await ended(start(garbage), *stop(usage=garbage))).usage == Usage(output=None)


async def test_a_split_that_exceeds_its_total_is_held_to_it() -> None:
    told = '{"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_1h_input_tokens":9},"output_tokens":1}'
    assert (await ended(start(told), *stop())).usage == Usage(0, 0, 0, 5, 42)


async def test_a_whole_number_with_a_point_is_a_count() -> None:
    assert (await ended(start('{"input_tokens":12.0}'), *stop())).usage.plain == 12
