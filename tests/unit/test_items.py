"""JSON as the standard has it, lists read while they arrive, and `map`, a call for each of many."""

from __future__ import annotations

import asyncio
import itertools
import json as standard
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterable
from functools import partial
from operator import length_hint, methodcaller
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample import AsyncSample, errors
from sample._core import json
from sample._core.array import ArrayReader
from sample._core.json import MismatchError, UnreadableError
from sample._core.responses import LARGEST_ITEM
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._operations import KEY, PARCEL
from tests.unit.conftest import Script, call, find_leaks

MANY = [{**PARCEL, "id": f"parcel-{number}"} for number in range(5000)]
ONE = standard.dumps(PARCEL).encode()


def iterate(kind: str, chunks: Iterable[bytes], **options: Any) -> list[Any]:
    return list(call(kind, Script((200, iter(chunks))), "iter", **options))


BLANKS = b"," + b" " * 70_000  # more than is read at once


@pytest.mark.parametrize(("method", "padding"), [("iter", 0), ("list", 0), ("list", 300_000)])
def test_a_body_that_is_not_the_documented_one(kind: str, method: str, padding: int) -> None:
    for body, told in (
        (b"[" + ONE + b"]]", "JSON"),
        (b"[" + b"7" * 5000 + b"]", "JSON"),
        (b"{}", "$ has to be array, and is object"),
        (b"[null]", "$[0] has to be object, and is null"),
        (b"[" + ONE + b"," + ONE + BLANKS + ONE + BLANKS + b'{"id": 8}]', "$[3].id has to be"),
    ):
        script = Script((200, b" " * padding + body, {"X-Request-Id": "req-1"}))
        with pytest.raises(errors.InvalidResponseError) as caught:
            call(kind, script, method)
        error = caught.value
        assert told in str(error)
        assert (error.status_code, error.attempts, error.request_id) == (200, 1, "req-1")
        assert find_leaks(error) == {}


def test_the_items_before_a_fault_are_given_and_no_more_is_read_than_needed(kind: str) -> None:
    chunks = [b"[" + ONE[:9], ONE[9:] + b"," + ONE, b", {}]"]
    with pytest.raises(errors.InvalidResponseError, match=r"\$\[2\]\.id"):
        iterate(kind, chunks)
    left = iter([*chunks, *[ONE + b","] * 1000])
    assert [item.id for item in iterate(kind, left, at_most=2)] == ["parcel-1"] * 2
    assert length_hint(left) == 1001
    # A long item is looked at again when twice as much is there, or all.
    long = b'[{"id": "' + b"x" * 5000
    assert len(iterate(kind, [long, b'", "pickupCode": "1"}]'])) == 1


@pytest.mark.parametrize(
    ("start", "text"), [(b"[", b"7"), (b'["', b"x"), (b'["', b"\\u0041"), (b"[", b'{"a":')]
)
def test_an_endless_item_has_a_largest_size(kind: str, start: bytes, text: bytes) -> None:
    left = iter([start + text, *([text * 1000] * 20_000)])
    with pytest.raises(errors.InvalidResponseError, match="JSON"):
        iterate(kind, left, clock=None)  # the machine's: the work is in proportion to the length
    assert (20_000 - length_hint(left)) * len(text) * 1000 < 2 * LARGEST_ITEM + 10_000_000


def test_reading_takes_no_longer_than_the_call_may(kind: str) -> None:
    # Time passes with each look at it.
    clock = Mock(wraps=ManualClock(), monotonic=partial(next, itertools.count(0, 0.001)))
    for chunk in (b" " * 4096, ONE + b","):  # however much lies ready
        endless = itertools.chain([b"["], itertools.repeat(chunk))
        with pytest.raises(errors.APITimeoutError, match=r"1 s (are|were) over") as caught:
            iterate(kind, endless, timeout=1, clock=clock)
        assert caught.value.maybe_processed is True
    with pytest.raises(errors.APITimeoutError, match="while the answer was read") as caught:
        call(kind, Script((200, MANY)), "list", timeout=0.01, clock=clock)
    assert (caught.value.attempts, caught.value.maybe_processed) == (1, True)


def test_the_callers_own_time_between_items_is_not_counted() -> None:
    clock = ManualClock()

    def act(client: Any) -> None:
        for _ in client.parcels.iter(timeout=5):
            clock.advance(1)

    call("sync", Script((200, MANY)), act, clock=clock)


def test_the_event_loop_goes_on_while_a_long_list_is_read() -> None:
    async def count_turns(answer: list[Any]) -> int:
        turns, transport = 0, httpx.MockTransport(Script((200, answer)))
        async with AsyncSample(KEY, http_client=httpx.AsyncClient(transport=transport)) as client:
            listing = asyncio.ensure_future(client.parcels.list())
            while not listing.done():
                turns += 1
                await asyncio.sleep(0)
        return turns

    assert asyncio.run(count_turns(MANY)) >= asyncio.run(count_turns([])) + 5, "one a slice"


def test_an_endless_map_keeps_order_and_bounds_and_ends_when_it_is_left(kind: str) -> None:
    left, under_way, most = iter(range(1000)), set[int](), 0

    async def work(number: int) -> int:
        nonlocal most
        under_way.add(number)
        most = max(most, len(under_way))
        try:
            await asyncio.sleep(0.01 if number % 3 == 0 else 0.001)
        finally:
            under_way.remove(number)
        return number

    function = work if kind == "async" else lambda number: asyncio.run(work(number))
    found = call(kind, Script(), methodcaller("map", function, left, concurrency=4), at_most=50)
    assert not [one for one in threading.enumerate() if one.name.startswith("map")]
    assert [(one.argument, one.result()) for one in found] == [(n, n) for n in range(50)]
    assert (most, under_way) == (4, set())
    assert length_hint(left) >= 1000 - (50 + 2 * 4)


def map_get(*arguments: Any, **options: Any) -> Any:
    return lambda client: client.map(client.parcels.get, *arguments, **options)


def test_a_failure_is_the_outcome_of_its_own_call(kind: str) -> None:
    script = Script((200, PARCEL), (404, {"error": "no such parcel"}), (200, PARCEL))
    ids = ["parcel-1", "parcel-2", "parcel-3", "parcel-1"]

    async def given() -> AsyncIterator[str]:
        for one in ids:
            yield one

    found = call(kind, script, map_get(ids if kind == "sync" else given(), concurrency=1))
    assert [one.argument for one in found] == ids
    assert [one.value and one.value.id for one in found] == ["parcel-1", None, None, "parcel-1"]
    with pytest.raises(errors.NotFoundError, match="no such parcel"):
        found[1].result()
    told = r"\$\.id has to be the one that was asked for, and is another one"
    with pytest.raises(errors.InvalidResponseError, match=told):
        found[2].result()


def test_what_is_no_matter_of_one_argument_ends_the_map(kind: str) -> None:
    ids = itertools.repeat("parcel-1")
    with pytest.raises(errors.ConfigurationError, match="is empty"):
        call(kind, Script(), map_get(ids), key=str)
    with pytest.raises(errors.ConfigurationError, match="concurrency"):
        call(kind, Script(), map_get(ids, concurrency=0))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=8), one, max_size=3),
    max_leaves=8,
)
JSON = st.builds(
    standard.dumps, VALUES, ensure_ascii=st.booleans(), indent=st.sampled_from([None, 0, 2])
)
LIKE_JSON = st.text('[]{},:"\\ 0123456789.eE+-nulltruefalseNaNIifity\n\t\x01\ud800', max_size=16)
BODIES = st.binary(max_size=20) | (JSON | LIKE_JSON).map(
    partial(str.encode, errors="surrogatepass")
)


def read(chunks: Iterable[bytes]) -> list[Any]:
    reader = ArrayReader()
    items = [item for chunk in chunks for item in reader.feed(chunk)]
    return items + list(reader.feed(b"", last=True))


def in_pieces(body: bytes, size: int = 1) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


ODD = [
    *(b"", b"   ", b"[", b"[1", b"[1,", b"[1,]", b"[,1]", b"[,]", b"[1 2]", b"[1]]", b"[1] 2"),
    *(b"[1],", b'["a]', b'[{"a": },{}]', b"[nul]", b"[NaN]", b"[-Infinity]", b"['a']", b"[01]"),
    *(b"[1.]", b'["\xff"]', b'["\xc3', b"[1]\xff", b"<html>", b"]", b"nope", b"[" * 9000),
    *(b'"\\ud800"', b"\xef\xbb\xbf1", b'{"a": 1, "a": 2}', b"9" * 5000),
    *(b'[{"a": "},{"}, {"b": [{"c": 1}, {}]},{}]', b"[1 ", b"[" + b" " * 9000),
    *(b"[1e400, 18446744073709551616, -0, -0.0, 1E5]", b'{"items": [1]}', b" true", b"12"),
]


def check(body: bytes) -> None:
    try:
        # NaN is no integer, nor is Infinity: a ValueError.
        expected = repr(standard.loads(body.decode("utf-8-sig"), parse_constant=int))
    except (ValueError, RecursionError):
        expected = "malformed"
    # What is long is read by msgspec, where that is installed.
    assert outcome(json.load, body) == outcome(json.load, body + b" " * 10_000) == expected
    if not body.startswith(b"\xef\xbb\xbf"):
        inner = f"[{expected}]" if expected != "malformed" else outcome(json.load, b"[%b]" % body)
        for chunks in ([b"[", body, b"]"], in_pieces(b"[%b]" % body)):
            assert outcome(read, chunks) == inner
    alone = {outcome(read, chunks) for chunks in ([body], in_pieces(body, 3), in_pieces(body))}
    assert alone <= ({expected} if expected[0] == "[" else {"no array", "malformed"})


@given(BODIES)
def test_it_takes_what_json_takes_and_nothing_else_long_or_short_or_cut(body: bytes) -> None:
    check(body)


def test_it_does_so_with_what_is_odd() -> None:
    for body in ODD:
        check(body)


def outcome(reader: Any, body: Any) -> str:
    try:
        return repr(reader(body))
    except UnreadableError as error:
        assert error.__cause__ is error.__context__ is None, "it would carry the text"  # noqa: PT017 - it may be JSON
        return "malformed"
    except MismatchError as error:
        assert (error.path, error.expected) == ("$", "array")  # noqa: PT017 - it may be one
        return "no array"


def test_without_msgspec_python_reads_what_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    json._fast_reader.cache_clear()  # noqa: SLF001 - it looks for msgspec once
    monkeypatch.setitem(sys.modules, "msgspec.json", None)
    assert json.load(b"[1]" + b" " * 10_000) == [1]
    json._fast_reader.cache_clear()  # noqa: SLF001 - as above


def test_what_a_signals_handler_raises_is_no_fault_of_the_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def handler(*_: object) -> None:
        raise ValueError("a time limit")

    before = signal.signal(signal.SIGUSR1, handler)
    monkeypatch.setattr(json, "DECODER", Mock(decode=handler))
    with pytest.raises(ValueError, match="a time limit"):
        json.load(b"[1]")
    signal.signal(signal.SIGUSR1, before)


def test_the_message_says_where_and_shows_nothing() -> None:
    for body, told in (
        (b"", "line 1, column 1"),
        (b'["a-secret" "a-secret"]', "line 1, column"),
        (b"\xffa-secret", "not UTF-8 at byte 0"),
        (b"[NaN]", "NaN"),
        (b"-Infinity", "-Infinity"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5000, "too many digits"),
    ):
        with pytest.raises(UnreadableError) as caught:
            json.load(body)
        assert told in str(caught.value)
        assert "a-secret" not in str(caught.value)
